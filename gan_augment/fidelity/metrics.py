"""Fidelity and diversity of synthetic rows against real ones: plain NumPy on float arrays [n, d].

Every function takes the real rows first. The caller chooses the space (own CNN features, PCA pixels, codec columns); a
figure is meaningful only beside the same figure of real against real.

Real rows from which the synthesizer learned reward copying in every metric here: compare with held-out rows, and use
`gan_augment.fidelity.memorisation` to detect copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from gan_augment.fidelity.distances import CHUNK, check_rows, kth_neighbour_distance, mean_pairwise_distance

__all__ = [
    "Prdc",
    "coverage_of_equals",
    "diversity_ratio",
    "mean_prdc",
    "prdc",
    "prdc_in_blocks",
]

Rows = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Prdc:
    """Precision, recall, density, coverage, and their `k`.

    Precision and density measure whether synthetic rows look real, recall and coverage whether real rows are covered. A
    collapsed generator has high precision and low coverage; noise has low precision. Density alone may exceed 1 (real
    rows lie densest there); the others are in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float
    k: int


def prdc(real: Rows, synthetic: Rows, k: int = 5) -> Prdc:
    """Improved precision and recall, density and coverage with balls that reach to the k-th neighbour.

    `k` must be smaller than both counts. Kynkäänniemi et al. 2019 (1904.06991) for precision and recall; Naeem et
    al. 2020 (2002.09797) for density and coverage, whose expectation for equal distributions depends on the two
    counts: see `coverage_of_equals`, and `prdc_in_blocks` for counts that differ.
    """
    check_rows(real, synthetic)
    real_radius = kth_neighbour_distance(real, k)
    synthetic_radius = kth_neighbour_distance(synthetic, k)
    in_real_balls = np.zeros(len(synthetic), dtype=np.int64)  # number of real balls that hold each synthetic row
    recalled = np.zeros(len(real), dtype=bool)
    covered = np.zeros(len(real), dtype=bool)
    for start in range(0, len(real), CHUNK):
        part = slice(start, start + CHUNK)
        distance = cdist(real[part], synthetic)
        in_real_balls += (distance < real_radius[part, None]).sum(axis=0)
        recalled[part] = (distance < synthetic_radius).any(axis=1)
        covered[part] = distance.min(axis=1) < real_radius[part]
    return Prdc(
        precision=float((in_real_balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(in_real_balls.mean() / k),
        coverage=float(covered.mean()),
        k=k,
    )


def prdc_in_blocks(real: Rows, synthetic: Rows, k: int = 5, max_blocks: int = 8) -> Prdc:
    """Mean of `prdc` over consecutive blocks of synthetic rows, each as many as the real rows.

    Ten times as many synthetic rows as real ones cover nearly everything by number alone, so figures taken at unequal
    counts cannot be compared. `synthetic` should be in random order. Fewer synthetic than real rows are used as they
    are. `k` is lowered to fit tiny sets; at least 2 rows a side are needed.
    """
    size = min(len(real), len(synthetic))
    blocks = max(1, min(max_blocks, len(synthetic) // size)) if size else 1
    return mean_prdc(real, [synthetic[i * size : (i + 1) * size] for i in range(blocks)], k)


def mean_prdc(real: Rows, blocks: Sequence[Rows], k: int = 5) -> Prdc:
    """Mean of `prdc` over several sets of synthetic rows; `k` is lowered to fit the smallest set."""
    k = min([k, len(real) - 1, *(len(block) - 1 for block in blocks)])
    parts = [prdc(real, block, k) for block in blocks]
    figures = np.array([(p.precision, p.recall, p.density, p.coverage) for p in parts]).mean(axis=0)
    precision, recall, density, coverage = map(float, figures)
    return Prdc(precision, recall, density, coverage, k)


def coverage_of_equals(n_real: int, n_synthetic: int, k: int) -> float:
    """Coverage expected of real against real: 1 - prod_i (n_real - i) / (n_real + n_synthetic - i), i = 1..k.

    Naeem et al. 2020, section 3.3, here for balls that reach to the k-th *other* row.
    """
    i = np.arange(1, k + 1)
    return float(1 - np.prod((n_real - i) / (n_real + n_synthetic - i)))


def diversity_ratio(real: Rows, synthetic: Rows) -> float:
    """Mean pairwise distance of synthetic rows over that of real rows: 1 is as diverse, below 0.4 has collapsed.

    Where all real rows are equal the ratio has no meaning; it is 1.0 if the synthetic ones are equal too.
    """
    spread, made = mean_pairwise_distance(real), mean_pairwise_distance(synthetic)
    if spread == 0:
        return 1.0 if made == 0 else float("inf")
    return made / spread
