"""Collapse and overfitting alarms, per class and for the whole run.

Thresholds are those at which pilots on small image sets failed; each compares with what held-out real rows of the same
class do, so that a class which is uniform by nature raises none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gan_augment.fidelity.distances import nearest
from gan_augment.fidelity.memorisation import copy_test
from gan_augment.fidelity.metrics import diversity_ratio, prdc

__all__ = ["MIN_ROWS", "class_alarm", "run_alarm"]

Rows = npt.NDArray[np.floating]

MIN_ROWS = 8  # held-out rows of a class, below which none of the figures means anything
COLLAPSED_DIVERSITY = 0.4
MEMORISED_RATIO = 0.5
LOW_COVERAGE = 0.3
MIXED_UP_AGREEMENT = 0.5
DEAD_DISCRIMINATOR_LOSS = 0.02  # log 2 is a coin; this is a discriminator that is right with e^4 to 1, on average


def class_alarm(train: Rows, held_out: Rows, synthetic: Rows, label_agreement: float | None) -> str | None:  # noqa: PLR0911 - one return a fault
    """What is wrong with one class's synthetic rows [n, d] in words, or None.

    `label_agreement`: share in [0, 1] of them that a classifier trained on real train rows gives the asked-for label;
    None where there is no second class to tell them from.
    """
    if min(len(held_out), len(synthetic), len(train)) < MIN_ROWS:
        return None
    if not np.isfinite(synthetic).all():
        return "not finite"
    diversity = diversity_ratio(held_out, synthetic)
    if diversity < COLLAPSED_DIVERSITY:
        return f"collapsed: pairwise distance {diversity:.2f} of the real rows'"
    copying = copy_test(nearest(synthetic, train)[0], nearest(held_out, train)[0])
    if copying.ratio < MEMORISED_RATIO and copying.pvalue < 0.01:
        return f"memorised: {copying.ratio:.2f} of the distance to train that fresh rows have"
    if label_agreement is not None and label_agreement < MIXED_UP_AGREEMENT:
        return f"wrong class: a real-trained classifier agrees with {label_agreement:.0%} of the labels"
    coverage = prdc(held_out, synthetic, k=min(5, len(held_out) - 1)).coverage
    if coverage < LOW_COVERAGE:
        return f"low coverage: {coverage:.2f} of the held-out rows have a synthetic neighbour"
    return None


def run_alarm(losses: Mapping[str, float]) -> str | None:
    """What is wrong with the run as a whole since the last tick, or None. `losses`: mean loss of each phase."""
    for name, value in losses.items():
        if not math.isfinite(value):
            return f"the {name}'s loss is not a number"
    if losses.get("discriminator", math.inf) < DEAD_DISCRIMINATOR_LOSS:
        return f"the discriminator won (loss {losses['discriminator']:.4f}): nothing is left to learn from it"
    return None
