"""The captions that a user asks for: a file named by `generate.captions`, or words on the command line."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gan_augment.core.errors import DataError, MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.project.tracked import check_captions_are_tracked
from gan_augment.synthesis.api import AskedCaption, Synthesizer
from gan_augment.synthesis.config import GenerateConfig

__all__ = ["captions_to_draw", "read_captions", "refuse_captions"]

_WHERE = "generate.captions in params.yaml"
_CLASS = ("class", "label")  # either names the class of a caption


def captions_to_draw(
    root: Path, config: GenerateConfig, method: Synthesizer, spec: DatasetSpec
) -> tuple[AskedCaption, ...]:
    """The captions of `generate.captions`; none where it is not set.

    Raises
    ------
    ParamsError
        dvc.yaml does not know the file.
    MethodError
        The method draws no captions.
    DataError
        The file is not there, or does not hold captions.
    """
    if config.captions is None:
        return ()
    refuse_captions(method, _WHERE)
    path = _existing(root, config.captions)
    check_captions_are_tracked(root, config.captions)
    return read_captions(path, spec)


def refuse_captions(method: Synthesizer, where: str) -> None:
    """Raise MethodError where a method draws no captions."""
    if not method.traits.captioned:
        raise MethodError(
            f"The method {method.name!r} draws no captions",
            where=where,
            expected="a method such as 'text_to_image'",
            remedy="set synthesis.method in params.yaml to it, or draw a class with `draw --class KEY`",
        )


def read_captions(path: Path, spec: DatasetSpec) -> tuple[AskedCaption, ...]:
    """The captions of a text file, one a line, or of a table with a column `caption`.

    A table may have a column `class` (or `label`), and columns with the names of the data's attributes; their empty
    cells, like columns that are not there, are read from the caption. Raises DataError.
    """
    if path.suffix.lower() == ".txt":
        lines = [line.strip() for line in _text(path).splitlines()]
        found = tuple(AskedCaption(line) for line in lines if line)
    else:
        found = tuple(_of_table(path, spec))
    if not found:
        raise DataError(
            "A file of captions holds none", where=path, expected="one caption a line, or a table with captions"
        )
    return found


def _existing(root: Path, captions: str) -> Path:
    path = root / captions
    if path.is_file():
        return path
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1)
    raise DataError(
        "The file of captions is not there",
        where=f"{_WHERE}: {path}",
        remedy=f"did you mean {near[0]!r}?" if near else "check the spelling; a relative path starts at the project",
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            "A file of captions is not UTF-8", where=path, got=error.reason, remedy="save it as UTF-8"
        ) from None


def _table(path: Path) -> pd.DataFrame:
    """Cells as texts. Not read as the data's own tables are: a caption is text whatever it looks like."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".tsv", ".parquet"):
        raise DataError(
            "This kind of file holds no captions", where=path, got=suffix, expected=".txt, .csv or .parquet"
        )
    try:
        if suffix == ".parquet":
            return pd.read_parquet(path)
        text = _text(path)
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, dtype="string", keep_default_na=False, skipinitialspace=True
        )
    except (ValueError, OSError) as error:  # pandas' and Arrow's own are among them
        raise DataError("A table of captions cannot be read", where=path, got=str(error).splitlines()[0]) from None


def _of_table(path: Path, spec: DatasetSpec) -> Iterator[AskedCaption]:
    frame = _table(path)
    names = [str(name) for name in frame.columns]
    attributes = [column.name for column in getattr(spec.companions.get("attributes"), "columns", ())]
    known = ("caption", *_CLASS, *attributes)
    strange = [name for name in names if name not in known]
    if "caption" not in names or strange or set(_CLASS) <= set(names):
        raise DataError(
            "A table of captions has other columns than it may have",
            where=path,
            got=", ".join(map(repr, names)),
            expected=f"'caption'; beside it at most {', '.join(map(repr, ('class', *attributes)))}",
            remedy="a file that ends in .txt holds captions alone, one a line",
        )
    beside = next((name for name in _CLASS if name in names), None)
    for number, row in enumerate(frame.to_dict("records"), start=1):
        cells = {str(name): str(cell).strip() for name, cell in row.items() if not pd.isna(cell) and str(cell).strip()}
        if "caption" not in cells:
            raise DataError(
                "A table of captions has a row without one", where=f"{path}, row {number}", got="an empty cell"
            )
        label = None if beside is None else cells.get(beside)
        yield AskedCaption(cells["caption"], label, {name: cells[name] for name in attributes if name in cells})
