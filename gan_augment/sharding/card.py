"""The data card: README.md for people (with front matter for data hubs) and croissant.json for machines."""

from __future__ import annotations

import html
from typing import Any

from gan_augment.core.quoting import yaml_quoted
from gan_augment.sharding.index import MANIFEST
from gan_augment.sharding.rows import MANIFEST_FIELDS

__all__ = ["croissant", "readme"]

_TYPES = {"seed": "sc:Integer", "rank": "sc:Integer"}
_FORMATS = {
    "webdataset": "WebDataset tars: `<id>.png`, `<id>.cls` (class index), `<id>.json` (provenance) a sample",
    "parquet": "Parquet with embedded PNGs in the Hugging Face `Image` layout",
    "folder": "plain PNGs, one folder a class",
    "table": "Parquet and CSV shards; `table/schema.json` restores the CSV's dtypes",
}
_HUB_FILES = {
    "parquet": "parquet/*.parquet",
    "webdataset": "webdataset/*.tar",
    "folder": "folder/**/*.png",
    "table": "table/parquet/*.parquet",
}
_SAID = {
    "key": "class key",
    "model_hash": "model hash",
    "rank": "rank within the class (of synthetic rows the order of preference)",
}
_MANIFEST_COLUMNS = ", ".join(_SAID.get(name, name) for name in MANIFEST_FIELDS) + ", shard and offset"
_LIMITS = (
    "Synthetic rows are made by a model of the real train rows. They add no fact about the world that those rows"
    " did not hold, and they carry the same biases. Use them to train, never to validate or to test: every row says"
    " its `origin`. The measured gain holds for the classifier, the splits and the seeds it was measured with."
)


def readme(index: dict[str, Any]) -> str:
    """Text of an export's README.md."""
    content = index["content"]
    parts = [
        _front_matter(index),
        f"# {_plain(index['name'])}: augmented training set\n",
        f"**{index['real']} real and {index['synthetic']} synthetic rows.** {_plain(content['reason'])}\n",
        f"## The measured verdict\n\n{_verdict(content)}\n",
        f"## Logit adjustment\n\n{_adjustment(index)}\n",
        f"## What is in it\n\n{_class_table(index)}\n",
        f"## What is synthetic, and what made it\n\n{_generated(index)}\n",
        f"## Files\n\n{_files(index)}\n",
        f"## Limits\n\n{_LIMITS}\n",
        f"## Licence\n\nThe source data, as its owner gave it: {_plain(index['licence'])}\n",
    ]
    return "\n".join(parts)


def _verdict(content: dict[str, Any]) -> str:
    worth = content.get("worth")
    said = (*content.get("before", ()), content["sentence"], *([worth] if worth else []))
    return "\n\n".join(_plain(one) for one in said)


def _plain(text: str) -> str:
    """Text that Markdown and HTML show unchanged, on one line."""
    line = html.escape(" ".join(str(text).split()), quote=False)
    for mark in "\\|[]*_`#":
        line = line.replace(mark, "\\" + mark)
    return line


def _front_matter(index: dict[str, Any]) -> str:
    task = "image-classification" if index["modality"] == "image" else "tabular-classification"
    lines = ["---", "license: other", f"license_name: {yaml_quoted(index['licence'])}", f"task_categories: [{task}]"]
    # Data hubs read one kind of file per data set: the best of those in the export.
    found = [pattern for name, pattern in _HUB_FILES.items() if name in index["formats"]]
    if found:
        lines += ["configs:", f"  - {{config_name: default, data_files: '{found[0]}'}}"]
    return "\n".join([*lines, "---", ""])


def _adjustment(index: dict[str, Any]) -> str:
    """Sentence on the adjustment of a classifier's logits that reproduces the measurement."""
    found = index["content"].get("adjustment")
    if found is None:
        return "Not measured."
    measured = f"the measured classifier ({_plain(found['arm'])}: {_plain(found['variant'])})"
    if not found["tau"]:
        return f"None: {measured} did best without."
    labels = {c["key"]: c["label"] for c in index["classes"]}
    rows = [f"| {_plain(labels[key])} | {value:.4f} |" for key, value in found["log_prior"].items()]
    return (
        f"Before {measured} decides, tau x log prior is taken off its logits (Menon et al. 2021), with"
        f' tau = {found["tau"]:g}, chosen on validation. `gan_augment.load(path, "adjustment")` reads both.\n\n'
        + "\n".join(["| class | log prior |", "|---|---:|", *rows])
    )


