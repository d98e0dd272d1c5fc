from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.sharding.permutation import shuffled_places


@given(count=st.integers(1, 3000), seed=st.integers(0, 2**31))
def test_places_are_a_bijection(count: int, seed: int) -> None:
    places = shuffled_places(np.arange(count, dtype=np.int64), count, seed)
    assert np.array_equal(np.sort(places), np.arange(count))


@given(count=st.integers(2, 500), seed=st.integers(0, 100), cut=st.integers(0, 500))
def test_a_row_s_place_does_not_depend_on_the_rows_asked_with_it(count: int, seed: int, cut: int) -> None:
    index = np.arange(count, dtype=np.int64)
    together = shuffled_places(index, count, seed)
    cut = min(cut, count)
    apart = np.concatenate([shuffled_places(index[:cut], count, seed), shuffled_places(index[cut:], count, seed)])
    assert np.array_equal(together, apart)


def test_places_look_random_and_follow_the_seed() -> None:
    count = 20_000
    index = np.arange(count, dtype=np.int64)
    first, second = (shuffled_places(index, count, seed) for seed in (0, 1))
    for places in (first, second):
        assert abs(np.corrcoef(index, places)[0, 1]) < 0.03
        halves = (places[: count // 2] < count // 2).mean()
        assert abs(halves - 0.5) < 0.02
    assert (first == second).mean() < 0.01
    assert np.array_equal(first, shuffled_places(index, count, 0))
