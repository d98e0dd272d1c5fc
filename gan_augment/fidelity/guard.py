"""The translation guard: four figures that say whether a translator, or a generator under conditions, does its work.

`translation_guard` is the entry: it takes real and synthetic rows as the guard sees them, and gives every figure that
they allow. The stage `curate` calls it for every method that makes images; a method that wants the figures of its own
training calls it likewise.

- *moved*: it changes its source as far as a fresh real row is from it; at 0 it hands its source back.
- *kept*: what was asked for is read from the outputs as from held-out real rows, by a judge of real rows.
- *conditioned*: from one condition to another its outputs move as real rows do; at 0 the condition is ignored.
- *mixed*: the class mix of what it starts from is that of what it imitates. Where it is not, a translator between the
  two sets makes up the classes that are missing (Cohen et al. 2018, arXiv 1805.08841).

Each stands beside the same figure of real rows. There is a problem where the difference is no chance, and of a size
that matters. Rows are float arrays [n, d] of a feature space that was fitted on train rows alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.fidelity.distances import mean_pairwise_distance, nearest

__all__ = [
    "NO_SOURCE",
    "ColumnGuard",
    "Guard",
    "GuardFigure",
    "GuardRows",
    "conditioned",
    "kept",
    "mixed",
    "moved",
    "translation_guard",
]

Rows = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

NO_SOURCE = -1
SURE = 3.0  # standard errors
LEAST_MOVED = (
    0.1  # of what fresh real rows do: a restored or a reddened image is near its source, one handed back at it
)
LEAST_KEPT = 2 / 3  # as the alarms have it: with a third of wrong rows a class is refused
LEAST_CONDITIONED = 1 / 3
MOST_MADE_UP = 0.05  # of the rows, beyond what the judge gets wrong with real ones
FEW = 2  # rows, below which a figure has no standard error


@dataclass(frozen=True)
class GuardFigure:
    """A figure of synthetic rows, that of real rows, and standard errors; `problem` in words, or None."""

    value: float
    error: float
    real: float
    real_error: float
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The figures, for a report."""
        return asdict(self)

    @property
    def behind(self) -> bool:
        """Whether it is below the real rows' figure beyond chance."""
        return self.real - self.value > SURE * math.hypot(self.error, self.real_error)


@dataclass(frozen=True)
class GuardRows:
    """Rows as the guard sees them: n real ones or n synthetic ones.

    Attributes
    ----------
    features
        float [n, d] of a feature space that was fitted on train rows alone and sees what the conditions change.
    labels
        int64 [n]: the class of a real row; of a synthetic one the class that it is labelled with.
    read
        int64 [n]: the class that a judge of real train rows reads.
    sources
        Of synthetic rows int64 [n]: the place of each one's own source among the train rows, `NO_SOURCE` for none.
        None: they come from no source.
    told
        Column -> int64 [n]: the value of an attribute, 0 for unknown; of synthetic rows the value that was asked for.
    shown
        Column -> int64 [n]: the value that a judge of real train rows reads.
    """

    features: Rows
    labels: Ints
    read: Ints
    sources: Ints | None = None
    told: Mapping[str, Ints] = field(default_factory=dict)
    shown: Mapping[str, Ints] = field(default_factory=dict)

    @property
    def translated(self) -> npt.NDArray[np.bool_]:
        """bool [n]: which rows have a source."""
        return np.zeros(len(self.labels), dtype=bool) if self.sources is None else self.sources != NO_SOURCE


@dataclass(frozen=True)
class ColumnGuard:
    """An attribute column over all classes. `values`: value number -> `kept` of the rows with this value."""

    kept: GuardFigure | None
    conditioned: GuardFigure | None
    values: Mapping[int, GuardFigure]


@dataclass(frozen=True)
class Guard:
    """All figures. `classes`: class index -> figure name -> figure."""

    classes: Mapping[int, Mapping[str, GuardFigure]]
    columns: Mapping[str, ColumnGuard]
    mixed: GuardFigure | None

    def problem(self, index: int, names: tuple[str, ...]) -> str | None:
        """What is wrong with a class by the figures of these names, the first of them in words; or None."""
        figures = self.classes.get(index, {})
        return next((figures[name].problem for name in names if name in figures and figures[name].problem), None)


def translation_guard(
    train: GuardRows, held_out: GuardRows, made: GuardRows, *, classes: int, pool_read: Ints | None = None
) -> Guard:
    """Every figure that the rows allow; a figure that they do not allow is left out.

    Parameters
    ----------
    train, held_out
        Real rows: those learnt from, and those that were not.
    made
        Synthetic rows of any classes. Those with a source are judged as translations (`moved`, and no condition but one
        that differs from their source's), the others as drawn for their class.
    classes
        How many classes there are.
    pool_read
        int64 [k]: what the judge reads in the rows that a translator imitates, where these are others; `mixed` then
        compares the mix of the sources with it.
    """
    figures = {index: _of_class(train, held_out, made, index, classes) for index in np.unique(made.labels).tolist()}
    columns = {name: _of_column(train, held_out, made, name) for name in made.told if name in train.told}
    starts, read = made.labels, made.read
    if made.sources is not None and made.translated.any():
        starts = np.where(made.translated, train.labels[made.sources], made.labels)
        read = made.read if pool_read is None else pool_read
    return Guard(figures, columns, mixed(starts, read, held_out.labels, held_out.read, classes))


