"""Readings, likelihoods and distances against brute force and torch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.scoring import reading

words = st.text("abc", max_size=6)


def strings(texts: list[str], width: int = 6) -> np.ndarray:
    return np.array([[ord(c) - ord("a") for c in text] + [-1] * (width - len(text)) for text in texts], dtype=np.int64)


def frames(rows: int, count: int, symbols: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(symbols), (rows, count))


def test_the_likelihood_is_that_of_torch() -> None:
    given_frames, texts = frames(30, 11, 4), strings(["", "a", "aa", "abc", "aabbc", "abcabc"] * 5)
    wanted = torch.nn.functional.ctc_loss(
        torch.from_numpy(given_frames).log().transpose(0, 1), torch.from_numpy(texts + 1).clamp(min=1),
        torch.full((30,), 11), torch.from_numpy(reading.lengths(texts)), reduction="none",
    )  # fmt: skip
    np.testing.assert_allclose(-reading.log_likelihood(given_frames, texts), wanted.numpy(), rtol=1e-9)


def test_the_likelihoods_of_all_strings_sum_to_one() -> None:
    given_frames = frames(1, 3, 3)
    every = ["".join(word) for size in range(4) for word in itertools.product("ab", repeat=size)]
    total = sum(np.exp(reading.log_likelihood(given_frames, strings([word]))[0]) for word in every)
    assert total == pytest.approx(1, abs=1e-5)


def test_a_run_is_one_character_and_an_empty_frame_parts_equal_ones() -> None:
    best = np.array([[1, 1, 0, 1, 2, 2], [0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 3]])
    read = reading.greedy(np.eye(4)[best])
    assert reading.same(read, strings(["aab", "", "cc"])).all()
    assert not reading.same(read, strings(["ab", "a", "c"])).any()
    np.testing.assert_allclose(reading.log_likelihood(np.eye(4)[best], strings(["aab", "", "cc"])), 0, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=8))
def test_the_distance_is_that_of_levenshtein_and_of_the_pairs(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = reading.edit_distances(strings(list(first)), strings(list(second)))
    assert found.tolist() == [levenshtein(one, two) for one, two in pairs]
    for (one, two), distance in zip(pairs, found, strict=True):
        counted = reading.character_pairs(one, two)
        assert sum(count for (own, other), count in counted.items() if own != other) == distance
        assert sorted("".join(own * count for (own, _), count in counted.items())) == sorted(one)
        assert sorted("".join(other * count for (_, other), count in counted.items())) == sorted(two)


def levenshtein(first: str, second: str) -> int:
    if not first or not second:
        return max(len(first), len(second))
    inner = levenshtein(first[1:], second[1:]) + (first[0] != second[0])
    return min(inner, levenshtein(first[1:], second) + 1, levenshtein(first, second[1:]) + 1)


@pytest.mark.parametrize(("width", "longest"), [(40, 5), (64, 5), (16, 4), (96, 7), (16, 8), (9, 5), (200, 2)])
def test_there_are_frames_for_every_string(width: int, longest: int) -> None:
    halvings, columns = reading.frames_per_column(width, longest)
    assert columns == -(-width // 2**halvings) <= reading.frames_of(width, longest)
    assert reading.frames_of(width, longest) >= 2 * longest - 1
    assert columns > 2 * longest or halvings == 0
