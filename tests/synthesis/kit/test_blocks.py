"""Rows in fixed blocks: the n-th depends on its number alone, and copies are drawn again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.kit.blocks import BLOCK, blocks_of, sample_in_blocks, without_copies


def numbered(generator: np.random.Generator) -> tuple[pd.DataFrame, tuple[str, ...]]:
    numbers = generator.integers(10**9, size=BLOCK)
    return pd.DataFrame({"a": numbers}), tuple(map(str, numbers))


def drawn(start: int, count: int, seed: int = 0, index: int = 0) -> list[int]:
    """The numbers, each of which is its own parent."""
    batches = list(sample_in_blocks(SampleRequest(index=index, count=count, seed=seed, start=start), numbered))
    numbers = [number for batch in batches for number in batch.payload["a"]]  # type: ignore[call-overload,index]
    assert [parent for batch in batches for parent in batch.parents or ()] == list(map(str, numbers))
    return numbers


@pytest.mark.parametrize("start", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
@pytest.mark.parametrize("count", [0, 1, BLOCK, 2 * BLOCK + 1])
def test_a_part_is_that_part_of_the_whole(start: int, count: int) -> None:
    assert drawn(start, count) == drawn(0, 5 * BLOCK)[start : start + count]


def test_seed_class_and_block_each_give_other_rows() -> None:
    first = drawn(0, BLOCK)
    assert not set(first) & (set(drawn(0, BLOCK, seed=1)) | set(drawn(0, BLOCK, index=1)) | set(drawn(BLOCK, BLOCK)))


def test_a_block_of_nothing_but_copies_ends_the_search() -> None:
    asked: list[int] = []

    def again() -> tuple[pd.DataFrame, None]:
        asked.append(1)
        return pd.DataFrame({"a": np.zeros(BLOCK)}), None

    rows = pd.DataFrame({"a": np.zeros(BLOCK)}), None
    kept, left = without_copies(rows, again, lambda frame: (frame["a"] == 0).to_numpy(), 1000)
    assert len(asked) == 1
    assert left.all()
    pd.testing.assert_frame_equal(kept[0], rows[0])  # type: ignore[arg-type]


def test_rows_outside_the_support_replace_nothing() -> None:
    odd = pd.DataFrame({"a": np.arange(BLOCK) % 2}), None  # zeros are copies
    other = pd.DataFrame({"a": np.arange(BLOCK) + 10}), None
    (rows, _), left = without_copies(
        odd, lambda: other, lambda frame: (frame["a"] == 0).to_numpy(), 5,
        in_support=lambda frame: (frame["a"] % 2 == 0).to_numpy(),
    )  # fmt: skip
    assert not left.any()
    assert (rows["a"][1::2] == 1).all()  # type: ignore[call-overload,index]
    assert (rows["a"][::2] % 2 == 0).all()  # type: ignore[call-overload,index]
    assert (rows["a"][::2] >= 10).all()  # type: ignore[call-overload,index]


def test_copies_that_may_stay_are_spread_over_the_block_and_never_more_than_usual() -> None:
    def block(_: np.random.Generator) -> tuple[pd.DataFrame, None]:
        return pd.DataFrame({"new": np.arange(BLOCK) % 2}), None  # every second row is a copy

    for usual in (0.0, 0.1, 0.25, 0.5, 1.0):
        (batch,) = sample_in_blocks(
            SampleRequest(index=0, count=BLOCK, seed=0), block, copies=lambda r: (r["new"] == 0).to_numpy(),
            redraws=3, usual=usual,
        )  # fmt: skip
        stayed = (batch.payload["new"] == 0).to_numpy()
        assert batch.copies == stayed.sum()
        assert (stayed.cumsum() <= usual * np.arange(1, BLOCK + 1)).all()
        assert stayed.sum() >= min(usual, 0.5) * BLOCK - 1


def test_the_parents_of_a_row_come_with_it() -> None:
    def block(generator: np.random.Generator) -> tuple[pd.DataFrame, tuple[str, ...]]:
        numbers = generator.integers(1000, size=BLOCK)
        return pd.DataFrame({"a": numbers}), tuple(map(str, numbers))

    def copies(rows: pd.DataFrame) -> Any:
        return (rows["a"] < 700).to_numpy()

    (batch,) = sample_in_blocks(SampleRequest(index=0, count=BLOCK, seed=0), block, copies=copies, redraws=9)
    assert isinstance(batch.payload, pd.DataFrame)
    assert batch.payload["a"].min() >= 700
    assert batch.parents == tuple(map(str, batch.payload["a"]))


@pytest.mark.parametrize(("start", "count"), [(0, 5), (3, 10), (7, 1), (8, 16), (2, 0)])
def test_blocks_hold_the_requested_samples_once_and_in_order(start: int, count: int) -> None:
    request = SampleRequest(index=0, count=count, seed=0, start=start)
    numbers = [block * 8 + place for block, wanted in blocks_of(request, 8) for place in range(8)[wanted]]
    assert numbers == list(range(start, start + count))
