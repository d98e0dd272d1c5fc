"""Predictions of one arm on disk: `retrain` writes them without reading a test label, `measure` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

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
    "Levels",
    "VariantRecord",
    "read_arm",
    "read_curve",
    "read_probabilities",
    "rival_arm",
    "rival_of",
    "write_arm",
    "write_curve",
    "write_probabilities",
]

Family = Literal["first", "second"]  # the project's classifier, and the second opinion
Part = Literal["validation", "test"]
Probabilities = npt.NDArray[np.float32]
Levels = dict[str, tuple[str, ...]]  # question -> its answers, in the order of the probabilities

_VALIDATION = "validation_"
_RIVAL = "rival: "


def rival_arm(name: str) -> str:
    """Name of the arm with the rows of a rival: an untrained method that the project's method has to beat."""
    return _RIVAL + name


def rival_of(arm: str) -> str | None:
    """Rival whose rows an arm shows; None for every other arm."""
    return arm.removeprefix(_RIVAL) if arm.startswith(_RIVAL) else None


def _without_empty(written: dict[str, Any], later: str) -> dict[str, Any]:
    """Contents without empty keys of later versions: files of classification projects keep their bytes."""
    return {name: value for name, value in written.items() if name != later or value}


class Adjustment(Record):
    """Shift of the decision: the logits minus `tau` times `log_prior` [K], and calibrated by `temperature`.

    A probability counts as at least `floor` before its logarithm is taken (see `scoring.adjustment`). Where a task has
    several questions, `parts` holds one adjustment per question, in the order of the probabilities, and the other
    fields are unused. Where it asks one question at every frame of a string, `every` is the number of answers, and the
    temperature holds for all frames.
    """

    tau: float = 0.0
    log_prior: tuple[float, ...] = ()
    temperature: float = 1.0
    floor: float = 1e-30
    parts: tuple[Adjustment, ...] = ()
    every: int = 0

    @model_serializer(mode="wrap")
    def _without_later(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_empty(_without_empty(handler(self), "parts"), "every")


class VariantRecord(Record):
    """Variant of an arm, its adjustment, and its validation figures after that adjustment.

    `validation_loss` chooses: the task's loss after `adjustment`, its temperature included. `validation` holds other
    metrics by name; each is written as `validation_<metric>`.
    """

    name: str
    adjustment: Adjustment = Adjustment()
    validation_loss: float
    validation: dict[str, float]

    @model_validator(mode="before")
    @classmethod
    def _metrics_together(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "validation" in value:
            return value
        metrics = {name for name in value if name.startswith(_VALIDATION) and name not in cls.model_fields}
        others = {name: item for name, item in value.items() if name not in metrics}
        return {**others, "validation": {name.removeprefix(_VALIDATION): value[name] for name in sorted(metrics)}}

    @model_serializer(mode="wrap")
    def _metrics_apart(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        others = {name: item for name, item in handler(self).items() if name != "validation"}
        return others | {f"{_VALIDATION}{name}": value for name, value in self.validation.items()}

    @property
    def described(self) -> str:
        """Name, with tau where it is not zero."""
        taus = [one.tau for one in self.adjustment.parts or (self.adjustment,)]
        return self.name + (f", tau {', '.join(f'{tau:g}' for tau in taus)}" if any(taus) else "")


class FamilyRecord(Record):
    """Results of one family of classifiers on an arm; `chosen` is the index of the best variant on validation."""

    classifier: str
    effort: dict[str, int | float | str]
    variants: tuple[VariantRecord, ...]
    chosen: int

    @property
    def best(self) -> VariantRecord:
        """Variant that represents the arm."""
        return self.variants[self.chosen]


class ArmRecord(Record):
    """Contents of arm.json. An arm without rows to train on is `skipped`, with the reason, and has no families.

    `test_ids` are the test rows in the order of the predictions; `train_counts` the real train rows per class; `levels`
    the answers of each question, where the classes are not the answers.
    """

    arm: str
    skipped: str | None = None
    rows_real: int
    rows_synthetic: int
    seeds: int
    train_counts: tuple[int, ...]
    test_ids: tuple[str, ...] = ()
    families: dict[Family, FamilyRecord] = Field(default_factory=dict)
    levels: Levels = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _without_no_levels(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_empty(handler(self), "levels")


class CurvePoint(Record):
    """Point of the learning curve: a share of the thinned classes' rows, the number of rows, and the adjustment."""

    share: float
    rows: int
    adjustment: Adjustment


class CurveRecord(Record):
    """Contents of curve.json: the learning curve of the best arm without synthetic rows, or why there is none.

    `classes` are the indices of the thinned classes, `rows` their train rows in total.
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
    """Curve that `write_curve` wrote; None where there is none, as in projects without the stage."""
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
    """Write float32 [variants, seeds, n, K] for validation, and [seeds, n, K] of the chosen variant for test.

    K: the classes, or the answers of all questions one after another.
    """
    write_array(_path(directory, family, part), np.ascontiguousarray(probabilities, np.float32))


def read_probabilities(directory: Path, family: Family, part: Part) -> Probabilities:
    """Probabilities that `write_probabilities` wrote. Raises MissingInputError, DamagedInputError."""
    return saved_array(_path(directory, family, part)).astype(np.float32, copy=False)
