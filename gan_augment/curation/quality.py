"""Quality figures of a generated set: fidelity and diversity of the accepted rows, copying by all candidates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.curation.filters import Labelled
from gan_augment.fidelity.distances import frechet_distance, kernel_distance
from gan_augment.fidelity.memorisation import CopyTest, copy_test, copy_test_in_cells
from gan_augment.fidelity.metrics import Prdc, diversity_ratio, mean_prdc, prdc_in_blocks
from gan_augment.fidelity.two_sample import two_sample_test

__all__ = ["class_quality", "copying", "overall_quality", "real_against_real"]

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.integer[Any]]
_FEWEST = 3  # rows a side below which no figure is given
_ROWS_PER_DIMENSION = 10  # a Fréchet distance needs about ten rows per dimension
_BLOCKS = 8


def class_quality(heldout: Rows, accepted: Rows, neighbours: int) -> dict[str, float | None]:
    """Precision, recall, density, coverage, KID and diversity of one class against its held-out real rows.

    None for all of them where a side has fewer than 3 rows.
    """
    if min(len(heldout), len(accepted)) < _FEWEST:
        return {**_prdc_figures(None), "kid": None, "diversity": None}
    return {
        **_prdc_figures(prdc_in_blocks(heldout, accepted, neighbours)),
        "kid": kernel_distance(heldout, accepted),
        "diversity": _finite(diversity_ratio(heldout, accepted)),
    }


def overall_quality(heldout: Labelled, accepted: Labelled, neighbours: int, *, seed: int) -> dict[str, Any]:
    """Quality over all classes, and a two-sample test; classes have the weights of the held-out rows.

    "frechet" is taken on the leading principal components of the held-out rows, as many as their number allows
    ("frechet_dimensions").
    """
    blocks = _class_matched_blocks(heldout, accepted)
    if len(heldout.rows) < _FEWEST or not blocks or len(blocks[0]) < _FEWEST:
        empty = {"kid": None, "diversity": None, "frechet": None, "frechet_dimensions": None, "two_sample": None}
        return {**_prdc_figures(None), **empty}
    real, matched = heldout.rows[:], np.concatenate(blocks)
    return {
        **_prdc_figures(mean_prdc(real, blocks, neighbours)),
        "kid": kernel_distance(real, matched),
        "diversity": _finite(diversity_ratio(real, matched)),
        **_frechet(real, matched),
        "two_sample": _two_sample(real, matched, seed),
    }


def real_against_real(heldout: Labelled, neighbours: int, *, seed: int) -> dict[str, Any]:
    """Overall figures of a half of the held-out rows against the other: the best that can be expected."""
    even = np.zeros(len(heldout.labels), dtype=bool)
    for index in np.unique(heldout.labels):
        even[np.flatnonzero(heldout.labels == index)[::2]] = True
    halves = [Labelled(heldout.rows[mask], heldout.labels[mask]) for mask in (even, ~even)]
    return overall_quality(halves[0], halves[1], neighbours, seed=seed)


def copying(
    candidates: Callable[[int], npt.NDArray[np.float64]],
    heldout: npt.NDArray[np.float64],
    labels: Labels,
    heldout_labels: Labels,
) -> tuple[dict[int, CopyTest], CopyTest | None]:
    """Memorisation tests of each class that has candidates and held-out rows, and of all of them together.

    `candidates` (a function of the class, called twice per class so that a single class is in memory at a time) and
    `heldout` give distances to the nearest train row.
    """
    shared = list(map(int, np.intersect1d(labels, heldout_labels)))
    tests = {index: copy_test(candidates(index), heldout[heldout_labels == index]) for index in shared}
    cells = ((candidates(index), heldout[heldout_labels == index]) for index in shared)
    return tests, copy_test_in_cells(cells) if shared else None


def _class_matched_blocks(heldout: Labelled, accepted: Labelled) -> list[Rows]:
    """Sets of accepted rows with the held-out class counts, as many as the scarcest class allows, at least one.

    A class with fewer accepted than held-out rows gives all it has; the missing rows then lower the coverage.
    """
    wanted = {int(c): int((heldout.labels == c).sum()) for c in np.unique(heldout.labels)}
    if not wanted:
        return []
    rows = {c: accepted.of_class(c) for c in wanted}
    rounds = min((len(rows[c]) // wanted[c] for c in wanted if len(rows[c])), default=0)
    count = max(1, min(_BLOCKS, rounds))
    blocks = [np.concatenate([rows[c][i * n : (i + 1) * n] for c, n in wanted.items()]) for i in range(count)]
    return [block for block in blocks if len(block)]


def _prdc_figures(found: Prdc | None) -> dict[str, float | None]:
    names = ("precision", "recall", "density", "coverage")
    return {name: None if found is None else getattr(found, name) for name in names}


def _frechet(heldout: Rows, matched: Rows) -> dict[str, float | int | None]:
    dimensions = min(heldout.shape[1], min(len(heldout), len(matched)) // _ROWS_PER_DIMENSION)
    if dimensions < 1:
        return {"frechet": None, "frechet_dimensions": None}
    _, _, axes = np.linalg.svd(heldout - heldout.mean(axis=0), full_matrices=False)
    axes = axes[:dimensions].T
    return {"frechet": frechet_distance(heldout @ axes, matched @ axes), "frechet_dimensions": axes.shape[1]}


def _two_sample(heldout: Rows, matched: Rows, seed: int) -> dict[str, Any] | None:
    if min(len(heldout), len(matched)) < 8:
        return None
    found = two_sample_test(heldout, matched, seed=seed)
    return {"accuracy": found.accuracy, "auc": found.auc, "pvalue": found.pvalue, "critic": found.critic}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
