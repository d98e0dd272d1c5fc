"""Structure check: a critic of whole images against a critic that sees one patch at a time.

Where single patches separate synthetic from real images as well as whole images do, the texture is wrong. Where whole
images reveal what no patch reveals, every part is plausible but the arrangement is not: wrong global structure. The
patch critic must see one patch at a time: a forest that is given all patches in a shuffled but fixed order is a critic
of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from gan_augment.core.seeds import derive_seed, numpy_generator

__all__ = ["StructureComparison", "compare_structure"]

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_SIDE = 32  # larger images are averaged down first
_FOLDS = 2
_TREES = 150


@dataclass(frozen=True)
class StructureComparison:
    """AUC of the critic of whole images and of the critic of patches, and their difference with its standard error."""

    whole_auc: float
    patch_auc: float
    gap: float
    gap_error: float


def compare_structure(
    real: Images, synthetic: Images, *, seed: int, max_images: int = 1000, repeats: int = 3
) -> StructureComparison:
    """Comparison of uint8 [n, h, w, c] with [m, h, w, c], each cut to the same number, of at least 8.

    Every critic scores only images that it was not trained on; equal images stay on one side of the split. Class shares
    should be the same on both sides. Synthetic pixels are first rounded to the levels of real ones: otherwise the
    levels of a set of 16 grey levels reveal it, whatever its structure.
    """
    synthetic = _at_real_levels(real, synthetic)
    size = min(len(real), len(synthetic), max_images)
    if size < 8:
        raise ValueError(f"global structure needs 8 images on each side, got {len(real)} and {len(synthetic)}")
    pairs = []
    for repeat in range(repeats):
        rng = numpy_generator(seed, "structure", repeat)
        chosen = [_reduced(side[rng.permutation(len(side))[:size]]) for side in (real, synthetic)]
        pairs += _cross_examined(np.concatenate(chosen), np.repeat([0, 1], size), derive_seed(seed, repeat))
    aucs = np.array(pairs)
    gaps = aucs[:, 0] - aucs[:, 1]
    # Repeats share images, so only the folds of one repeat count as independent.
    error = gaps.std(ddof=1) / np.sqrt(_FOLDS)
    return StructureComparison(float(aucs[:, 0].mean()), float(aucs[:, 1].mean()), float(gaps.mean()), float(error))


def _cross_examined(images: Floats, origin: npt.NDArray[np.int64], seed: int) -> list[tuple[float, float]]:
    """AUC of the whole and of the patches, in each fold."""
    _, groups = np.unique(images.reshape(len(images), -1), axis=0, return_inverse=True)
    fold = numpy_generator(seed, "folds").permutation(groups.max() + 1)[groups.reshape(-1)] % _FOLDS
    patches = _patches(images)
    found = []
    for number in range(_FOLDS):
        learn, ask = fold != number, fold == number
        if len(set(origin[learn])) < 2 or len(set(origin[ask])) < 2:
            continue
        whole = _critic(seed, 1).fit(images[learn].reshape(learn.sum(), -1), origin[learn])
        score = whole.predict_proba(images[ask].reshape(ask.sum(), -1))[:, 1]
        found.append((roc_auc_score(origin[ask], score), _patch_auc(patches, origin, learn, ask, seed)))
    return found


def _patch_auc(
    patches: Floats, origin: npt.NDArray[np.int64], learn: npt.NDArray[np.bool_], ask: npt.NDArray[np.bool_], seed: int
) -> float:
    places = patches.shape[1]
    critic = _critic(seed, places)
    critic.fit(patches[learn].reshape(learn.sum() * places, -1), np.repeat(origin[learn], places))
    votes = critic.predict_proba(patches[ask].reshape(ask.sum() * places, -1))[:, 1]
    return float(roc_auc_score(origin[ask], votes.reshape(-1, places).mean(axis=1)))


def _critic(seed: int, leaf: int) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(_TREES, min_samples_leaf=2 * leaf, random_state=seed % 2**32, n_jobs=1)


def _patches(images: Floats) -> Floats:
    """Patches float32 [n, places, pixels + 1]: a grid of 4 x 4 (2 x 2 below 16 px), the place's number last."""
    count, height, width, channels = images.shape
    grid = 4 if min(height, width) >= 16 else 2
    rows, columns = height // grid, width // grid
    cut = images[:, : rows * grid, : columns * grid]
    cut = cut.reshape(count, grid, rows, grid, columns, channels).transpose(0, 1, 3, 2, 4, 5)
    flat = cut.reshape(count, grid * grid, rows * columns * channels)
    place = np.broadcast_to(np.arange(grid * grid, dtype=np.float32)[None, :, None], (count, grid * grid, 1))
    return np.concatenate([flat, place], axis=2)


def _at_real_levels(real: Images, synthetic: Images) -> Images:
    levels = np.unique(real)
    if len(levels) == 256:
        return synthetic
    nearest = np.abs(np.arange(256)[:, None] - levels[None].astype(np.int64)).argmin(axis=1)
    rounded: Images = levels[nearest][synthetic]
    return rounded


def _reduced(images: Images) -> Floats:
    count, height, width, channels = images.shape
    factor = min(-(-max(height, width) // _SIDE), min(height, width) // 2)  # a patch needs a pixel
    rows, columns = height // factor, width // factor
    cut = images[:, : rows * factor, : columns * factor].astype(np.float32)
    averaged: Floats = cut.reshape(count, rows, factor, columns, factor, channels).mean(axis=(2, 4))
    return averaged
