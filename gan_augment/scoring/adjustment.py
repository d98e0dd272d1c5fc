"""Logit adjustment: logits minus tau x log(class prior). The strongest opponent that costs nothing.

Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314, section 4: a classifier that was trained
where some classes are rare is too reluctant to name them, and taking the prior off its logits undoes that without
training and without data. tau = 1 is right for one that knows the probabilities; a network that has learnt its train
rows by heart needs more, which is why tau is chosen on validation.

It is chosen by the class-balanced log loss, with the logits divided by a temperature that is fitted for each tau anew
(Guo et al. 2017, arXiv 1706.04599). Balanced accuracy would be too coarse: of ten validation rows of a rare class each
moves it by a tenth of that class. And without the temperature the loss rewards whatever makes a classifier less sure of
itself, more rows among it, and that is no gain: a temperature changes no decision.

Notation: S seeds, n rows, K classes. Logits are float [S, n, K] and may be shifted by a constant each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.predictions import Adjustment
from gan_augment.scoring.metrics import Labels

__all__ = ["TAUS", "TEMPERATURES", "adjust", "adjusted", "choose_tau", "log_prior", "logits_of"]

Values = npt.NDArray[np.float64]
Probabilities = npt.NDArray[np.floating]

TAUS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
TEMPERATURES = 2.0 ** np.arange(-3, 5.01, 0.25)
_FLOORS = 1e-30, 1e-2


def log_prior(shares: npt.NDArray[np.integer | np.floating]) -> Values:
    """float64 [K]: the logarithm of class shares or counts, scaled to sum to one.

    A class without rows counts as the largest one: nothing has been learnt of it that an adjustment could set free.
    """
    filled = np.where(shares > 0, shares, shares.max()).astype(np.float64)
    logarithm: Values = np.log(filled / filled.sum())
    return logarithm


def adjusted(logits: Probabilities, prior: Values, tau: float) -> Probabilities:
    """The logits [..., K] after adjustment; those that were given where `tau` is 0."""
    return logits - tau * prior if tau else logits


def logits_of(probabilities: Probabilities, floor: float) -> Values:
    """float64 [..., K]: logarithms, which are logits up to a constant each row."""
    logits: Values = np.log(np.maximum(probabilities.astype(np.float64), floor))
    return logits


def adjust(probabilities: Probabilities, adjustment: Adjustment, *, calibrate: bool = False) -> Probabilities:
    """Probabilities [..., K] after adjustment; with `calibrate` divided by its temperature too, which decides nothing.

    Without a tau, and uncalibrated, they are the same array.
    """
    if adjustment.parts:
        return _adjusted_parts(probabilities, adjustment.parts, calibrate=calibrate)
    if not adjustment.tau and not calibrate:
        return probabilities
    if adjustment.every:
        places = probabilities.reshape(*probabilities.shape[:-1], -1, adjustment.every)
        one = adjustment.model_copy(update={"every": 0})
        return adjust(places, one, calibrate=calibrate).reshape(probabilities.shape)
    prior = np.asarray(adjustment.log_prior) if adjustment.log_prior else np.zeros(probabilities.shape[-1])
    logits = adjusted(logits_of(probabilities, adjustment.floor), prior, adjustment.tau)
    return np.exp(_log_softmax(logits / (adjustment.temperature if calibrate else 1.0)))


def _adjusted_parts(probabilities: Probabilities, parts: Sequence[Adjustment], *, calibrate: bool) -> Probabilities:
    """The probabilities of several questions, one after another, each after its own adjustment."""
    ends = np.cumsum([len(part.log_prior) for part in parts])
    pieces = np.split(probabilities, ends[:-1], axis=-1)
    return np.concatenate(
        [adjust(piece, part, calibrate=calibrate) for piece, part in zip(pieces, parts, strict=True)], axis=-1
    )


def _log_softmax(logits: Probabilities) -> Values:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalised: Values = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalised


def choose_tau(probabilities: Probabilities, labels: Labels, priors: Sequence[Values]) -> Adjustment:
    """The adjustment of a classifier by its predictions [S, n, K] of validation rows, one for all seeds.

    Of all `TAUS` along each of `priors` the one of the smallest class-balanced log loss, each at its best temperature;
    none (tau 0) where the best one's paired gain over none is not above its own standard error.
    """
    floor = _floor(probabilities)
    logits = logits_of(probabilities, floor)
    best = none = _fitted(logits, labels, Adjustment(floor=floor))
    for prior in _useful(priors):
        for tau in TAUS[1:]:
            found = _fitted(logits, labels, Adjustment(tau=tau, log_prior=tuple(map(float, prior)), floor=floor))
            best = found if found.mean < best.mean else best
    error = _standard_error(none.losses - best.losses, labels)
    return best.adjustment if none.mean - best.mean > error else none.adjustment


def _floor(probabilities: Probabilities) -> float:
    """Half of the smallest probability that was given: what a forest of 200 trees calls 0 is less than 1 in 200."""
    positive = probabilities[probabilities > 0]
    return float(np.clip(positive.min() / 2 if len(positive) else 0, *_FLOORS))


def _useful(priors: Sequence[Values]) -> list[Values]:
    """Those that move decisions, each once: an even prior moves none."""
    kept: list[Values] = []
    for prior in priors:
        if np.ptp(prior) > 1e-9 and not any(np.allclose(prior, other) for other in kept):
            kept.append(prior)
    return kept


@dataclass(frozen=True)
class _Fitted:
    """An adjustment at its best temperature: each row's loss, mean over seeds, and the mean over classes."""

    adjustment: Adjustment
    losses: Values
    mean: float


def _fitted(logits: Values, labels: Labels, adjustment: Adjustment) -> _Fitted:
    prior = np.asarray(adjustment.log_prior) if adjustment.log_prior else np.zeros(logits.shape[-1])
    moved = adjusted(logits, prior, adjustment.tau)
    known: dict[int, tuple[float, Values]] = {}

    def loss(place: int) -> float:
        if place not in known:
            chances = _log_softmax(moved / TEMPERATURES[place])
            losses = -chances[:, np.arange(len(labels)), labels].mean(axis=0)
            known[place] = _mean_over_classes(losses, labels), losses
        return known[place][0]

    low, high = 0, len(TEMPERATURES) - 1
    while low < high:  # the loss is convex in 1 / temperature: it falls, then rises
        middle = (low + high) // 2
        low, high = (low, middle) if loss(middle) <= loss(middle + 1) else (middle + 1, high)
    mean, losses = loss(low), known[low][1]
    return _Fitted(adjustment.model_copy(update={"temperature": float(TEMPERATURES[low])}), losses, mean)


def _mean_over_classes(values: Values, labels: Labels) -> float:
    counts = np.bincount(labels)
    sums = np.bincount(labels, weights=values)
    return float((sums[counts > 0] / counts[counts > 0]).mean())


def _standard_error(values: Values, labels: Labels) -> float:
    """Of the mean over classes of `values` [n]; a class of one row is as uneven as all rows together."""
    counts = np.bincount(labels)
    present = counts > 0
    means = np.bincount(labels, weights=values) / np.maximum(counts, 1)
    squares = np.bincount(labels, weights=(values - means[labels]) ** 2)
    pooled = squares.sum() / max(len(values) - present.sum(), 1)
    variances = np.where(counts > 1, squares / np.maximum(counts - 1, 1), pooled)
    return float(np.sqrt((variances[present] / counts[present]).sum()) / present.sum())
