"""The stop rule's controls: what must stop a run, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.fidelity.two_sample import two_sample_test
from gan_augment.synthesis.health.stop_rule import MIN_CRITIC_ROWS, Check, stop_reason


def look(real: np.ndarray, synthetic: np.ndarray, score: float = 0.0) -> Check:
    critic = two_sample_test(real, synthetic, seed=0)
    return Check(score, critic.accuracy, critic.pvalue, critic.test_rows)


def normal(seed: int, count: int = 600, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (count, 4))


def test_a_generator_equal_to_the_data_stops_at_the_first_check() -> None:
    assert stop_reason([look(normal(1), normal(2))], patience=3) == "equilibrium"


def test_real_against_real_passes() -> None:
    from sklearn.datasets import load_digits

    pixels = np.random.default_rng(0).permutation(load_digits().data)
    assert look(pixels[:800], pixels[800:1600]).at_equilibrium


def test_a_frozen_random_generator_never_passes() -> None:
    from sklearn.datasets import load_digits

    pixels = np.random.default_rng(0).permutation(load_digits().data)[:600]
    noise = np.random.default_rng(1).integers(0, 17, (600, 64)).astype(float)
    checks = [look(pixels, noise, score=-float(i)) for i in range(3)] * 5
    assert stop_reason(checks, patience=1) is None


def test_a_pass_with_few_rows_is_not_believed() -> None:
    assert not look(normal(1, 60), normal(2, 60)).at_equilibrium
    assert look(normal(1, 60), normal(2, 60)).critic_rows < MIN_CRITIC_ROWS


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.integers(1, 5))
def test_far_from_equilibrium_only_the_cap_ends_a_run(scores: list[float], patience: int) -> None:
    assert stop_reason([Check(score, 0.9, 0.0, 400) for score in scores], patience) is None


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, 0.6, 0.7], None),
        ([0.7, 0.6, 0.6], None),
        ([0.7, 0.6, 0.6, 0.6], "no improvement"),
        ([0.7, 0.6, 0.6, 0.8], None),
    ],
)
def test_near_equilibrium_patience_counts_from_the_best_check(scores: list[float], expected: str | None) -> None:
    assert stop_reason([Check(score, 0.58, 0.001, 400) for score in scores], patience=3) == expected
