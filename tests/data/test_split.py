from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.errors import DataError, LeakError
from gan_augment.data.config import SplitConfig
from gan_augment.data.duplicates import Duplicates
from gan_augment.data.parts import PARTS
from gan_augment.data.split import MIN_ROWS, Split, part_sizes, split_rows

Row = tuple[str, str]  # label, group


def frame(rows: list[Row], split: list[str] | None = None, salt: str = "") -> pd.DataFrame:
    seen: Counter[Row] = Counter()
    ids = []
    for row in rows:
        ids.append(f"{salt}{row[0]}-{row[1]}-{seen[row]}")
        seen[row] += 1
    columns = {
        "id": ids,
        "label": [label for label, _ in rows],
        "source": ids,
        "group": [group for _, group in rows],
        "split": split or [""] * len(rows),
    }
    return pd.DataFrame(columns, dtype="string")


def apart(count: int) -> Duplicates:
    return Duplicates(np.arange(count), np.arange(count))


def split_of(rows: pd.DataFrame, duplicates: Duplicates | None = None, seed: int = 0, **config: object) -> Split:
    settings_ = SplitConfig.model_validate(config)
    return split_rows(rows, duplicates or apart(len(rows)), settings_, seed=seed)


CLASS_SIZES = st.lists(st.integers(MIN_ROWS, 40), min_size=2, max_size=5)
SHARES = st.floats(0.05, 0.4)


def ungrouped(sizes: list[int]) -> list[Row]:
    return [(f"class{number}", "") for number, size in enumerate(sizes) for _ in range(size)]


@given(CLASS_SIZES, SHARES, SHARES, st.integers(0, 5))
def test_every_row_is_in_one_part_and_every_class_has_its_share(
    sizes: list[int], validation: float, test: float, seed: int
) -> None:
    rows = frame(ungrouped(sizes))
    config = SplitConfig(validation=validation, test=test)
    split = split_of(rows, seed=seed, validation=validation, test=test)
    assert set(split.parts) <= set(PARTS)
    for number, size in enumerate(sizes):
        found = Counter(split.parts[rows["label"] == f"class{number}"])
        assert dict(found) == part_sizes(size, config)


@given(st.integers(MIN_ROWS, 500), SHARES, SHARES)
def test_part_sizes_leave_two_for_train_and_one_for_the_others(count: int, validation: float, test: float) -> None:
    sizes = part_sizes(count, SplitConfig(validation=validation, test=test))
    assert sum(sizes.values()) == count
    assert sizes["train"] >= 2
    assert min(sizes.values()) >= 1


@given(CLASS_SIZES, st.integers(1, 10))
def test_rows_added_to_one_class_do_not_move_rows_of_another(sizes: list[int], added: int) -> None:
    before = frame(ungrouped(sizes))
    after = pd.concat([frame([("class0", "new")] * added, salt="x"), before], ignore_index=True)
    after["group"] = ""
    old, new = split_of(before), split_of(after)
    others = before["label"] != "class0"
    moved = dict(zip(after["id"], new.parts, strict=True))
    for row, part in zip(before["id"][others], old.parts[others], strict=True):
        assert moved[row] == part


def test_one_more_row_moves_at_most_two_of_its_own_class() -> None:
    rows = frame(ungrouped([60, 60]))
    fewer = rows.drop(index=17).reset_index(drop=True)
    before = dict(zip(fewer["id"], split_of(fewer).parts, strict=True))
    after = dict(zip(rows["id"], split_of(rows).parts, strict=True))
    assert sum(after[row] != part for row, part in before.items()) <= 2


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = frame(ungrouped([30, 20]))
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = rows.iloc[order].reset_index(drop=True)
    assert (split_of(shuffled).parts == split_of(rows).parts[order]).all()


def test_another_seed_gives_another_split() -> None:
    rows = frame(ungrouped([40, 40]))
    assert (split_of(rows, seed=0).parts != split_of(rows, seed=1).parts).any()


GROUPED = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 12).map(lambda n: f"g{n}" if n else "")),
    min_size=12,
    max_size=120,
)


@settings(max_examples=100)
@given(GROUPED)
def test_groups_never_part_even_when_they_span_classes(rows: list[Row]) -> None:
    table = frame(rows)
    try:
        split = split_of(table)
    except DataError:
        return  # too few rows or groups: refused, never torn
    parts = pd.Series(split.parts)
    for group in set(table["group"]) - {""}:
        assert parts[table["group"] == group].nunique() == 1
    for label in set(table["label"]):
        found = Counter(parts[table["label"] == label])
        assert all(found[part] for part in PARTS)


def test_groups_come_near_the_wanted_shares() -> None:
    rows = [(label, f"{label}{number % 25}") for label in "ab" for number in range(200)]
    split = split_of(frame(rows))
    shares = Counter(split.parts)
    assert shares["test"] == pytest.approx(80, abs=8)
    assert shares["validation"] == pytest.approx(80, abs=8)


def test_groups_with_all_classes_come_near_the_wanted_shares() -> None:
    rows = [(label, f"patient{number % 30}") for label in "abc" for number in range(150)]
    split = split_of(frame(rows))
    for label in "abc":
        shares = Counter(split.parts[np.array([row[0] == label for row in rows])])
        assert shares["test"] == pytest.approx(30, abs=5)
        assert shares["validation"] == pytest.approx(30, abs=5)


