"""The interface of every source: a function from its settings to `RawData`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import Role, TableSpec
from gan_augment.data.accounts import LeftOut, check_account
from gan_augment.data.config import CompanionSource, SplitConfig
from gan_augment.data.problems import Problem

__all__ = [
    "NO_COMPANIONS",
    "ROW_COLUMNS",
    "ArrayImage",
    "Beside",
    "Cells",
    "Companions",
    "EncodedImage",
    "ImageHandle",
    "RawData",
    "RawImages",
    "RawTable",
    "Reader",
    "images_in",
    "make_rows",
]

ROW_COLUMNS = ("label", "identity", "source", "group", "split")


@dataclass(frozen=True)
class EncodedImage:
    """Image in a file format. `read` gives its bytes; it is called once for the header and once for the pixels."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ArrayImage:
    """Image as pixels: uint8 [height, width] or [height, width, 1 or 3]."""

    name: str
    pixels: npt.NDArray[np.uint8]


ImageHandle = EncodedImage | ArrayImage
Cells = tuple[str | None, ...]  # cells of one row, None where a cell is empty
Beside = ImageHandle | Cells | None  # companion of a row in one role: a file, pixels or cells; None: missing
Companions = Mapping[Role, CompanionSource]  # prepare.companions
NO_COMPANIONS: Companions = MappingProxyType({})


@dataclass(frozen=True)
class RawImages:
    """Images as the source has them: mixed sizes and modes."""

    handles: tuple[ImageHandle, ...]


@dataclass(frozen=True)
class RawTable:
    """Feature columns in their canonical dtypes, with their descriptions."""

    frame: pd.DataFrame
    spec: TableSpec


@dataclass(frozen=True)
class RawData:
    """Contents of a source.

    Attributes
    ----------
    rows
        DataFrame of strings with the columns `ROW_COLUMNS`, one row per sample. `identity` is unique and does not
        depend on the other rows of the source (a path, a hash of the content), because the split is made from it.
        `group` and `split` are empty where the source names none.
    content
        The images or the table, in the order of `rows`.
    problems
        Findings while reading; the reader goes on as far as it can, so that all are reported at once.
    entries
        Number of entries of the source, counted where they were listed and before any was judged: files, rows,
        samples of tars. Each is a row here or in `left_out`; AssertionError where they do not add up.
    left_out
        The entries that are not samples, each with its reason.
    companions
        Companions of every row by role, in the order of `rows`; none of them is read yet.
    """

    name: str
    licence: str
    rows: pd.DataFrame
    content: RawImages | RawTable
    problems: tuple[Problem, ...] = ()
    _: KW_ONLY
    entries: int
    left_out: tuple[LeftOut, ...] = ()
    companions: Mapping[Role, tuple[Beside, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_account(self.entries, len(self.rows), self.left_out)


class Reader(Protocol):
    """Reader of one kind of source."""

    def __call__(self, config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
        """Read what `config` names, relative to `root`. Raises DataError where nothing sensible can be returned."""


def images_in(raw: RawData) -> RawImages:
    """Images of a source that can hold nothing else."""
    return cast(RawImages, raw.content)


def make_rows(**columns: Any) -> pd.DataFrame:
    """Frame of `RawData.rows`; columns not given are empty strings."""
    count = len(columns["label"])
    frame = pd.DataFrame(index=pd.RangeIndex(count))
    for name in ROW_COLUMNS:
        frame[name] = pd.Series(columns.get(name, ""), index=frame.index, dtype="string")
    return frame
