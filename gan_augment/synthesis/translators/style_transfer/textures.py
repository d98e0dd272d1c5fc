"""Textures made of noise, for where there is no pool: as many styles as there are samples.

What styles show matters less than how many there are (arXiv 2604.05616), so none is shipped: noise of a random
roughness and direction, seen through a random filter and bent by a random curve, in random colours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["texture"]

Floats = npt.NDArray[np.float64]
_CURVES: tuple[Callable[[Floats], Floats], ...] = (
    lambda noise: noise,  # clouds
    np.tanh,
    np.abs,  # veins
    lambda noise: np.sin(3 * noise),  # contour lines
    lambda noise: np.sign(noise) * np.sqrt(np.abs(noise)),  # patches
)


def texture(shape: tuple[int, int, int], random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """uint8 [h, w, c]: a texture of its own for every state of `random`."""
    height, width, channels = shape
    spectrum = np.fft.fft2(random.normal(size=(channels, height, width))) * _roughness(height, width, random)
    noise = _standardised(np.fft.ifft2(spectrum * _filter(height, width, random)).real)
    bent = _standardised(_CURVES[random.integers(len(_CURVES))](noise + random.normal(0, 0.3)))
    mixed = np.einsum("dc,chw->hwd", _colours(channels, random), bent)
    levels = random.uniform(40, 215) + random.uniform(-40, 40, channels) + random.uniform(10, 70) * mixed
    found: npt.NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return found


def _roughness(height: int, width: int, random: np.random.Generator) -> Floats:
    """Amplitudes that fall with the frequency, more slowly in one direction than across it."""
    down, right = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    angle, stretch = random.uniform(0, np.pi), np.exp(random.uniform(0, 1.5))
    along, across = np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right
    distance = np.hypot(along * stretch, across)
    amplitudes: Floats = np.maximum(distance, 1 / max(height, width)) ** -random.uniform(0, 2.2)
    amplitudes[0, 0] = 0
    return amplitudes


def _filter(height: int, width: int, random: np.random.Generator) -> Any:
    """The spectrum of a random filter of 3, 5 or 7 px, or of none."""
    side = min(int(random.choice((1, 3, 5, 7))), height, width)
    return np.fft.fft2(random.normal(size=(side, side)), s=(height, width))


def _colours(channels: int, random: np.random.Generator) -> Floats:
    """How channels mix: near grey at one end, each for itself at the other."""
    share = random.uniform(0, 1)
    found: Floats = share * random.normal(size=(channels, channels)) + (1 - share) * np.ones((channels, channels))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def _standardised(values: Floats) -> Floats:
    found: Floats = (values - values.mean()) / max(float(values.std()), 1e-9)
    return found