def _class_table(index: dict[str, Any]) -> str:
    rows = [f"| {_plain(c['label'])} | {c['real']} | {c['synthetic']} |" for c in index["classes"]]
    return "\n".join(["| class | real | synthetic |", "|---|---:|---:|", *rows]) + "\n"


def _generated(index: dict[str, Any]) -> str:
    if not index["generated"]:
        return "Nothing: this export holds real rows only.\n"
    labels = {c["key"]: c["label"] for c in index["classes"]}
    rows = [
        f"| {_plain(labels[g['key']])} | {g['rows']} | {_plain(g['method'])} | `{g['model_hash'][:16]}` | {g['seed']} |"
        for g in index["generated"]
    ]
    return "\n".join(["| class | rows | method | model | seed |", "|---|---:|---|---|---:|", *rows]) + "\n"


def _files(index: dict[str, Any]) -> str:
    lines = [f"- `{name}`: {_FORMATS[name]}" for name in index["formats"]]
    lines += _companions(index)
    lines += [
        f"- `manifest.parquet`: one row a sample: {_MANIFEST_COLUMNS}",
        "- `index.json`: every shard with its rows, checksum, label counts and origin counts",
        "- `SHA256SUMS`: checked by `gan-augment verify`, or by `sha256sum -c`",
    ]
    return "\n".join(lines) + "\n"


def _companions(index: dict[str, Any]) -> list[str]:
    """Section on the companions of images: their format in each layout, and the rows that have them."""
    found = index.get("companions", {})
    if not found:
        return []
    whose = {(True, True): "all rows", (True, False): "real rows", (False, True): "synthetic rows"}
    told = [f"{role} ({whose[about['real'], about['synthetic']]})" for role, about in found.items()]
    places = {
        "webdataset": "`<id>.<role>.<ending>` in the tars",
        "parquet": "a column `<role>` in the Parquet files",
        "folder": "`folder_companions/<role>/<class key>/<id>.<ending>`",
    }
    where = ", ".join(place for name, place in places.items() if name in index["formats"])
    return [f"- beside the images: {', '.join(told)}; {where}"]


def croissant(index: dict[str, Any], manifest_columns: list[str], manifest_sha256: str) -> dict[str, Any]:
    """Contents of croissant.json (Croissant 1.0): the shards as distribution, the manifest as record set."""
    content = index["content"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": _identifier(index["name"]),
        "description": f"{content['reason']} {content['sentence']} {_LIMITS}",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": index["licence"],
        "url": ".",
        "version": "1.0.0",
        "rai:dataLimitations": _LIMITS,
        "distribution": [
            _file_object(MANIFEST, MANIFEST, manifest_sha256),
            *(_file_object(f"shard-{n}", s["file"], s["sha256"]) for n, s in _single_files(index)),
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "description": "One row a sample.",
                "field": [_field(name) for name in manifest_columns],
            }
        ],
    }


def _single_files(index: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(n, shard) for n, shard in enumerate(index["shards"]) if shard["format"] != "folder"]


def _identifier(name: str) -> str:
    kept = "".join(char if char.isalnum() or char in "-_" else "-" for char in name).strip("-")
    return kept or "dataset"


def _file_object(identifier: str, file: str, sha256: str) -> dict[str, Any]:
    kinds = {"tar": "application/x-tar", "csv": "text/csv", "parquet": "application/x-parquet"}
    return {
        "@type": "cr:FileObject",
        "@id": identifier,
        "name": identifier,
        "contentUrl": file,
        "encodingFormat": kinds[file.rpartition(".")[2]],
        "sha256": sha256,
    }


def _field(name: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"samples/{name}",
        "name": name,
        "dataType": "sc:Integer" if name.endswith("offset") else _TYPES.get(name, "sc:Text"),
        "source": {"fileObject": {"@id": MANIFEST}, "extract": {"column": name}},
    }


_CR_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references"),
    *("regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    **{term: f"cr:{term}" for term in _CR_TERMS},
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}
