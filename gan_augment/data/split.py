"""Train, validation and test parts: stratified, stable, with groups and clusters of copies kept whole.

The unit of the split is a set of rows that must stay together: a group, a clip, a cluster of copies, or these joined.
The units of each class are ordered by a hash of the seed and the unit, and that order is cut into parts. So rows added
to one class do not move those of another, and one more row moves at most a few of its own class. Units with rows of
several classes are placed first, each in the part that it unbalances least.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.seeds import derive_seed
from gan_augment.data.clips import CLIP, bound_ids, name_ids
from gan_augment.data.config import SplitConfig
from gan_augment.data.duplicates import Duplicates, components
from gan_augment.data.parts import PARTS, Part
from gan_augment.data.problems import listing

__all__ = ["MIN_ROWS", "Split", "check_classes", "part_sizes", "split_rows"]

MIN_ROWS = 4  # two to learn from, one to choose by, one to measure with
MIN_UNITS = 3  # one per part
MIN_TRAIN = 2
MAX_ATTEMPTS = 300  # orders of groups with several classes that are tried before the data is refused
FIRST_ROWS = 1e6
Targets = dict[Part, int]


@dataclass(frozen=True)
class Split:
    """Part of every row.

    Attributes
    ----------
    parts
        object [n]: train, validation, test, or "" for a row that is dropped because a later part holds its copy.
    units
        int64 [n]: rows with the same number stay together.
    """

    parts: npt.NDArray[np.object_]
    units: npt.NDArray[np.int64]

    @property
    def dropped(self) -> int:
        """Number of rows in no part."""
        return int((self.parts == "").sum())


def split_rows(rows: pd.DataFrame, duplicates: Duplicates, config: SplitConfig, *, seed: int) -> Split:
    """Divide the rows into parts.

    Parameters
    ----------
    rows
        The columns id, label, source, group and split of `LoadedData.rows`, and `clip` where there are clips.
    seed
        Decides which rows go where; it has no effect on parts that the user gave.

    Raises
    ------
    DataError
        A class is too small, or has too few groups, to be in every part.
    LeakError
        The user's own split has a group, a copy or a near copy in two parts.
    """
    check_classes(rows["label"])
    groups = bound_ids(rows)
    units = components(len(rows), duplicates.near, groups)
    given = set(rows["split"]) - {""}
    parts = _given_parts(rows, duplicates, groups, units, config) if given else _everything(rows, "train")
    free = np.flatnonzero(parts == "train")
    missing: list[Part] = [part for part in PARTS if part != "train" and part not in given]
    if missing:
        wanted = _wanted(rows["label"].to_numpy(dtype=object), free, missing, config)
        _fill(parts, _units(rows, units, free.tolist(), seed), wanted)
    _check_parts(rows["label"].to_numpy(dtype=object), parts, units)
    return Split(parts, units)


def check_classes(labels: pd.Series) -> None:
    """Raise DataError where there is one class only, or a class has too few rows to be split."""
    counts = Counter(labels)
    if len(counts) < 2:
        raise DataError(
            "There is only one class",
            got=f"{next(iter(counts), '(none)')!r} in all {len(labels)} rows",
            expected="at least two classes",
            remedy="check the target column, or the folders that name the classes",
        )
    tiny = [f"{label!r}: {count}" for label, count in sorted(counts.items()) if count < MIN_ROWS]
    if tiny:
        raise DataError(
            f"{len(tiny)} class{'es have' if len(tiny) > 1 else ' has'} too few samples to be split",
            got=listing(tiny),
            expected=f"at least {MIN_ROWS} samples: two to learn from, one to choose by, one to measure with",
            remedy="collect more, join classes, or leave them out with prepare.exclude",
        )


def part_sizes(count: int, config: SplitConfig) -> Targets:
    """Sizes of the parts for `count` rows: at least one row each, and two for train."""
    test = max(1, int(count * config.test + 0.5))
    validation = max(1, int(count * config.validation + 0.5))
    while count - test - validation < MIN_TRAIN and max(test, validation) > 1:
        test, validation = (test - 1, validation) if test >= validation else (test, validation - 1)
    return {"train": count - test - validation, "validation": validation, "test": test}


@dataclass(frozen=True)
class _Unit:
    """Rows that stay together; `rank` orders units by a hash of the seed and of the rows themselves."""

    places: list[int]
    labels: Counter[str]
    rank: int


def _units(rows: pd.DataFrame, units: npt.NDArray[np.int64], free: Iterable[int], seed: int) -> list[_Unit]:
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place in free:
        members[int(units[place])].append(place)
    ids, labels = rows["id"].to_numpy(dtype=object), rows["label"].to_numpy(dtype=object)
    return [
        _Unit(places, Counter(labels[places]), derive_seed(seed, "split", min(ids[places])))
        for places in members.values()
    ]


def _fill(parts: npt.NDArray[np.object_], units: list[_Unit], wanted: dict[str, Targets]) -> None:
    """Write the part of every unit's rows into `parts`, so that each class comes near its wanted sizes.

    With few groups of several classes, a class may miss a part. Then other orders are tried.
    """
    single = {label: [unit for unit in units if set(unit.labels) == {label}] for label in wanted}
    mixed = sorted((unit for unit in units if len(unit.labels) > 1), key=_large_first)
    filled = _place_mixed(parts, mixed, wanted)
    for attempt in range(1, MAX_ATTEMPTS):
        if all(_can_be_filled(filled[label], wanted[label], len(single[label])) for label in wanted):
            break
        order = sorted(mixed, key=lambda unit: derive_seed(attempt, unit.rank))
        filled = _place_mixed(parts, order, wanted)
    for label, targets in wanted.items():
        _fill_class(parts, single[label], targets, filled[label])


def _place_mixed(
    parts: npt.NDArray[np.object_], units: list[_Unit], wanted: dict[str, Targets]
) -> dict[str, Counter[Part]]:
    """Place each unit in turn in the part that it unbalances least; return the sizes of each class's parts."""
    filled: dict[str, Counter[Part]] = {label: Counter() for label in wanted}
    for unit in units:
        part = min(next(iter(wanted.values())), key=lambda p: _strain(unit, p, filled, wanted))
        parts[unit.places] = part
        for label, count in unit.labels.items():
            filled[label][part] += count
    return filled


