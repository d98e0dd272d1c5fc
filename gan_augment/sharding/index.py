"""index.json and SHA256SUMS: the contents of the shards, and the checks that they are unchanged."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from gan_augment.core.atomic import file_hash, replacing_file
from gan_augment.core.checksums import OF_THE_SYSTEM
from gan_augment.core.errors import DataError, GanAugmentError, MissingInputError
from gan_augment.core.records import DatasetSpec, Modality, Record, Role
from gan_augment.core.version import __version__
from gan_augment.sharding.beside import Beside
from gan_augment.sharding.config import FormatName
from gan_augment.sharding.content import Content
from gan_augment.sharding.files import CHECKSUMS, inside, read_checksums, reading

__all__ = [
    "CHECKSUMS",
    "INDEX",
    "MANIFEST",
    "Verification",
    "added_files",
    "build_index",
    "examine",
    "read_index",
    "verify",
    "write_checksums",
]

INDEX = "index.json"
MANIFEST = "manifest.parquet"
LAYOUT = 2  # version of the folder's and index.json's layout; a reader refuses higher ones
WITHOUT_COMPANIONS = 1  # layout of an export that older versions can read too
_SHOWN = 20  # problems listed in an error message


def build_index(
    spec: DatasetSpec,
    content: Content,
    formats: Sequence[str],
    seed: int,
    shards: Sequence[dict[str, Any]],
    companions: Mapping[Role, Beside] | None = None,
) -> dict[str, Any]:
    """Contents of index.json, from the shards' records in order."""
    beside = {role: entry.model_dump(mode="json") for role, entry in (companions or {}).items()}
    counts: Counter[tuple[str, str]] = Counter()
    generated: Counter[tuple[str, str, str, int]] = Counter()
    for shard in shards:
        counts.update({(key, origin): rows for key, origin, rows in shard["classes"]})
        generated.update({tuple(group[:4]): group[4] for group in shard["generated"]})
    classes = [
        {"key": c.key, "label": c.label, "real": counts[c.key, "real"], "synthetic": counts[c.key, "synthetic"]}
        for c in spec.classes
    ]
    return {
        "layout": LAYOUT if beside else WITHOUT_COMPANIONS,
        "gan_augment": __version__,
        "name": spec.name,
        "modality": spec.modality,
        "licence": spec.licence,
        "formats": list(formats),
        "seed": seed,
        "rows": sum(counts.values()),
        "real": sum(c["real"] for c in classes),
        "synthetic": sum(c["synthetic"] for c in classes),
        "content": content.model_dump(mode="json"),
        "classes": classes,
        "generated": [
            {"key": key, "method": method, "model_hash": model, "seed": sampling, "rows": rows}
            for (key, method, model, sampling), rows in sorted(generated.items())
        ],
        "shards": [entry for shard in shards for entry in _entries(shard, spec)],
        **({"companions": beside} if beside else {}),
    }


def _entries(shard: dict[str, Any], spec: DatasetSpec) -> Iterable[dict[str, Any]]:
    """Entries, one per file; the thousands of single PNGs of a folder share one entry per shard."""
    labels = {c.key: c.label for c in spec.classes}
    by_label = Counter({labels[key]: 0 for key, _, _ in shard["classes"]})
    by_origin = Counter({"real": 0, "synthetic": 0})
    for key, origin, rows in shard["classes"]:
        by_label[labels[key]] += rows
        by_origin[origin] += rows
    held = {"rows": shard["rows"], **by_origin, "labels": dict(by_label)}
    pictures = [file for file in shard["files"] if file["format"] == "folder"]
    for file in shard["files"]:
        if file["format"] != "folder":
            yield {"file": file["file"], "format": file["format"], "number": shard["number"], **_size(file), **held}
    if pictures:
        lines = "".join(f"{file['sha256']}  {file['file']}\n" for file in pictures)
        together = {"bytes": sum(f["bytes"] for f in pictures), "sha256": hashlib.sha256(lines.encode()).hexdigest()}
        yield {"file": "folder", "format": "folder", "number": shard["number"], **together, **held}


def _size(file: dict[str, Any]) -> dict[str, Any]:
    return {"bytes": file["bytes"], "sha256": file["sha256"]}


class _ClassCounts(Record):
    key: str
    label: str
    real: int = Field(ge=0)
    synthetic: int = Field(ge=0)


class _Shard(Record):
    file: str
    format: FormatName
    number: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str
    rows: int = Field(ge=0)
    real: int = Field(ge=0)
    synthetic: int = Field(ge=0)
    labels: dict[str, int]


