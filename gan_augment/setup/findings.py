"""Findings of a look at the user's data, as `init` prints and writes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gan_augment.core.records import (
    ClassRecord,
    Column,
    ColumnKind,
    DatasetSpec,
    Field,
    ImageSpec,
    Modality,
    PoolSpec,
    Role,
    TableSpec,
)
from gan_augment.data.companions import companion_field
from gan_augment.data.config import PrepareConfig
from gan_augment.data.problems import Problem

__all__ = ["ClassFinding", "ColumnFinding", "Findings", "ImageFindings", "PoolFinding"]


@dataclass(frozen=True)
class ClassFinding:
    """Class with its key, its label in the data, its rows, and the number of them in train."""

    key: str
    label: str
    rows: int
    train: int


@dataclass(frozen=True)
class ImageFindings:
    """Contents of the image files and their canonical form: counts by size, mode and format, and the canonical size."""

    canonical: ImageSpec
    smallest: tuple[int, int]  # width, height in pixels
    largest: tuple[int, int]
    sizes: dict[str, int]
    modes: dict[str, int]
    formats: dict[str, int]


@dataclass(frozen=True)
class ColumnFinding:
    """Feature column: its kind, its missing cells, and the number of distinct values."""

    name: str
    kind: ColumnKind
    dtype: str
    missing: int
    distinct: int


@dataclass(frozen=True)
class PoolFinding:
    """Pool: its path, the rows that stay, those with a label, and the number left out by reason."""

    path: str
    rows: int
    labelled: int
    dropped: dict[str, int]


@dataclass(frozen=True)
class Findings:
    """Findings that `init` prints and writes.

    `config` is the `prepare` section, its path absolute. `duplicates` are the figures of reports/audit.json. `parts`
    are the rows of each part of the split; empty where the data cannot be split. `entries` has the numbers of the
    source's entries, of those that became rows, and of the others by reason.
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
        """Description of the data set, as far as it is known from the inspection."""
        image = None if self.images is None else self.images.canonical
        columns = tuple(Column(name=c.name, kind=c.kind, dtype=c.dtype) for c in self.columns)
        return DatasetSpec(
            name=self.name,
            modality=self.modality,
            classes=tuple(ClassRecord(key=record.key, label=record.label) for record in self.classes),
            image=image,
            table=None if self.target is None else TableSpec(columns=columns, target=self.target),
            companions=(beside := self._companions(image)),
            target=self.config.target if self.config.target in beside else "label",
            pool=None if self.pool is None else PoolSpec(rows=self.pool.rows, labelled=self.pool.labelled),
        )

    def _companions(self, image: ImageSpec | None) -> dict[Role, Field]:
        return {role: companion_field(role, source, image) for role, source in self.config.companions.items()}

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that `prepare` would refuse."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def to_json(self) -> dict[str, Any]:
        """Findings for other programs."""
        plain = asdict(self)
        plain["config"] = self.config.model_dump(mode="json")
        plain["problems"] = [problem.model_dump(exclude_none=True) for problem in self.problems]
        if self.images is not None:
            plain["images"]["canonical"] = self.images.canonical.model_dump()
        return plain