def _can_be_filled(filled: Counter[Part], wanted: Targets, units: int) -> bool:
    """Whether the class's own units are enough for the parts in which it still has no row."""
    least = {part: MIN_TRAIN if part == "train" else 1 for part in wanted}
    return sum(filled[part] < least[part] for part in wanted) <= units


def _fill_class(parts: npt.NDArray[np.object_], units: list[_Unit], wanted: Targets, filled: Counter[Part]) -> None:
    large = sorted((unit for unit in units if len(unit.places) > 1), key=_large_first)
    single = sorted((unit for unit in units if len(unit.places) == 1), key=lambda unit: unit.rank)
    sizes = [len(unit.places) for unit in large] + [1] * len(single)
    chosen = _divide(sizes, wanted, filled)
    for unit, part in zip(large, chosen, strict=False):
        parts[unit.places] = part
    # Single rows fill the parts in turn, in the order of their hashes: one more row moves only rows at the borders.
    counts = Counter(chosen[len(large) :])
    blocks = [part for part in reversed(PARTS) for _ in range(counts[part])]
    for unit, part in zip(single, blocks, strict=True):
        parts[unit.places] = part


def _divide(sizes: list[int], wanted: Targets, filled: Counter[Part]) -> list[Part]:
    """Part for each size in turn: the one that lacks most, but no part stays empty while there are units."""
    filled = filled.copy()
    chosen: list[Part] = []
    for place, size in enumerate(sizes):
        empty = [part for part in wanted if not filled[part]]
        choices = empty if len(sizes) - place <= len(empty) else list(wanted)
        part = max(choices, key=lambda p: wanted[p] - filled[p])
        filled[part] += size
        chosen.append(part)
    return chosen


def _large_first(unit: _Unit) -> tuple[int, int]:
    return -len(unit.places), unit.rank


def _strain(unit: _Unit, part: Part, filled: dict[str, Counter[Part]], wanted: dict[str, Targets]) -> float:
    """Increase of the classes' squared relative distance from the wanted sizes with this unit in this part.

    The first rows of a class in a part outweigh any size.
    """
    total = 0.0
    for label, count in unit.labels.items():
        want, have = wanted[label][part], filled[label][part]
        total += ((have + count - want) ** 2 - (have - want) ** 2) / max(1, want)
        total -= FIRST_ROWS * (have == 0)
    return total


