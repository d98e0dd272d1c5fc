"""Membership inference: an attack that decides from the synthetic rows whether a known record was in the train part.

The attack is the simplest that works without the model: a record with an unusually near synthetic row is classified as
a member (Chen et al. 2020, "GAN-Leaks", arXiv 1909.03935, the full black-box attack). It is run on train rows (members)
and on held-out rows of the same source (not members). A stronger attack may exist: one half means that *this* attack
fails, not that every attack does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from gan_augment.fidelity.distances import nearest

__all__ = ["MembershipAttack", "membership_attack"]

Rows = npt.NDArray[np.floating]
FALSE_ALARMS = 0.05


@dataclass(frozen=True)
class MembershipAttack:
    """Success of the attack.

    Attributes
    ----------
    auc
        Probability that a member is ranked above a non-member; 0.5 is guessing.
    pvalue
        One-sided Mann-Whitney: the probability that guessing does as well. Below 0.01, membership leaks.
    caught
        Share of members detected at a threshold with 5 % false alarms among the others (Carlini et al. 2022,
        arXiv 2112.03570: certainty about a few members does more harm than a guess about all); guessing: 0.05.
    members, others
        The number of records attacked.
    """

    auc: float
    pvalue: float
    caught: float
    members: int
    others: int


def membership_attack(cells: Sequence[tuple[Rows, Rows, Rows]]) -> MembershipAttack | None:
    """Attack each class's (train, held-out, synthetic) rows, float [n, d]; a class without one of them is left out.

    Distances are divided by the class's median held-out distance, so that classes can be ranked together. None where no
    class is left.
    """
    members, others = [], []
    for train, heldout, synthetic in cells:
        if not min(len(train), len(heldout), len(synthetic)):
            continue
        to_train, to_heldout = nearest(train, synthetic)[0], nearest(heldout, synthetic)[0]
        scale = float(np.median(to_heldout)) or 1.0
        members.append(to_train / scale)
        others.append(to_heldout / scale)
    if not members:
        return None
    inside, outside = np.concatenate(members), np.concatenate(others)
    statistic, pvalue = mannwhitneyu(outside, inside, alternative="greater")
    near = np.quantile(outside, FALSE_ALARMS)
    return MembershipAttack(
        auc=float(statistic / (len(inside) * len(outside))),
        pvalue=float(pvalue),
        caught=float((inside < near).mean()),
        members=len(inside),
        others=len(outside),
    )
