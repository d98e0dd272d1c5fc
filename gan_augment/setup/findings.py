"""What a look at the user's data found, as `init` says and writes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gan_augment.core.records import (
    ClassRecord,
    Column,
    ColumnKind,
    DatasetSpec,
    ImageSpec,
    Modality,
    PoolSpec,
    TableSpec,
)
from gan_augment.data.config import PrepareConfig
from gan_augment.data.problems import Problem

__all__ = ["ClassFinding", "ColumnFinding", "Findings", "ImageFindings", "PoolFinding"]


@dataclass(frozen=True)
class ClassFinding:
    """A class: its key, its label in the data, its rows, and how many of them would be in train."""

    key: str
    label: str
    rows: int
    train: int


@dataclass(frozen=True)
class ImageFindings:
    """What the files hold, and what they become: counts by size, mode and format, and the canonical size."""

    canonical: ImageSpec
    smallest: tuple[int, int]  # width, height in pixels
    largest: tuple[int, int]
    sizes: dict[str, int]
    modes: dict[str, int]
    formats: dict[str, int]


@dataclass(frozen=True)
class ColumnFinding:
    """A feature column: its kind, its missing cells, and how many different values it has."""

    name: str
    kind: ColumnKind
    dtype: str
    missing: int
    distinct: int


@dataclass(frozen=True)
class PoolFinding:
    """The pool: its path, the rows that stay, those with a label, and how many are left out for which reason."""

    path: str
    rows: int
    labelled: int
    dropped: dict[str, int]


@dataclass(frozen=True)
class Findings:
    """All that `init` says and writes.

    `config` is the `prepare` section, its path absolute. `duplicates` are the figures of reports/audit.json.
    `parts` are the rows of each part of the split; empty where the data cannot be split. `entries` says how many
    entries the source has, how many became rows, and why the others did not.
    """

    name: str
    licence: str
    modality: Modality
    config: PrepareConfig
    rows: int
    classes: tuple[ClassFinding, ...]
    parts: dict[str, int]
    images: ImageFindings | None
    columns: tuple[ColumnFinding, ...]
    target: str | None
    missing_values: int
    duplicates: dict[str, Any]
    entries: dict[str, Any]
    problems: tuple[Problem, ...]
    pool: PoolFinding | None = None

    @property
    def spec(self) -> DatasetSpec:
        """The data set, as far as a look at it tells."""
        columns = tuple(Column(name=c.name, kind=c.kind, dtype=c.dtype) for c in self.columns)
        return DatasetSpec(
            name=self.name,
            modality=self.modality,
            classes=tuple(ClassRecord(key=record.key, label=record.label) for record in self.classes),
            image=None if self.images is None else self.images.canonical,
            table=None if self.target is None else TableSpec(columns=columns, target=self.target),
            pool=None if self.pool is None else PoolSpec(rows=self.pool.rows, labelled=self.pool.labelled),
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What `prepare` would refuse."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def to_json(self) -> dict[str, Any]:
        """The same for other programs."""
        plain = asdict(self)
        plain["config"] = self.config.model_dump(mode="json")
        plain["problems"] = [problem.model_dump(exclude_none=True) for problem in self.problems]
        if self.images is not None:
            plain["images"]["canonical"] = self.images.canonical.model_dump()
        return plain
