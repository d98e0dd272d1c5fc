"""Logit adjustment: logits minus tau x log(class prior). The strongest baseline without a cost.

Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314, section 4: a classifier trained on rare
classes predicts them too rarely, and subtracting the log prior from its logits corrects that without training and
without data. tau = 1 is right for exact probabilities; a network that has memorised its train rows needs more, so tau
is chosen on validation.

It is chosen by the class-balanced log loss, with the logits divided by a temperature that is fitted anew for each tau
(Guo et al. 2017, arXiv 1706.04599). Balanced accuracy would be too coarse: of ten validation rows of a rare class each
moves it by a tenth of that class. Without the temperature, the loss would reward anything that makes a classifier less
confident, such as more rows. That is not a gain: a temperature changes no decision.

Notation: S seeds, n rows, K classes. Logits are float [S, n, K] and may be shifted by a constant per row.
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
    """Log prior float64 [K]: the logarithm of class shares or counts, scaled to sum to one.

    A class without rows counts as the largest one: there is nothing learnt about it that an adjustment could bring out.
    """
    filled = np.where(shares > 0, shares, shares.max()).astype(np.float64)
    logarithm: Values = np.log(filled / filled.sum())
    return logarithm


def adjusted(logits: Probabilities, prior: Values, tau: float) -> Probabilities:
    """Logits [..., K] after adjustment; the given ones where `tau` is 0."""
    return logits - tau * prior if tau else logits


def logits_of(probabilities: Probabilities, floor: float) -> Values:
    """Logits float64 [..., K]: logarithms of probabilities, which are logits up to a constant per row."""
    logits: Values = np.log(np.maximum(probabilities.astype(np.float64), floor))
    return logits


def adjust(probabilities: Probabilities, adjustment: Adjustment, *, calibrate: bool = False) -> Probabilities:
    """Probabilities [..., K] after adjustment; with `calibrate` scaled by its temperature, which moves no decision.

    Without a tau and uncalibrated, the same array is returned.
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
    """Probabilities of several questions, one after another, each after its own adjustment."""
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
    """Adjustment of a classifier by its predictions [S, n, K] of validation rows, the same for all seeds.

    Among all `TAUS` along each of `priors`, the one with the smallest class-balanced log loss is chosen, each at its
    best temperature; none (tau 0) where the paired gain of the best over none is not above its own standard error.
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
    """Half of the smallest positive probability: a forest of 200 trees means less than 1 in 200 by its 0."""
    positive = probabilities[probabilities > 0]
    return float(np.clip(positive.min() / 2 if len(positive) else 0, *_FLOORS))


def _useful(priors: Sequence[Values]) -> list[Values]:
    """Priors that move decisions, each once: a uniform prior moves none."""
    kept: list[Values] = []
    for prior in priors:
        if np.ptp(prior) > 1e-9 and not any(np.allclose(prior, other) for other in kept):
            kept.append(prior)
    return kept


@dataclass(frozen=True)
class _Fitted:
    """Adjustment at its best temperature: each row's loss, mean over seeds, and the mean over classes."""

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
    """Standard error of the mean over classes of `values` [n]; a class of one row gets the variance of all rows."""
    counts = np.bincount(labels)
    present = counts > 0
    means = np.bincount(labels, weights=values) / np.maximum(counts, 1)
    squares = np.bincount(labels, weights=(values - means[labels]) ** 2)
    pooled = squares.sum() / max(len(values) - present.sum(), 1)
    variances = np.where(counts > 1, squares / np.maximum(counts - 1, 1), pooled)
    return float(np.sqrt((variances[present] / counts[present]).sum()) / present.sum())
