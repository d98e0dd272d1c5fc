"""Traffic lights for three known weaknesses of GANs: counting, perspective, global structure.

Each compares accepted synthetic images with real ones of the same class shares; real against real is green. The limits
were calibrated on the controls in tests/curation/test_weaknesses.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.counting import compare_counts
from gan_augment.curation.perspective import compare_perspective
from gan_augment.curation.structure import compare_structure

__all__ = ["WEAKNESSES", "Light", "check_weaknesses"]

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Colour = Literal["green", "amber", "red", "grey"]

_SMALLEST_SCENE = 24  # px: below it a line is a stroke, not an edge in a scene
_FEWEST = 16
_GAP = 0.05  # between the critics of wholes and of patches; 0.00 +- 0.02 for real against real


@dataclass(frozen=True)
class Light:
    """Verdict of a check: green (like real), amber (look), red (a weakness), grey (not applicable), and the reason."""

    colour: Colour
    sentence: str
    figures: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Sides:
    real: Images
    real_labels: Labels
    synthetic: Images
    labels: Labels

    def matched(self, seed: int) -> tuple[Images, Images]:
        """Real and synthetic images in random order, with equal numbers of each class on both sides."""
        rng = numpy_generator(seed, "matched classes")
        chosen: tuple[list[Labels], list[Labels]] = ([], [])
        for index in np.intersect1d(self.real_labels, self.labels):
            places = [rng.permutation(np.flatnonzero(own == index)) for own in (self.real_labels, self.labels)]
            count = min(map(len, places))
            for side, own in zip(chosen, places, strict=True):
                side.append(own[:count])
        order = [rng.permutation(np.concatenate(side)) if side else np.zeros(0, np.int64) for side in chosen]
        return self.real[order[0]], self.synthetic[order[1]]


def check_weaknesses(
    real: Images,
    real_labels: Labels,
    synthetic: Images,
    labels: Labels,
    *,
    seed: int,
    checks: Collection[str] = ("counting", "perspective", "structure"),
) -> dict[str, Light]:
    """Lights of the `checks`, for uint8 images [n, h, w, c] and their class indices int64 [n]."""
    sides = _Sides(real, real_labels, synthetic, labels)
    return {name: check(sides, derive_seed(seed, name)) for name, check in WEAKNESSES.items() if name in checks}


def _counting(sides: _Sides, seed: int) -> Light:
    found = compare_counts(sides.real, sides.real_labels, sides.synthetic, sides.labels, seed=seed)
    if found is None:
        return Light("grey", "too few images a class to compare counts")
    figures = asdict(found)
    if found.steadiness < 0.4:
        return Light("grey", "real images of one class have no number of parts in common", figures)
    wrong = f"{found.excess:.0%} of the images have other numbers of blobs or holes than real ones of their class"
    if found.pvalue < 0.01 and found.excess > 0.1:
        return Light("red", wrong, figures)
    if found.pvalue < 0.01 and found.excess > 0.04:
        return Light("amber", wrong, figures)
    return Light("green", "as many blobs and holes as real images have", figures)


def _perspective(sides: _Sides, seed: int) -> Light:
    if min(sides.real.shape[1:3]) < _SMALLEST_SCENE:
        return Light("grey", f"images below {_SMALLEST_SCENE} px have no perspective to get wrong")
    found = compare_perspective(*sides.matched(seed), seed=seed)
    if found is None:
        return Light("grey", "too few images to compare their lines")
    figures = asdict(found)
    if found.auc is None or found.pvalue is None:
        return Light("grey", "most real images have no straight lines", figures)
    told = f"straight lines and where they meet tell synthetic from real (AUC {found.auc:.2f})"
    if found.pvalue < 0.001 and found.auc > 0.65:
        return Light("red", told, figures)
    if found.pvalue < 0.01 and found.auc > 0.58:
        return Light("amber", told, figures)
    return Light("green", "straight lines meet as in real images", figures)


def _structure(sides: _Sides, seed: int) -> Light:
    real, synthetic = sides.matched(seed)
    if len(real) < _FEWEST:
        return Light("grey", "too few images to compare wholes with patches")
    found = compare_structure(real, synthetic, seed=seed)
    figures = asdict(found)
    if found.patch_auc > 0.95:
        return Light("grey", f"single patches give the images away already (AUC {found.patch_auc:.2f})", figures)
    aucs = f"AUC {found.whole_auc:.2f} against {found.patch_auc:.2f}"
    told = f"whole images are told apart where their patches are not ({aucs})"
    if found.gap - 2 * found.gap_error > _GAP:
        return Light("red", told, figures)
    if found.gap > _GAP:
        return Light("amber", told, figures)
    return Light("green", "wholes give away no more than their patches do", figures)


WEAKNESSES: dict[str, Callable[[_Sides, int], Light]] = {
    "counting": _counting,
    "perspective": _perspective,
    "structure": _structure,
}