def test_a_cluster_of_copies_stays_in_one_part() -> None:
    rows = frame(ungrouped([20, 20]))
    near = np.arange(40)
    near[[3, 7, 11, 25]] = 3  # one of them has the other label
    split = split_of(rows, Duplicates(np.arange(40), near))
    assert len(set(split.parts[[3, 7, 11, 25]])) == 1
    assert len(set(split.units[[3, 7, 11, 25]])) == 1


def test_a_copy_joins_the_groups_of_its_members() -> None:
    rows = frame([("a", f"g{n % 6}") for n in range(30)] + [("b", "")] * 20)
    near = np.arange(50)
    near[1] = near[0]  # groups g0 and g1 share a picture
    split = split_of(rows, Duplicates(np.arange(50), near))
    joined = split.parts[np.isin(rows["group"], ["g0", "g1"])]
    assert len(set(joined)) == 1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_class_of_one_to_three_samples_is_refused_with_its_count(size: int) -> None:
    with pytest.raises(DataError, match=rf"'class1': {size}") as error:
        split_of(frame(ungrouped([20, size])))
    assert "prepare.exclude" in str(error.value)


def test_a_class_of_four_samples_is_split() -> None:
    split = split_of(frame(ungrouped([20, 4])))
    assert Counter(split.parts[20:]) == {"train": 2, "validation": 1, "test": 1}


def test_one_class_only_is_refused() -> None:
    with pytest.raises(DataError, match="only one class"):
        split_of(frame([("a", "")] * 20))


def test_too_few_groups_are_refused_with_their_number() -> None:
    rows = [("a", f"g{n % 2}") for n in range(20)] + [("b", "")] * 20
    with pytest.raises(DataError, match="2 independent groups"):
        split_of(frame(rows))


# The user's own split


def own(parts: str) -> list[str]:
    return [{"t": "train", "v": "validation", "s": "test"}[letter] for letter in parts]


def test_the_users_parts_are_kept() -> None:
    given_parts = own("tttvvsss" * 2)
    rows = frame(ungrouped([8, 8]), given_parts)
    assert split_of(rows).parts.tolist() == given_parts


def test_a_missing_part_is_taken_from_train_and_test_stays() -> None:
    given_parts = own("tttttttttttttttsssss" * 2)
    split = split_of(frame(ungrouped([20, 20]), given_parts))
    assert [part == "test" for part in split.parts] == [part == "test" for part in given_parts]
    assert Counter(split.parts[:20]) == {"train": 11, "validation": 4, "test": 5}


def test_a_group_in_two_of_the_users_parts_is_a_leak() -> None:
    rows = frame([("a", "p1")] * 8 + [("b", "")] * 8, own("tttvvsss" * 2))
    with pytest.raises(LeakError, match="same group"):
        split_of(rows)


@pytest.mark.parametrize("kind", ["exact", "near"])
def test_a_copy_in_two_of_the_users_parts_is_a_leak_that_names_both(kind: str) -> None:
    rows = frame(ungrouped([8, 8]), own("tttvvsss" * 2))
    near = np.arange(16)
    near[7] = 0
    exact = near if kind == "exact" else np.arange(16)
    with pytest.raises(LeakError, match="same content" if kind == "exact" else "Near copies") as error:
        split_of(rows, Duplicates(exact, near))
    assert "class0--0 (train) = class0--7 (test)" in str(error.value)


def test_leaks_can_be_dropped_from_the_earlier_part() -> None:
    rows = frame(ungrouped([8, 8]), own("tttvvsss" * 2))
    near = np.arange(16)
    near[[0, 7]] = 0
    split = split_of(rows, Duplicates(near, near), leaks="drop")
    assert split.parts[0] == ""
    assert split.parts[7] == "test"
    assert split.dropped == 1


def test_a_part_without_a_class_is_refused() -> None:
    with pytest.raises(DataError, match="not be in every part"):
        split_of(frame(ungrouped([8, 8]), own("tttvvsss" + "tttttvvv")))


def can_be_laid(rows: list[Row]) -> bool:
    """By trying every way to lay the groups: whether all classes can be in all parts, twice in train."""
    labels, groups = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    counts = np.array([[rows.count((label, group)) for label in labels] for group in groups])
    return any(
        all((counts[np.array(laid) == part].sum(axis=0) >= least).all() for part, least in enumerate((2, 1, 1)))
        for laid in itertools.product(range(3), repeat=len(groups))
    )


def test_few_groups_of_several_classes_are_laid_where_they_can_be() -> None:
    possible = refused = 0
    for number in range(80):
        random = np.random.default_rng(number)
        rows = [(label, f"g{g}") for g in range(5) for label in "ab" for _ in range(random.integers(0, 4))]
        if can_be_laid(rows) and min(Counter(label for label, _ in rows).values()) >= MIN_ROWS:
            possible += 1
            try:
                split_of(frame(rows))
            except DataError:
                refused += 1
    assert possible >= 30
    assert refused <= possible * 0.05
