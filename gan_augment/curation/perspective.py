"""Perspective check: cues from line segments of synthetic images, compared with those of real images.

Lines alone reveal generated scenes that look real (Sarkar et al. 2024, 2311.17138): the points where lines meet, and
the perspective shortening of evenly spaced lines. Three kinds of cue are read off the segments of each image, and a
fresh critic that sees only these cues tries to separate synthetic images from real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import numpy_generator
from gan_augment.fidelity.two_sample import two_sample_test

__all__ = ["EVEN_SPACING", "PerspectiveComparison", "compare_perspective", "cross_ratio", "line_cues", "line_segments"]

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

EVEN_SPACING = 4 / 3  # the cross ratio of four evenly spaced points of a line, from any viewpoint
_BINS = 18
_FINE_SIDE = 128  # smaller images are enlarged: the detector needs a few pixels per line
_SHORTEST = 0.08  # of the shorter side
_ENOUGH = 4  # segments that an image needs to have a perspective
_CLOSE = np.deg2rad(2.5)
_PAIRS = 150
_NOTHING = -1.0  # value of a cue that an image does not have


@dataclass(frozen=True)
class PerspectiveComparison:
    """Separation of synthetic and real images by line cues alone (0.5: none), and the share of images with lines.

    `auc` and `pvalue` are None where too few real images have lines to compare anything.
    """

    auc: float | None
    pvalue: float | None
    real_with_lines: float
    synthetic_with_lines: float


def cross_ratio(positions: Floats) -> Floats:
    """Cross ratio (ac / bc) / (ad / bd), float64 [n], of four collinear points each: float [n, 4] positions on a line.

    It is invariant under perspective; for evenly spaced points it is 4/3.
    """
    a, b, c, d = positions.T
    return np.asarray(((c - a) / (c - b)) / ((d - a) / (d - b)), dtype=np.float64)


def line_segments(image: Images) -> Floats:
    """Segments float64 [n, 4]: x1, y1, x2, y2 in a uint8 image [h, w, c], in units of its shorter side.

    By the line segment detector of Grompone von Gioi et al. 2012; segments shorter than a twelfth of the side are left
    out.
    """
    grey = np.ascontiguousarray(image.mean(axis=2).astype(np.uint8))
    side = min(grey.shape)
    factor = max(1.0, _FINE_SIDE / side)
    if factor > 1:
        grey = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    segments = found.reshape(-1, 4).astype(np.float64) / (side * factor)
    long_enough: Floats = segments[_lengths(segments) >= _SHORTEST]
    return long_enough


def _lengths(segments: Floats) -> Floats:
    return np.asarray(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]))


def line_cues(segments: Floats, *, seed: int) -> Floats:
    """Cues float64 [22]: 18 shares of length by direction; length, count, share to a vanishing point, uneven gaps."""
    if not len(segments):
        return np.concatenate([np.zeros(_BINS + 2), [_NOTHING, _NOTHING]])
    lengths = _lengths(segments)
    angle = np.arctan2(segments[:, 3] - segments[:, 1], segments[:, 2] - segments[:, 0]) % np.pi
    histogram = np.bincount((angle / np.pi * _BINS).astype(np.int64) % _BINS, lengths, _BINS) / lengths.sum()
    share, pencil = _best_pencil(segments, lengths, seed)
    return np.concatenate([histogram, [lengths.sum(), len(segments), share, _uneven_spacing(segments[pencil])]])


def _best_pencil(segments: Floats, lengths: Floats, seed: int) -> tuple[float, npt.NDArray[np.bool_]]:
    """Share of the length that points to the best vanishing point, and a mask of those segments."""
    if len(segments) < _ENOUGH:
        return _NOTHING, np.zeros(len(segments), dtype=bool)
    starts, ends = (np.column_stack([segments[:, i : i + 2], np.ones(len(segments))]) for i in (0, 2))
    lines = np.cross(starts, ends)
    first, second = np.triu_indices(len(segments), 1)
    if len(first) > _PAIRS:
        chosen = numpy_generator(seed, "pencils").permutation(len(first))[:_PAIRS]
        first, second = first[chosen], second[chosen]
    points = np.cross(lines[first], lines[second])  # homogeneous: parallel lines meet at infinity
    middle, direction = (segments[:, :2] + segments[:, 2:]) / 2, segments[:, 2:] - segments[:, :2]
    toward = points[:, None, :2] - points[:, None, 2:] * middle[None]
    sine = np.abs(toward[..., 0] * direction[:, 1] - toward[..., 1] * direction[:, 0])
    through = sine <= np.sin(_CLOSE) * np.linalg.norm(toward, axis=2) * lengths
    shares = through @ lengths / lengths.sum()
    best = int(shares.argmax())
    return float(shares[best]), through[best]


def _uneven_spacing(pencil: Floats) -> float:
    """Median |cross ratio - 4/3| of neighbouring lines of a pencil, where a line across all of them cuts them."""
    if len(pencil) < _ENOUGH:
        return _NOTHING
    middle, direction = (pencil[:, :2] + pencil[:, 2:]) / 2, pencil[:, 2:] - pencil[:, :2]
    flipped = direction * np.where(direction @ direction[0] < 0, -1, 1)[:, None]
    mean = flipped.mean(axis=0)
    across = np.array([-mean[1], mean[0]]) / max(np.linalg.norm(mean), 1e-12)
    centre = middle.mean(axis=0)
    slope = direction[:, 0] * across[1] - direction[:, 1] * across[0]
    offset = middle - centre
    with np.errstate(divide="ignore", invalid="ignore"):
        position = (direction[:, 0] * offset[:, 1] - direction[:, 1] * offset[:, 0]) / slope
    position = np.sort(position[np.isfinite(position)])
    distinct = position[np.concatenate([[True], np.diff(position) > 0.02])] if len(position) else position
    if len(distinct) < _ENOUGH:
        return _NOTHING
    quadruples = np.lib.stride_tricks.sliding_window_view(distinct, 4)
    return float(np.median(np.abs(cross_ratio(quadruples) - EVEN_SPACING)))


def compare_perspective(
    real: Images, synthetic: Images, *, seed: int, max_images: int = 400
) -> PerspectiveComparison | None:
    """Comparison of uint8 [n, h, w, c] with [m, h, w, c], both in random order; None below 16 images a side."""
    size = min(len(real), len(synthetic), max_images)
    if size < 16:
        return None
    segments = [[line_segments(image) for image in side[:size]] for side in (real, synthetic)]
    shares = [float(np.mean([len(found) >= _ENOUGH for found in side])) for side in segments]
    if shares[0] < 0.5:
        return PerspectiveComparison(None, None, shares[0], shares[1])
    cues = [np.array([line_cues(found, seed=seed) for found in side]) for side in segments]
    test = two_sample_test(cues[0], cues[1], seed=seed)
    return PerspectiveComparison(test.auc, test.pvalue, shares[0], shares[1])
