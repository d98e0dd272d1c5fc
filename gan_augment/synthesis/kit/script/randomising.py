"""Domain randomisation: a picture seen through a random camera, so that a real camera is one more among many.

Tobin et al. 2017, arXiv 1703.06907. In order: perspective, blur, loss of resolution, contrast, shading, noise, each of
a strength drawn anew. No photograph is needed. Steps of OpenCV, with chance from one generator.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["CameraConfig", "in_place", "noisy", "randomised"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_LEVELS = 255.0


class CameraConfig(Record):
    """The largest strength of each step; 0 leaves it out."""

    perspective: float = Field(default=0.12, ge=0, le=0.4, description="shift of each corner, as a share of the height")
    blur: float = Field(default=0.07, ge=0, le=1, description="deviation of a Gaussian, as a share of the height")
    resize: float = Field(default=2.5, ge=1, le=16, description="factor by which resolution is lost; 1: not at all")
    contrast: float = Field(default=0.6, ge=0, le=0.95, description="share of the range of levels that is lost")
    shading: float = Field(default=0.3, ge=0, le=1, description="difference of brightness from edge to edge")
    noise: float = Field(default=0.06, ge=0, le=1, description="deviation, as a share of the range of levels")


def randomised(image: Pixels, camera: CameraConfig, random: np.random.Generator) -> Pixels:
    """The image uint8 [h, w, c] through a camera of a random draw."""
    seen = image.astype(np.float32)
    seen = _perspective(seen, camera.perspective, random)
    seen = _blurred(seen, camera.blur, random)
    seen = _reduced(seen, camera.resize, random)
    seen = _contrast(seen, camera.contrast, random)
    seen = _shaded(seen, camera.shading, random)
    return noisy(seen, camera.noise, random)


def noisy(image: Pixels | Floats, most: float, random: np.random.Generator) -> Pixels:
    """The image with Gaussian noise of a random strength up to `most` of the range of levels, uint8 [h, w, c]."""
    deviation = _LEVELS * random.uniform(0, most)
    seen = image + deviation * random.standard_normal(image.shape, dtype=np.float32)
    levels: Pixels = np.clip(np.rint(seen), 0, _LEVELS).astype(np.uint8)
    return levels


def in_place(image: Pixels, camera: CameraConfig, random: np.random.Generator) -> Pixels:
    """The image uint8 [h, w, c] through the steps that a matching of grey levels cannot make: all before contrast."""
    seen = _perspective(image.astype(np.float32), camera.perspective, random)
    seen = _reduced(_blurred(seen, camera.blur, random), camera.resize, random)
    levels: Pixels = np.clip(np.rint(seen), 0, _LEVELS).astype(np.uint8)
    return levels


def _like(changed: Any, image: Floats) -> Floats:
    """With the axis of channels, which OpenCV drops where there is one."""
    shaped: Floats = np.asarray(changed, dtype=np.float32).reshape(image.shape)
    return shaped


def _perspective(image: Floats, most: float, random: np.random.Generator) -> Floats:
    height, width = image.shape[:2]
    shifts = random.uniform(-most, most, (4, 2)).astype(np.float32) * height
    if not most:
        return image
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, corners + shifts)
    turned = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _like(turned, image)


def _blurred(image: Floats, most: float, random: np.random.Generator) -> Floats:
    deviation = random.uniform(0, most) * image.shape[0]
    if deviation < 0.1:  # px: nothing that could be seen, and OpenCV takes 0 for a question
        return image
    return _like(cv2.GaussianBlur(image, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE), image)


def _reduced(image: Floats, most: float, random: np.random.Generator) -> Floats:
    factor = random.uniform(1, most)
    height, width = image.shape[:2]
    small = max(2, round(width / factor)), max(2, round(height / factor))
    if small == (width, height):
        return image
    less = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return _like(cv2.resize(less, (width, height), interpolation=cv2.INTER_LINEAR), image)


def _contrast(image: Floats, most: float, random: np.random.Generator) -> Floats:
    """A narrower range of levels somewhere between black and white."""
    kept = 1 - random.uniform(0, most)
    lowest = random.uniform(0, 1 - kept) * _LEVELS
    narrowed: Floats = (lowest + kept * image).astype(np.float32)
    return narrowed


def _shaded(image: Floats, most: float, random: np.random.Generator) -> Floats:
    """Brighter towards one side."""
    height, width = image.shape[:2]
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, most) * _LEVELS
    rows, columns = np.meshgrid(np.linspace(-0.5, 0.5, height), np.linspace(-0.5, 0.5, width), indexing="ij")
    slope = strength * (np.sin(angle) * rows + np.cos(angle) * columns)
    shaded: Floats = (image + slope[..., None]).astype(np.float32)
    return shaded
