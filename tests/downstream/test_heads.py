"""Heads of a linear probe: what they make of strong and weak directions, and of very few rows."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.downstream.arms import Head
from gan_augment.downstream.config import LinearProbeConfig
from gan_augment.downstream.heads import HalfWhitening, head_of


def features(rows: int, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Forty features: the first is loud and means nothing, the last, a hundredth of it, tells two classes apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    inputs = rng.normal(size=(rows, 40)) * np.geomspace(10, 0.1, 40)
    inputs[:, -1] += 0.4 * labels
    return inputs, labels


def test_half_whitening_takes_the_root_of_every_spread() -> None:
    inputs, _ = features(5000)
    before, after = inputs.std(axis=0), HalfWhitening().fit(inputs).transform(inputs).std(axis=0)
    ratio = after[0] / after[20]
    assert ratio == pytest.approx(np.sqrt(before[0] / before[20]), rel=0.1)
    assert (after**2).mean() == pytest.approx(1, rel=0.1)


def test_what_varies_not_at_all_stays_small() -> None:
    inputs = np.zeros((10, 3))
    inputs[:, 0] = np.arange(10)
    after = HalfWhitening().fit(inputs).transform(inputs)
    assert np.isfinite(after).all()
    assert (after[:, 1:] == 0).all()


@pytest.mark.parametrize("head", get_args(Head))
def test_every_head_learns_and_gives_probabilities(head: Head) -> None:
    (inputs, labels), (unseen, truth) = features(400), features(400, seed=1)
    whiten = HalfWhitening().fit(inputs)
    model = head_of(head, LinearProbeConfig(C=1.0)).fit(whiten.transform(inputs), labels)
    probabilities = model.predict_proba(whiten.transform(unseen))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (model.classes_[probabilities.argmax(axis=1)] == truth).mean() > 0.9


def hidden(rows: int, seed: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Twenty features that rise and fall together, and classes that differ in what is left of them after that."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    apart = np.where(np.arange(20) % 2, 0.1, -0.1)
    return rng.normal(size=(rows, 1)) + 0.2 * rng.normal(size=(rows, 20)) + labels[:, None] * apart, labels


def test_whitening_hears_what_logistic_regression_does_not() -> None:
    (inputs, labels), (unseen, truth) = hidden(60, 0), hidden(2000, 1)
    whiten = HalfWhitening().fit(inputs)

    def right(head: Head, seen: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> float:
        model = head_of(head, LinearProbeConfig()).fit(seen, labels)
        return float((model.predict_proba(new).argmax(axis=1) == truth).mean())

    plain = right("logistic", inputs, unseen)
    assert right("half_whitened", whiten.transform(inputs), whiten.transform(unseen)) > plain + 0.02
    assert right("discriminant", inputs, unseen) > plain + 0.02


def test_the_discriminant_knows_its_prior() -> None:
    inputs, labels = features(4000)
    kept = (labels == 0) | (np.arange(4000) % 20 == 1)  # one in ten of class 1
    model = head_of("discriminant", LinearProbeConfig()).fit(inputs[kept], labels[kept])
    middle = np.zeros((1, 40))
    middle[0, -1] = 0.2  # between the classes
    odds = np.divide(*model.predict_proba(middle)[0])
    assert odds == pytest.approx(10, rel=0.3)


@pytest.mark.parametrize("head", get_args(Head))
def test_a_class_of_one_row(head: Head) -> None:
    inputs, _ = features(6)
    labels = np.array([0, 0, 0, 0, 0, 3])
    model = head_of(head, LinearProbeConfig()).fit(inputs, labels)
    assert model.classes_.tolist() == [0, 3]
    assert np.isfinite(model.predict_proba(inputs)).all()
    two = head_of(head, LinearProbeConfig()).fit(inputs[4:], labels[4:])
    assert np.isfinite(two.predict_proba(inputs)).all()
