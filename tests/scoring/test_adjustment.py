"""Logit adjustment on toys whose answer is forced: two Gaussians, of which every probability is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.predictions import Adjustment
from gan_augment.scoring.adjustment import adjust, adjusted, choose_tau, log_prior, logits_of
from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.metrics import balanced_accuracy, score
from gan_augment.scoring.statistics import TestRows
from tests.scoring.toys import classes

RARE = np.array([0.95, 0.05])
EVEN = np.array([0.5, 0.5])


def places(rows: int = 400, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Where rows of two classes lie, around -1 and 1 with deviation 1, and their classes."""
    labels = np.repeat([0, 1], rows // 2)
    return np.random.default_rng(seed).normal(2 * labels - 1, 1), labels


def posterior(x: npt.NDArray[np.float64], prior: npt.NDArray[np.float64], sure: float = 1.0) -> npt.NDArray[np.float32]:
    """float32 [1, n, 2]: Bayes' rule under `prior`; with logits `sure` times as large as is right."""
    logits = sure * (np.stack([-x, x], axis=-1) + np.log(prior))
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: npt.NDArray[np.float32] = (exponents / exponents.sum(axis=-1, keepdims=True)).astype(np.float32)[None]
    return shares


def test_without_tau_nothing_is_touched() -> None:
    x, _ = places()
    probabilities = posterior(x, RARE)
    assert adjust(probabilities, Adjustment(log_prior=tuple(log_prior(RARE)), temperature=3.0)) is probabilities
    logits = logits_of(probabilities, 1e-30)
    assert adjusted(logits, log_prior(RARE), 0.0) is logits


def test_a_bayes_optimal_classifier_becomes_the_balanced_optimal_one_at_tau_1() -> None:
    x, labels = places(4000)
    prior = log_prior(RARE)
    decided = adjust(posterior(x, RARE), Adjustment(tau=1.0, log_prior=tuple(prior)))
    assert (decided[0].argmax(axis=1) == (x > 0)).all()  # the likelihoods cross at 0
    found = choose_tau(posterior(x, RARE), labels, [prior])
    assert found.tau == 1.0
    assert found.temperature == pytest.approx(1.0, abs=0.2)


def test_a_classifier_that_is_too_sure_needs_as_much_more() -> None:
    x, labels = places(4000)
    found = choose_tau(posterior(x, RARE, sure=2.0), labels, [log_prior(RARE)])
    assert found.tau == 2.0
    assert found.temperature == pytest.approx(2.0, abs=0.4)


def test_moving_the_prior_alone_is_no_gain_after_adjustment() -> None:
    x, labels = places(2000)
    rows, unseen, truth = TestRows(labels, draws=200, generator=np.random.default_rng(0)), *places(2000, seed=1)
    as_it_is, evened_out = ((posterior(x, prior), posterior(unseen, prior)) for prior in (RARE, EVEN))

    def accuracy(probabilities: npt.NDArray[np.floating]) -> float:
        return score(balanced_accuracy, probabilities[0], truth)

    assert accuracy(evened_out[1]) > accuracy(as_it_is[1]) + 0.1  # before: a gain of more than ten points
    tuned = [
        accuracy(adjust(test, choose_tau(seen, labels, [log_prior(RARE)]))) for seen, test in (as_it_is, evened_out)
    ]
    assert tuned[0] == pytest.approx(tuned[1], abs=1e-9)
    criterion = Criterion(rows, [RARE], classes(len(RARE)))
    gain = criterion.interval(criterion.scores(evened_out[0]).merit - criterion.scores(as_it_is[0]).merit)
    assert abs(gain.mean) < 0.002


@given(
    logits=st.lists(st.lists(st.floats(-9, 9), min_size=3, max_size=3), min_size=1, max_size=6),
    shift=st.floats(-20, 20),
    tau=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
)
def test_constant_shifts_change_nothing(logits: list[list[float]], shift: float, tau: float) -> None:
    prior = log_prior(np.array([60, 60, 10]))
    plain = adjusted(np.asarray(logits), prior, tau)
    for moved in (adjusted(np.asarray(logits) + shift, prior, tau), adjusted(np.asarray(logits), prior + shift, tau)):
        np.testing.assert_allclose(moved - moved[:, :1], plain - plain[:, :1], atol=1e-9)


@given(st.lists(st.integers(0, 90), min_size=2, max_size=6).filter(any), st.integers(2, 9))
def test_the_prior_is_that_of_the_shares_whatever_their_scale(counts: list[int], times: int) -> None:
    prior = log_prior(np.array(counts))
    assert np.exp(prior).sum() == pytest.approx(1)
    np.testing.assert_allclose(log_prior(np.array(counts) * times), prior)
    absent = np.array(counts) == 0
    assert (prior[absent] == prior.max()).all()  # never set free


def test_an_even_prior_and_a_classifier_in_balance_are_left_alone() -> None:
    x, labels = places(400)
    assert choose_tau(posterior(x, RARE), labels, [log_prior(EVEN)]).tau == 0
    assert choose_tau(posterior(x, RARE), labels, []).tau == 0
    taus = [
        choose_tau(posterior(places(100, seed)[0], EVEN), places(100)[1], [log_prior(RARE)]).tau for seed in range(60)
    ]
    assert np.mean(np.array(taus) == 0) >= 0.7  # the standard-error rule; 84 % were it exact
    assert max(taus) <= 0.25


def test_of_two_priors_the_one_that_fits_is_taken() -> None:
    x, labels = places(2000)
    wrong = log_prior(RARE[::-1])
    found = choose_tau(posterior(x, RARE), labels, [wrong, log_prior(RARE)])
    assert found.log_prior == tuple(log_prior(RARE))


def test_a_probability_of_nought_is_half_the_smallest_other_one() -> None:
    labels = np.repeat([0, 1], 20)
    votes = np.where(labels == 0, 0.0, 0.02)  # a forest of 50 trees, one of which knows the rare class
    probabilities = np.stack([1 - votes, votes], axis=1)[None].astype(np.float32)
    found = choose_tau(probabilities, labels, [log_prior(RARE)])
    assert found.floor == pytest.approx(0.01)
    assert score(balanced_accuracy, adjust(probabilities, found)[0], labels) == 1.0


def test_sums_to_one_and_keeps_the_seeds_apart() -> None:
    x, labels = places()
    both = np.concatenate([posterior(x, RARE), posterior(-x, RARE)])
    found = choose_tau(both, labels, [log_prior(RARE)])
    for calibrate in (False, True):
        moved = adjust(
            both, found.model_copy(update={"tau": 1.0, "log_prior": tuple(log_prior(RARE))}), calibrate=calibrate
        )
        assert moved.shape == both.shape
        np.testing.assert_allclose(moved.sum(axis=-1), 1)


@pytest.mark.parametrize("rows", [[0, 1], [0, 0, 1], [0, 0, 0]])
def test_a_handful_of_validation_rows_is_survived(rows: list[int]) -> None:
    labels = np.array(rows)
    found = choose_tau(posterior(labels * 1.0, RARE), labels, [log_prior(RARE)])
    assert np.isfinite(found.temperature)
    assert found.tau >= 0
