"""Feature spaces without a network, for distances between samples. Fitted on real train rows only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PixelFeatures", "Standardiser"]

_MAX_SIDE = 32  # larger images are averaged down first: copies and near copies stay near at this size


@dataclass(frozen=True)
class PixelFeatures:
    """Pixels, averaged down to at most 32 px per side, on the leading principal components of the train images.

    Euclidean distance here is (nearly) distance in pixels, never more: an exact copy lies at 0 exactly, a noisy copy
    close by. The last feature is an image's distance to the components' space; without it everything would look
    near to a handful of train images, whose components span next to nothing.

    Attributes
    ----------
    mean, components
        float64 [p] and float64 [d, p] with orthonormal rows; p = pixels after averaging x channels.
    factor
        Averaging window in pixels, 1: none.
    """

    mean: npt.NDArray[np.float64]
    components: npt.NDArray[np.float64]
    factor: int

    @classmethod
    def fit(cls, images: npt.NDArray[np.uint8], dimensions: int = 64) -> PixelFeatures:
        """Space fitted to real train images, uint8 [n, h, w, c] n >= 1; at most `dimensions` components."""
        factor = min(-(-max(images.shape[1:3]) // _MAX_SIDE), *images.shape[1:3])
        flat = _flatten(images, factor)
        mean = flat.mean(axis=0)
        return cls(mean, _principal_axes(flat - mean, dimensions), factor)

    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features float32 [n, d + 1] of uint8 [n, h, w, c]: 1.0 is the distance from black to white in one pixel."""
        centred = _flatten(images, self.factor) - self.mean
        scores = centred @ self.components.T
        outside = np.sqrt(np.clip((centred**2).sum(axis=1) - (scores**2).sum(axis=1), 0, None))
        rows: npt.NDArray[np.float32] = np.column_stack([scores, outside]).astype(np.float32)
        return rows


def _flatten(images: npt.NDArray[Any], factor: int) -> npt.NDArray[np.float64]:
    count, height, width, channels = images.shape
    rows, columns = height // factor, width // factor
    if factor > 1:  # edge rows and columns that fill no window are left out
        cut = images[:, : rows * factor, : columns * factor].astype(np.float32)
        images = cut.reshape(count, rows, factor, columns, factor, channels).mean(axis=(2, 4))
    return np.asarray(images.reshape(count, rows * columns * channels) / 255, dtype=np.float64)


def _principal_axes(centred: npt.NDArray[np.float64], dimensions: int) -> npt.NDArray[np.float64]:
    """Axes float64 [d, p], by the smaller of the two Gram matrices: neither many images nor many pixels are slow."""
    count, pixels = centred.shape
    if pixels <= dimensions:
        return np.eye(pixels)
    if count >= pixels:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        order = np.argsort(values)[::-1][:dimensions]
        return np.asarray(vectors[:, order].T, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    order = np.argsort(values)[::-1][:dimensions]
    order = order[values[order] > 1e-9 * max(values[order[0]], 1e-9)]  # null directions have no axis to normalise
    axes: npt.NDArray[np.float64] = (vectors[:, order] / np.sqrt(values[order])).T @ centred
    return axes


@dataclass(frozen=True)
class Standardiser:
    """Shift and scale of every feature, fitted to real train rows: mean 0 and mean square 1 there.

    One scale for all features (the root mean square deviation), so that distances keep their proportions; without it
    the kernel distance of two feature spaces, or of two runs' own features, could not be compared.
    """

    mean: npt.NDArray[np.float64]
    scale: float

    @classmethod
    def fit(cls, rows: npt.NDArray[np.floating]) -> Standardiser:
        """Standardiser fitted to float [n, d], n >= 1."""
        mean = rows.mean(axis=0, dtype=np.float64)
        scale = float(np.sqrt(((rows - mean) ** 2).mean())) if rows.size else 1.0
        return cls(mean, scale if scale > 0 else 1.0)

    def __call__(self, rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Standardised features float32 [n, d] of float [n, d]."""
        return ((rows - self.mean) / self.scale).astype(np.float32)