def _of_class(
    train: GuardRows, held_out: GuardRows, made: GuardRows, index: int, classes: int
) -> dict[str, GuardFigure]:
    own, real = made.labels == index, held_out.labels == index
    translated = own & made.translated
    found: dict[str, GuardFigure | None] = {}
    if made.sources is not None and translated.any():
        sources = train.features[made.sources[translated]]
        found["moved"] = moved(sources, made.features[translated], held_out.features[real])
    found["kept"] = kept(made.read[own] == index, held_out.read[real] == index, 1 / classes)
    drawn = ~made.translated
    if (own & drawn).any():
        found["conditioned"] = _between(
            train, held_out, made, *(_halves(rows, index) for rows in (made, train, held_out))
        )
    return {name: figure for name, figure in found.items() if figure is not None}


def _halves(rows: GuardRows, index: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    own, drawn = rows.labels == index, ~rows.translated
    return ~own & drawn, own & drawn


def _between(
    train: GuardRows, held_out: GuardRows, made: GuardRows, of_made: Any, of_train: Any, of_held_out: Any
) -> GuardFigure | None:
    """`conditioned` between two parts of the rows; the real ones are train and held-out rows in turn."""
    real = [_in_turn(train.features[a], held_out.features[b]) for a, b in zip(of_train, of_held_out, strict=True)]
    return conditioned(*(made.features[part] for part in of_made), *real)


def _in_turn(one: Rows, other: Rows) -> Rows:
    """The rows of both, spread evenly: every second one is a fair half."""
    order = np.argsort(np.r_[np.linspace(0, 1, len(one)), np.linspace(0, 1, len(other))], kind="stable")
    joined: Rows = np.concatenate([one, other])[order]
    return joined


def _of_column(train: GuardRows, held_out: GuardRows, made: GuardRows, name: str) -> ColumnGuard:
    known = _known_combinations(train, made) & (made.told[name] > 0)
    real = _known_combinations(train, held_out) & (held_out.told[name] > 0)
    right, real_right = made.shown[name] == made.told[name], held_out.shown[name] == held_out.told[name]
    values = np.unique(train.told[name][train.told[name] > 0]).tolist()
    found = {
        value: kept(right[known & (made.told[name] == value)], real_right[real & (held_out.told[name] == value)],
                    1 / max(len(values), 2))
        for value in values
    }  # fmt: skip
    return ColumnGuard(
        kept(right[known], real_right[real], 1 / max(len(values), 2)),
        _column_conditioned(train, held_out, made, name),
        {value: figure for value, figure in found.items() if figure is not None},
    )


def _known_combinations(train: GuardRows, rows: GuardRows) -> npt.NDArray[np.bool_]:
    """bool [n]: rows with a combination that train rows have: of others a judge of real rows knows nothing."""
    columns = [train.labels + 1, *train.told.values()]
    asked = [rows.labels + 1, *(rows.told[name] for name in train.told)]
    seen = {tuple(row) for row in np.stack(columns, axis=1).tolist()}
    return np.array([tuple(row) in seen for row in np.stack(asked, axis=1).tolist()], dtype=bool)


def _column_conditioned(train: GuardRows, held_out: GuardRows, made: GuardRows, name: str) -> GuardFigure | None:
    """Between the two values that most synthetic rows have, whatever the class: each class's mean is taken off first.

    Of translations only rows that were asked for another value than their source has: the others follow their source.
    """
    asked = made.told[name].copy()
    if made.sources is not None:
        asked[made.translated & (train.told[name][made.sources] == asked)] = 0
    counts = np.bincount(asked, minlength=2)
    counts[0] = 0
    first, second = np.argsort(-counts, kind="stable")[:2].tolist() if len(counts) > 2 else (0, 0)
    if not counts[first] or not counts[second]:
        return None
    centred = [_centred(rows) for rows in (train, held_out, made)]
    parts = [(told == first, told == second) for told in (asked, train.told[name], held_out.told[name])]
    return _between(*centred, *parts)


def _centred(rows: GuardRows) -> GuardRows:
    features = np.asarray(rows.features, dtype=np.float64).copy()
    for index in np.unique(rows.labels):
        features[rows.labels == index] -= features[rows.labels == index].mean(axis=0)
    return GuardRows(features, rows.labels, rows.read, rows.sources, rows.told, rows.shown)


def moved(sources: Rows, outputs: Rows, fresh: Rows) -> GuardFigure | None:
    """The distance of each output to its own source, in units of the distance between two sources; None: too few rows.

    Beside it that of each `fresh` real row (of the domain to imitate, or held out) to the source that is nearest to it.
    """
    if min(len(sources), len(outputs), len(fresh)) < FEW or not (unit := mean_pairwise_distance(sources)):
        return None
    steps = np.linalg.norm(outputs - sources, axis=1) / unit
    figure = GuardFigure(*_mean(steps), *_mean(nearest(fresh, sources)[0] / unit))
    if not (figure.behind and figure.value < LEAST_MOVED * figure.real):
        return figure
    said = f"not moved: {figure.value:.2f} from its source, fresh real rows {figure.real:.2f} (two sources: 1)"
    return _with(figure, said)


def kept(right: npt.NDArray[np.bool_], real_right: npt.NDArray[np.bool_], chance: float) -> GuardFigure | None:
    """How often a judge of real rows reads what was asked for; None: too few rows, or a judge that knows no better.

    `right` of the outputs, `real_right` of held-out real rows, which the judge has not seen; `chance` in [0, 1).
    """
    if min(len(right), len(real_right)) < FEW:
        return None
    figure = GuardFigure(*_share(right), *_share(real_right))
    if figure.real - chance <= SURE * figure.real_error:
        return None
    if not (figure.behind and figure.value - chance < LEAST_KEPT * (figure.real - chance)):
        return figure
    return _with(figure, f"not kept: read from {figure.value:.0%} of its rows, from {figure.real:.0%} of real ones")


def conditioned(first: Rows, second: Rows, real_first: Rows, real_second: Rows) -> GuardFigure | None:
    """How far the outputs move from the first condition to the second, along the way that real rows do; 1: as far.

    None: too few rows, or real rows of the two conditions whose means do not differ beyond chance.
    """
    if min(map(len, (first, second, real_first, real_second))) < 2 * FEW:
        return None
    # The way is found with one half of the real rows and measured with the other: in many dimensions even rows of one
    # kind have means that differ, and along that difference they would seem to move.
    way = real_second[::2].mean(axis=0) - real_first[::2].mean(axis=0)
    length, error = _apart(real_first[1::2] @ way, real_second[1::2] @ way)
    if length <= SURE * error:
        return None
    value, own_error = _apart(first @ way, second @ way)
    figure = GuardFigure(value / length, own_error / length, 1.0, error / length)
    if not (figure.behind and figure.value < LEAST_CONDITIONED):
        return figure
    return _with(figure, f"not conditioned: both lie {figure.value:.2f} times as far apart as held-out real rows do")


def mixed(sources: Ints, read: Ints, real: Ints, real_read: Ints, classes: int) -> GuardFigure | None:
    """The share of rows whose class would have to change for both class mixes to be equal; None: too few rows.

    `sources` int64 [n]: classes of what it starts from; `read` [m]: what a judge reads in the rows to imitate, or in
    the outputs. Beside it the same of held-out real rows: their classes [k], and what the judge reads in them [k].
    """
    if min(map(len, (sources, read, real))) < FEW:
        return None
    one, other = _mix(sources, classes), _mix(read, classes)
    # What the judge itself shifts in real rows is no fault of the others: it is taken off class by class.
    judged = (real_read[:, None] == np.arange(classes)).astype(float) - (real[:, None] == np.arange(classes))
    shift, shift_error = judged.mean(axis=0), judged.std(axis=0, ddof=1) / len(judged) ** 0.5
    errors = np.sqrt(other * (1 - other) * (1 / len(sources) + 1 / len(read)) + shift_error**2)
    excess, chance = _variation(other - one - shift), _variation(errors) * math.sqrt(2 / math.pi)  # a mean |normal|
    spread = float(np.linalg.norm(errors)) / 2
    figure = GuardFigure(_variation(other - one), spread, _variation(shift), _variation(shift_error))
    if not (excess > MOST_MADE_UP and excess - chance > SURE * spread):
        return figure
    return _with(figure, f"mixed: {excess:.0%} of the rows would have to be of another class than its sources are")


def _with(figure: GuardFigure, problem: str) -> GuardFigure:
    return GuardFigure(figure.value, figure.error, figure.real, figure.real_error, problem)


def _mean(values: Rows) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5


def _share(right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """With a standard error in which few rows, that may agree by luck, count as if one more was right and one wrong."""
    moderate, rows = (right.sum() + 1) / (len(right) + 2), len(right) + 2
    return float(right.mean()), float(np.sqrt(moderate * (1 - moderate) / rows))


def _apart(first: Rows, second: Rows) -> tuple[float, float]:
    (one, error), (other, other_error) = _mean(first), _mean(second)
    return other - one, math.hypot(error, other_error)


def _mix(labels: Ints, classes: int) -> Rows:
    return np.bincount(labels, minlength=classes) / len(labels)


def _variation(difference: Rows) -> float:
    return float(np.abs(difference).sum()) / 2
