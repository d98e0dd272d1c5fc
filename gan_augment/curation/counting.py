"""Counting check: blobs and holes of synthetic images against those of real ones, class by class.

GANs trained on images with a fixed number of objects emit a spread around it (Zhao et al. 2018, 1811.03259). No label
of the count is needed: the numbers of separate blobs and of holes are read off the two-level version of a picture and
compared with the real pictures of the same class. The absolute counts of tiny images are unreliable, their difference
from the real ones is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gan_augment.core.seeds import numpy_generator

__all__ = ["CountComparison", "compare_counts", "count_blobs_and_holes"]

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_FINE_SIDE = 32  # smaller images are enlarged smoothly first, so that a hole of one pixel is a hole
_SMALLEST = 0.008  # share of the image below which a blob or a hole is noise
_MOST = 9
_PERMUTATIONS = 200


@dataclass(frozen=True)
class CountComparison:
    """Distance of the counts of synthetic images from the real ones.

    Attributes
    ----------
    excess
        Mean over classes of the total variation distance of the (blobs, holes) counts, less its expectation by chance
        at these sample sizes: 0 is like real, 1 means that no count is right.
    pvalue
        Permutation test within classes.
    steadiness
        Mean share of a class's most frequent count among real images. Low: counts mean nothing in these pictures.
    """

    excess: float
    pvalue: float
    steadiness: float


def count_blobs_and_holes(images: Images) -> npt.NDArray[np.int64]:
    """Counts int64 [n, 2] of uint8 [n, h, w, c]: separate foreground blobs and enclosed holes, at most 9 each.

    The foreground differs from the level of the border, by Otsu's threshold (1979) of each image.
    """
    return np.array([_count(image) for image in images], dtype=np.int64).reshape(-1, 2)


def _count(image: Images) -> tuple[int, int]:
    grey = image.astype(np.float64).mean(axis=2)
    factor = -(-_FINE_SIDE // min(grey.shape))
    if factor > 1:
        grey = ndimage.zoom(grey, factor, order=1, mode="nearest", grid_mode=True)
    above = np.pad(grey > _otsu_threshold(grey), 1, mode="edge")
    border = np.concatenate([above[0], above[-1], above[:, 0], above[:, -1]])
    foreground = above if border.mean() < 0.5 else ~above
    smallest = _SMALLEST * grey.size
    outside = np.pad(~foreground, 1, constant_values=True)  # joins whatever background reaches the border
    blobs = _large_parts(foreground, np.ones((3, 3)), smallest)
    holes = _large_parts(outside, None, smallest) - 1
    return min(blobs, _MOST), min(max(holes, 0), _MOST)


def _large_parts(mask: npt.NDArray[np.bool_], structure: npt.NDArray[np.float64] | None, smallest: float) -> int:
    labelled, _ = ndimage.label(mask, structure)
    return int((np.bincount(labelled.ravel())[1:] >= smallest).sum())


def _otsu_threshold(grey: npt.NDArray[np.float64]) -> float:
    """Level with the least variance within the two sides."""
    levels = np.arange(256)
    counts = np.bincount(np.rint(grey).astype(np.int64).ravel(), minlength=256)
    below, total = counts.cumsum(), counts.sum()
    mass = (counts * levels).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below / total - mass) ** 2 / (below * (total - below))
    best = np.flatnonzero(between >= np.nanmax(between) * (1 - 1e-9)) if np.isfinite(between).any() else levels
    return float(best.mean()) + 0.5  # the middle of a plateau, between two levels


def compare_counts(
    real: Images, real_labels: Labels, synthetic: Images, labels: Labels, *, seed: int
) -> CountComparison | None:
    """Comparison of the counts within each class that has at least 8 images on both sides; None without one."""
    codes = [counts @ np.array([_MOST + 1, 1]) for counts in map(count_blobs_and_holes, (real, synthetic))]
    cells = [
        (codes[0][real_labels == c], codes[1][labels == c])
        for c in np.unique(real_labels)
        if min((real_labels == c).sum(), (labels == c).sum()) >= 8
    ]
    if not cells:
        return None
    observed = np.mean([_total_variation(*cell) for cell in cells])
    rng = numpy_generator(seed, "counts")
    chance = np.array(
        [np.mean([_total_variation(*_shuffled(cell, rng)) for cell in cells]) for _ in range(_PERMUTATIONS)]
    )
    steadiness = np.mean([np.unique(cell[0], return_counts=True)[1].max() / len(cell[0]) for cell in cells])
    pvalue = (1 + (chance >= observed).sum()) / (1 + _PERMUTATIONS)
    return CountComparison(float(observed - chance.mean()), float(pvalue), float(steadiness))


def _total_variation(a: Labels, b: Labels) -> float:
    size = (_MOST + 1) ** 2
    shares = [np.bincount(side, minlength=size) / len(side) for side in (a, b)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _shuffled(cell: tuple[Labels, Labels], rng: np.random.Generator) -> tuple[Labels, Labels]:
    pooled = rng.permutation(np.concatenate(cell))
    return pooled[: len(cell[0])], pooled[len(cell[0]) :]
