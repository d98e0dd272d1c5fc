"""Calibration of the verdict: synthesizers of known effect go through the whole measurement, many times.

- *null*: train rows drawn again. Nothing new: "helps" would be a false alarm.
- *near_null*: train rows with noise too small to matter.
- *prior*: rows of rare classes drawn again. It moves the class shares and nothing else, which costs nothing without it.
- *oracle*: real rows held back. As good as synthetic data can be: "helps" is right where the gain is large enough.
- *harmful*: train rows under labels of other classes. "helps" would be absurd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import DataError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import DatasetSpec, TableSpec
from gan_augment.core.samples import Payload, Samples, make_manifest
from gan_augment.gain.verdict import Verdict

__all__ = ["CONTROLS", "Control", "Outcome", "RowSplit", "Tally", "control_rows", "split_rows", "tally"]

Control = Literal["null", "near_null", "prior", "oracle", "harmful"]
_IDLE: tuple[Control, ...] = ("null", "near_null", "prior")  # controls whose rows teach nothing
CONTROLS: tuple[Control, ...] = get_args(Control)
Rows = npt.NDArray[np.int64]

_TEST, _VALIDATION = 0.4, 0.2  # shares of the smallest class, the same for every class
_TRAIN = {"common": 0.08, "rare": 0.025}
_ORACLE_TRAIN = {"common": 0.04, "rare": 0.016}  # an oracle tests the verdict only where a gain is possible
_RARE_EVERY = 3  # every third class is rare
_IMAGE_NOISE = 2.0  # grey levels
_TABLE_NOISE = 0.01  # standard deviations of the column
_CANDIDATES = 6  # candidates per class, as a multiple of the largest train class


@dataclass(frozen=True)
class RowSplit:
    """Row numbers of labelled data: int64 each. `held` is real data that only an oracle may return."""

    train: Rows
    validation: Rows
    test: Rows
    held: Rows


def split_rows(labels: npt.NDArray[np.int64], control: Control, generator: np.random.Generator) -> RowSplit:
    """Fresh random split with a long tail: few train rows, very few in every third class, the rest balanced.

    Of two classes the second is the rare one. An oracle gets about half the train rows, so that it can show a gain.

    Raises
    ------
    DataError
        The smallest class has fewer than 40 rows: too few to split four ways.
    """
    smallest = int(np.bincount(labels).min())
    if smallest < 40:
        raise DataError(
            "There are too few rows to calibrate on",
            got=f"{smallest} labelled train and validation rows in the smallest class",
            expected="at least 40 in every class",
            remedy="calibrate on an embedded data set: gan-augment calibrate --demo digits",
        )
    parts: dict[str, list[Rows]] = {"train": [], "validation": [], "test": [], "held": []}
    shares = _ORACLE_TRAIN if control == "oracle" else _TRAIN
    rare = [1] if labels.max() == 1 else range(_RARE_EVERY - 1, labels.max() + 1, _RARE_EVERY)
    for index in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == index))
        train = shares["rare" if index in rare else "common"]
        sizes = [max(2, round(share * smallest)) for share in (_TEST, _VALIDATION, train)]
        pieces = np.split(rows, np.cumsum(sizes))
        for name, piece in zip(("test", "validation", "train", "held"), pieces, strict=True):
            parts[name].append(piece)
    return RowSplit(**{name: np.concatenate(found) for name, found in parts.items()})


def control_rows(
    control: Control, samples: Samples, split: RowSplit, spec: DatasetSpec, generator: np.random.Generator
) -> Samples:
    """Rows that the synthesizer of this name would have generated and curation accepted, in order of preference."""
    labels = samples.label_indices(spec)
    largest = int(np.bincount(labels[split.train]).max())
    parts = []
    for index, record in enumerate(spec.classes):
        rows = _source_rows(control, labels, split, index, _CANDIDATES * largest, generator)
        payload = samples.take(rows).payload
        if control == "near_null":
            payload = _with_noise(payload, samples.take(split.train).payload, spec.table, generator)
        ids = [f"{control}-{record.key}-{number}" for number in range(len(rows))]
        columns = {"label": record.label, "split": "train", "origin": "synthetic", "method": control}
        parts.append(Samples(make_manifest(len(rows), id=ids, **columns), payload))
    return Samples.concat(parts)


def _source_rows(
    control: Control,
    labels: npt.NDArray[np.int64],
    split: RowSplit,
    index: int,
    count: int,
    generator: np.random.Generator,
) -> Rows:
    if control == "oracle":
        held: Rows = split.held[labels[split.held] == index]
        return held
    own = labels[split.train] == index
    if control == "prior" and own.sum() == np.bincount(labels[split.train]).max():
        count = 0
    chosen: Rows = generator.choice(split.train[~own if control == "harmful" else own], count)
    return chosen


def _with_noise(payload: Payload, train: Payload, table: TableSpec | None, generator: np.random.Generator) -> Payload:
    if table is None:
        noisy_pixels = np.asarray(payload) + generator.normal(0, _IMAGE_NOISE, np.shape(payload))
        return np.rint(noisy_pixels).clip(0, 255).astype(np.uint8)
    rows, real = frame_of(payload), frame_of(train)
    noisy = rows.copy()
    for column in table.columns:
        if column.kind == "numeric" and not column.integer:
            spread = float(real[column.name].std())
            noise = generator.normal(0, _TABLE_NOISE * spread if np.isfinite(spread) else 0.0, len(payload))
            noisy[column.name] = (noisy[column.name] + noise).astype(rows[column.name].dtype)
    return noisy


@dataclass(frozen=True)
class Outcome:
    """Measurement of one run; gains in percentage points."""

    control: Control
    verdict: Verdict
    ratio: float
    gain: float
    low: float
    high: float
    smallest_detectable: float


@dataclass(frozen=True)
class Tally:
    """Runs of one control: the share of verdicts that its requirement limits.

    Attributes
    ----------
    low, high
        95 % Clopper-Pearson interval of the true share.
    passed
        Whether the share meets the requirement; None where the requirement does not apply (an oracle whose mean gain
        is below twice the smallest detectable one).
    """

    control: Control
    runs: int
    verdicts: dict[Verdict, int]
    requirement: str
    share: float
    low: float
    high: float
    mean_gain: float
    mean_smallest_detectable: float
    passed: bool | None

    def record(self) -> dict[str, Any]:
        """Record for JSON."""
        rounded = {name: round(value, 4) for name, value in vars(self).items() if isinstance(value, float)}
        return vars(self) | rounded


def tally(outcomes: Sequence[Outcome]) -> Tally:
    """Tally of the runs of one control. `outcomes` must not be empty."""
    control, runs = outcomes[0].control, len(outcomes)
    verdicts: dict[Verdict, int] = {"helps": 0, "no measurable difference": 0, "hurts": 0}
    for outcome in outcomes:
        verdicts["no measurable difference" if outcome.verdict == "not tried" else outcome.verdict] += 1
    gain = float(np.mean([outcome.gain for outcome in outcomes]))
    detectable = float(np.mean([outcome.smallest_detectable for outcome in outcomes]))
    counted, limit, requirement = verdicts["helps"], 0.05, '"helps" in at most 5 % of runs'
    if control == "oracle":
        limit, requirement = (
            0.9,
            '"helps" in at least 90 % of runs, where the gain is twice the smallest detectable one',
        )
    if control == "harmful":
        counted, limit, requirement = runs - verdicts["helps"], 0.95, '"hurts" or refused in at least 95 % of runs'
    share = counted / runs
    passed: bool | None = share <= limit if control in _IDLE else share >= limit
    if control == "oracle" and gain < 2 * detectable:
        passed = None
    from scipy.stats import binomtest  # a second to import, for calibrations alone

    bounds = binomtest(counted, runs).proportion_ci()
    return Tally(
        control, runs, verdicts, requirement, share, float(bounds.low), float(bounds.high), gain, detectable, passed
    )
