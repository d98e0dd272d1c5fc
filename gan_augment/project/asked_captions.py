"""The captions that a user asks for: a file named by `generate.captions`, or words on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gan_augment.core.errors import DataError, MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.data.paths import existing_file
from gan_augment.data.table_files import read_table_file
from gan_augment.data.text import decode_text
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
    path = existing_file(root, config.captions)
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
        lines = [line.strip() for line in decode_text(path, None).content.splitlines()]
        found = tuple(AskedCaption(line) for line in lines if line)
    else:
        found = tuple(_of_table(path, spec))
    if not found:
        raise DataError(
            "A file of captions holds none", where=path, expected="one caption a line, or a table with captions"
        )
    return found


def _of_table(path: Path, spec: DatasetSpec) -> Iterator[AskedCaption]:
    table = read_table_file(path)
    frame, names = table.frame, [str(name) for name in table.frame.columns]
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
    for place, row in zip(table.places, frame.to_dict("records"), strict=True):
        cells = {str(name): str(cell).strip() for name, cell in row.items() if not pd.isna(cell) and str(cell).strip()}
        if "caption" not in cells:
            raise DataError("A table of captions has a row without one", where=f"{path}, {place}", got="an empty cell")
        label = None if beside is None else cells.get(beside)
        yield AskedCaption(cells["caption"], label, {name: cells[name] for name in attributes if name in cells})