def _everything(rows: pd.DataFrame, part: Part) -> npt.NDArray[np.object_]:
    return np.full(len(rows), part, dtype=object)


def _wanted(
    labels: npt.NDArray[np.object_], free: npt.NDArray[np.intp], missing: list[Part], config: SplitConfig
) -> dict[str, Targets]:
    """Wanted numbers of free rows, by class, for train and each missing part."""
    everywhere, available = Counter(labels), Counter(labels[free])
    wanted: dict[str, Targets] = {}
    for label in sorted(available):
        sizes = part_sizes(everywhere[label], config)
        # From a train part that the user gave, a missing part gets its share of the class, but at most a third.
        most = everywhere[label] if available[label] == everywhere[label] else max(1, available[label] // 3)
        taken = {part: min(sizes[part], most) for part in missing}
        wanted[label] = {"train": available[label] - sum(taken.values()), **taken}
    return wanted


def _given_parts(
    rows: pd.DataFrame,
    duplicates: Duplicates,
    groups: npt.NDArray[np.int64],
    units: npt.NDArray[np.int64],
    config: SplitConfig,
) -> npt.NDArray[np.object_]:
    """The user's parts, provided that no unit is in two of them. Raises LeakError."""
    parts = rows["split"].to_numpy(dtype=object).copy()
    order = np.array([PARTS.index(part) for part in parts])
    latest = np.zeros(units.max() + 1, dtype=np.int64)
    np.maximum.at(latest, units, order)
    leaking = order < latest[units]
    if not leaking.any():
        return parts
    if config.leaks == "refuse":
        if CLIP in rows:
            _refuse_leak(rows, name_ids(rows, CLIP), "The same sequence of frames is in two parts of your split")
        _refuse_leak(rows, groups, "The same group is in two parts of your split")
        _refuse_leak(rows, duplicates.exact, "The same content is in two parts of your split")
        _refuse_leak(rows, duplicates.near, "Near copies are in two parts of your split")
        _refuse_leak(rows, units, "Groups that share a copy are in two parts of your split")
    parts[leaking] = ""
    return parts


def _refuse_leak(rows: pd.DataFrame, kin: npt.NDArray[np.int64], problem: str) -> None:
    frame = pd.DataFrame({"kin": kin, "part": rows["split"].astype(str), "group": rows["group"].astype(str)})
    torn = frame.groupby("kin")["part"].nunique()
    torn = torn[torn > 1]
    if torn.empty:
        return
    places = []
    for number in torn.index[:100]:
        members = frame.index[frame["kin"] == number]
        shown = [f"{rows['source'][i]} ({rows['split'][i]})" for i in _one_a_part(frame, members)]
        places.append(" = ".join(shown))
    raise LeakError(
        problem,
        where=f"{len(torn)} case{'s' if len(torn) > 1 else ''} in your split",
        got=listing(places),
        expected="no group, copy or near copy in more than one of train, validation and test",
        remedy="correct the split, or set prepare.split.leaks: drop to leave such rows out of the earlier part",
    )


def _one_a_part(frame: pd.DataFrame, members: pd.Index) -> list[int]:
    return [int(place) for place in frame.loc[members].drop_duplicates("part").index]


def _check_parts(labels: npt.NDArray[np.object_], parts: npt.NDArray[np.object_], units: npt.NDArray[np.int64]) -> None:
    """Raise DataError where a class is not in every part."""
    counts = Counter(zip(labels, parts, strict=True))
    short = []
    for label in sorted(set(labels)):
        have = {part: counts[label, part] for part in PARTS}
        if have["train"] < MIN_TRAIN or not all(have.values()):
            groups = len(np.unique(units[labels == label]))
            sizes = ", ".join(f"{part} {count}" for part, count in have.items())
            short.append(f"{label!r}: {sizes} (rows of {groups} independent groups)")
    if not short:
        return
    raise DataError(
        "A class would not be in every part of the split",
        got=listing(short),
        expected=f"{MIN_TRAIN} rows in train and one in validation and test, of at least {MIN_UNITS} groups",
        remedy="collect more groups of these classes, correct your split, or leave classes out with prepare.exclude",
    )