class _Index(Record):
    """Contents of index.json."""

    layout: int = 1  # missing in exports of the first version
    gan_augment: str
    name: str
    modality: Modality
    licence: str
    formats: tuple[FormatName, ...] = Field(min_length=1)
    seed: int
    rows: int
    real: int
    synthetic: int
    content: Content
    classes: tuple[_ClassCounts, ...] = Field(min_length=1)
    generated: tuple[dict[str, Any], ...]
    shards: tuple[_Shard, ...] = Field(min_length=1)
    companions: dict[Role, Beside] = Field(default_factory=dict)


def read_index(directory: Path) -> dict[str, Any]:
    """Contents of an export's index.json.

    Raises
    ------
    MissingInputError
        `directory` is not an export.
    DataError
        The index is damaged, or was written by a newer gan-augment.
    """
    _check_is_export(directory)
    with reading(directory, INDEX):
        text = inside(directory, INDEX).read_bytes()
        index = json.loads(text)
        if isinstance(index, dict):
            _check_layout(directory, index)
        _Index.model_validate_json(text, strict=True)
    return dict(index)


def _check_is_export(directory: Path) -> None:
    try:
        there, problem = (directory / INDEX).is_file(), None
    except OSError as error:  # no permission to read the folder, or an invalid name
        there, problem = False, error.strerror
    if not there:
        raise MissingInputError(
            "This is not an export",
            where=directory,
            got=problem,
            expected="a folder with index.json, written by `gan-augment export`",
            remedy="give the export folder itself; where index.json was lost, fetch the export again",
        )


def _check_layout(directory: Path, index: dict[str, Any]) -> None:
    layout = index.get("layout", 1)
    if isinstance(layout, int) and layout > LAYOUT:
        raise DataError(
            "The export was written by a newer gan-augment",
            where=directory / INDEX,
            got=f"layout {layout}, of gan-augment {index.get('gan_augment')}",
            expected=f"at most layout {LAYOUT}; this is gan-augment {__version__}",
            remedy="upgrade gan-augment here, or export again with this version",
        )


def write_checksums(directory: Path, known: dict[str, str]) -> None:
    """Write SHA256SUMS over every file, in the format of `sha256sum`; `known` avoids hashing the shards again."""
    files = sorted(_files(directory))
    with replacing_file(directory / CHECKSUMS) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{known.get(name) or file_hash(directory / name)}  {name}\n" for name in files)


def _files(directory: Path) -> set[str]:
    """Entries other than folders and the list of checksums, which a killed run may have left."""
    found = (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
    return {path.relative_to(directory).as_posix() for path in found} - {CHECKSUMS}


def added_files(directory: Path) -> list[str]:
    """Names of files added to an export after it was written; none where its list of checksums is damaged."""
    try:
        listed = read_checksums(directory)
    except (DataError, MissingInputError):
        return []
    return sorted(name for name in _files(directory) - set(listed) if Path(name).name not in OF_THE_SYSTEM)


@dataclass(frozen=True)
class Verification:
    """Result of `examine`: the number of checked files, and a sentence per problem."""

    files: int
    bytes: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every file exists, none is changed and none was added."""
        return not self.problems


def verify(directory: str | Path) -> int:
    """Check every file of an export against SHA256SUMS, and return their number.

    Raises
    ------
    DataError
        A file is missing, changed, or was added; the message names each one.
    MissingInputError
        `directory` is not an export, or its list of checksums is gone.

    Examples
    --------
    >>> from gan_augment.sharding import verify
    >>> verify("export") > 0
    True
    """
    found = examine(directory)
    if found.problems:
        more = len(found.problems) - _SHOWN
        shown = [*found.problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        raise DataError(
            "The export is not as it was written",
            where=directory,
            got="\n            ".join(shown),
            expected=f"the files and checksums of {CHECKSUMS}",
            remedy="fetch it again, or run `gan-augment export`",
        )
    return found.files


def examine(directory: str | Path) -> Verification:
    """Problems as a list. Raises MissingInputError, and DataError for a damaged list of checksums."""
    directory = Path(directory)
    _check_is_export(directory)
    expected = read_checksums(directory)
    present = _files(directory)
    problems = [f"{name}: missing" for name in sorted(set(expected) - present)]
    problems += [f"{name}: not in {CHECKSUMS}" for name in sorted(present - set(expected))]
    size = 0
    for name in sorted(present & set(expected)):
        try:
            path = inside(directory, name)
            size += path.stat().st_size
            if file_hash(path) != expected[name]:
                problems.append(f"{name}: its bytes have changed")
        except (OSError, GanAugmentError) as error:
            problems.append(f"{name}: {_why(error)}")
    return Verification(len(expected), size, tuple(problems))


def _why(error: OSError | GanAugmentError) -> str:
    """Reason in one line."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return error.problem + (f" ({error.got})" if error.got else "")
