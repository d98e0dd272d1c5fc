"""Predictions of one arm on disk: `retrain` writes them without knowing a test label, `measure` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import check_file, saved_array, telling_damage, write_array
from gan_augment.core.records import Record

__all__ = [
    "Adjustment",
    "ArmRecord",
    "CurvePoint",
    "CurveRecord",
    "Family",
    "FamilyRecord",
    "VariantRecord",
    "read_arm",
    "read_curve",
    "read_probabilities",
    "write_arm",
    "write_curve",
    "write_probabilities",
]

Family = Literal["first", "second"]  # the project's classifier, and the second opinion
Part = Literal["validation", "test"]
Probabilities = npt.NDArray[np.float32]


class Adjustment(Record):
    """Logits minus `tau` times `log_prior` [K] decide; divided by `temperature` they are calibrated (gain.adjustment).

    A probability counts as at least `floor` before its logarithm is taken.
    """

    tau: float = 0.0
    log_prior: tuple[float, ...] = ()
    temperature: float = 1.0
    floor: float = 1e-30


class VariantRecord(Record):
    """A variant of an arm, its adjustment, and how it did on validation with that.

    `validation_loss` chooses: the class-balanced log loss after `adjustment`, its temperature included.
    """

    name: str
    adjustment: Adjustment = Adjustment()
    validation_loss: float
    validation_balanced_accuracy: float

    @property
    def described(self) -> str:
        """The name, and tau where there is one."""
        return self.name + (f", tau {self.adjustment.tau:g}" if self.adjustment.tau else "")


class FamilyRecord(Record):
    """What one family of classifiers did with an arm: `chosen` is the place of the best variant on validation."""

    classifier: str
    effort: dict[str, int | float | str]
    variants: tuple[VariantRecord, ...]
    chosen: int

    @property
    def best(self) -> VariantRecord:
        """The variant that speaks for the arm."""
        return self.variants[self.chosen]


class ArmRecord(Record):
    """arm.json. An arm that had no rows to train on is `skipped`, with the reason, and has no families.

    `test_ids` are the test rows in the order of the predictions; `train_counts` the real train rows a class.
    """

    arm: str
    skipped: str | None = None
    rows_real: int
    rows_synthetic: int
    seeds: int
    train_counts: tuple[int, ...]
    test_ids: tuple[str, ...] = ()
    families: dict[Family, FamilyRecord] = Field(default_factory=dict)


class CurvePoint(Record):
    """A share of the rows of the classes that are thinned out: how many rows that is, and the adjustment."""

    share: float
    rows: int
    adjustment: Adjustment


class CurveRecord(Record):
    """curve.json: the learning curve of the best arm without synthetic rows, or why there is none.

    `classes` are the indices of those that were thinned out, `rows` their train rows, all together.
    """

    skipped: str | None = None
    arm: str = ""
    variant: str = ""
    classes: tuple[int, ...] = ()
    rows: int = 0
    points: tuple[CurvePoint, ...] = ()


def write_curve(directory: Path, record: CurveRecord, test: Probabilities | None) -> None:
    """Write curve.json and, where there is a curve, the test predictions [points, seeds, n, K]."""
    if test is not None:
        write_probabilities(directory, "first", "test", test)
    write_json(directory / "curve.json", record.model_dump(mode="json"))


def read_curve(directory: Path) -> tuple[CurveRecord, Probabilities | None] | None:
    """What `write_curve` wrote; None where there is nothing, as in projects without the stage."""
    path = directory / "curve.json"
    if not path.exists():
        return None
    check_file(path)
    with telling_damage(path):
        record = CurveRecord.model_validate(read_json(path))
    return record, read_probabilities(directory, "first", "test") if record.points else None


def write_arm(directory: Path, record: ArmRecord) -> None:
    """Write arm.json into an existing directory."""
    write_json(directory / "arm.json", record.model_dump(mode="json"))


def read_arm(directory: Path) -> ArmRecord:
    """Read arm.json. Raises MissingInputError, DamagedInputError."""
    path = directory / "arm.json"
    check_file(path)
    with telling_damage(path):
        return ArmRecord.model_validate(read_json(path))


def _path(directory: Path, family: Family, part: Part) -> Path:
    return directory / f"{family}_{part}.npy"


def write_probabilities(directory: Path, family: Family, part: Part, probabilities: Probabilities) -> None:
    """float32 [variants, seeds, n, K] for validation, [seeds, n, K] of the chosen variant for test."""
    write_array(_path(directory, family, part), np.ascontiguousarray(probabilities, np.float32))


def read_probabilities(directory: Path, family: Family, part: Part) -> Probabilities:
    """What `write_probabilities` wrote. Raises MissingInputError, DamagedInputError."""
    return saved_array(_path(directory, family, part)).astype(np.float32, copy=False)
