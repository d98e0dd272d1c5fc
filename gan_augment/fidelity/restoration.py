"""Quality of restored or predicted images: squared error, PSNR, errors within a hole, sharpness beside the truth's."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = [
    "absolute_error",
    "hole_errors",
    "hole_sharpness",
    "nearer_sharpness",
    "psnr",
    "sharpness_ratio",
    "squared_error",
]

_ROUNDING = 1 / 12  # the mean squared error of rounding to whole levels: images nearer than that are equal


def psnr(images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """PSNR float64 [n]: 10 log10(255^2 / mean squared error) in dB of each image uint8 [n, h, w, c]; at most 58.9."""
    difference = images.astype(np.float32) - truth.astype(np.float32)
    error = np.square(difference).mean(axis=(1, 2, 3), dtype=np.float64)
    decibel: npt.NDArray[np.float64] = 10 * np.log10(255**2 / np.maximum(error, _ROUNDING))
    return decibel


def hole_errors(
    images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8], holes: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(L1, L2) float64 [n] in the hole of each image, bool [n, h, w]: in % of 255 and of its square; 0 without one.

    As in the table of context encoders (Pathak et al. 2016, arXiv 1604.07379); PSNR is 10 log10(100 / L2).
    """
    difference = np.abs(images.astype(np.float64) - truth) / 255
    area = np.maximum(holes.sum(axis=(1, 2)), 1)
    first, second = (
        100 * (power.mean(axis=3) * holes).sum(axis=(1, 2)) / area for power in (difference, np.square(difference))
    )
    return first, second


def hole_sharpness(images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8], holes: npt.NDArray[np.bool_]) -> float:
    """Gradient energy in the holes over that of the truth there: below 1 blurred, above 1 noisy; 1 without any."""
    real = _energy_in(truth, holes)
    return _energy_in(images, holes) / real if real else 1.0


def _energy_in(images: npt.NDArray[np.uint8], holes: npt.NDArray[np.bool_]) -> float:
    values = images.astype(np.float32)
    down, right = (np.square(np.diff(values, axis=axis)).mean(axis=3) for axis in (1, 2))
    return float(down[holes[:, 1:]].sum(dtype=np.float64) + right[holes[:, :, 1:]].sum(dtype=np.float64))


def absolute_error(images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Mean absolute difference float64 [n] of each image uint8 [n, h, w, c] and its truth, in levels of [0, 1]."""
    apart = np.abs(images.astype(np.int64) - truth).reshape(len(images), -1)
    error: npt.NDArray[np.float64] = apart.mean(axis=1) / 255
    return error


def squared_error(images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Squared error float64 [n] of each image uint8 [n, h, w, c], summed over its pixels on a scale from 0 to 1."""
    difference = (images.astype(np.float64) - truth) / 255
    error: npt.NDArray[np.float64] = np.square(difference).sum(axis=(1, 2, 3))
    return error


def sharpness_ratio(images: npt.NDArray[np.uint8], truth: npt.NDArray[np.uint8]) -> float:
    """Gradient energy of the images over that of the truth: below 1 blurred, above 1 noisy; 1 where truth has none."""
    real = _gradient_energy(truth)
    return _gradient_energy(images) / real if real else 1.0


def _gradient_energy(images: npt.NDArray[np.uint8]) -> float:
    values = images.astype(np.float32)
    return float(sum(np.square(np.diff(values, axis=axis)).mean(dtype=np.float64) for axis in (1, 2)))


def nearer_sharpness(sharpness: float, other: float) -> bool:
    """Whether a sharpness ratio is nearer to the truth's, which is 1, than another, in either direction."""
    one, two = (abs(math.log(max(value, 1e-9))) for value in (sharpness, other))
    return one < two
