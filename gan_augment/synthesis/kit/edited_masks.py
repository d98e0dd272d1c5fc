"""Edited masks: the object of a mask at another place, larger or smaller, turned a little; and what is drawn anew."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["has_object", "inked", "moved_mask", "moved_together", "to_draw", "without_object"]

Masks = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.uint8]

_SHIFT = 0.25  # of the side, at most
_SCALES = (0.75, 1.3)
_TURN = 15.0  # degrees, at most: a digit stays that digit
_LEFT = 0.5  # of the object's pixels, scaled, that must stay inside of the image
_TRIED = 20


def inked(masks: Masks) -> npt.NDArray[np.bool_]:
    """bool [..., h, w]: where masks [..., h, w, c] are not 0."""
    found: npt.NDArray[np.bool_] = (masks != 0).any(axis=-1)
    return found


def has_object(masks: Masks) -> npt.NDArray[np.bool_]:
    """bool [n]: which masks [n, h, w, c] are not empty."""
    found: npt.NDArray[np.bool_] = (masks != 0).reshape(len(masks), -1).any(axis=1)
    return found


def moved_mask(mask: Masks, random: np.random.Generator) -> Masks:
    """The mask [h, w, c] shifted, scaled and turned, with its own values; the mask itself where no move leaves enough.

    It is not mirrored: the mirrored object may be of another class.
    """
    return moved_together(mask, mask, random)[1]


def moved_together(image: Pixels, mask: Masks, random: np.random.Generator) -> tuple[Pixels, Masks]:
    """Image and mask, both [h, w, c], moved alike, as `moved_mask` moves a mask; the image's edge is repeated."""
    area = int(inked(mask).sum())
    for _ in range(_TRIED if area else 0):
        scale = random.uniform(*_SCALES)
        matrix = _matrix(mask, scale, random)
        found = _warped(mask, matrix, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
        if inked(found).sum() >= max(1, _LEFT * area * scale**2):
            return _warped(image, matrix, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE), found
    return image, mask


def _matrix(mask: Masks, scale: float, random: np.random.Generator) -> npt.NDArray[Any]:
    """float64 [2, 3]: a turn around the middle of the object, and a shift."""
    rows, columns = np.nonzero(inked(mask))
    angle = random.uniform(-_TURN, _TURN)
    middle = float(columns.mean()), float(rows.mean())
    matrix: npt.NDArray[Any] = np.asarray(cv2.getRotationMatrix2D(middle, angle, scale))
    matrix[:, 2] += random.uniform(-_SHIFT, _SHIFT, 2) * (mask.shape[1], mask.shape[0])
    return matrix


def _warped(pixels: Pixels, matrix: npt.NDArray[Any], way: int, border: int) -> Pixels:
    height, width = pixels.shape[:2]
    found = cv2.warpAffine(np.ascontiguousarray(pixels), matrix, (width, height), flags=way, borderMode=border)
    return np.asarray(found, dtype=np.uint8).reshape(pixels.shape)


def to_draw(own: npt.NDArray[np.bool_], new: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """bool [h, w]: where an object was or will be, and a rim around it: edges are mixtures of object and ground."""
    either = (own | new).astype(np.uint8)
    return np.asarray(cv2.dilate(either, np.ones((3, 3), np.uint8)), dtype=bool)


def without_object(images: Pixels, drawn: npt.NDArray[np.bool_]) -> Pixels:
    """Images [n, h, w, c] with the mean of the rest of each image where `drawn` [n, h, w]: the guess without a net."""
    found = images.copy()
    for image, hidden in zip(found, drawn, strict=True):
        rest = image[~hidden] if not hidden.all() else image.reshape(-1, image.shape[2])
        image[hidden] = np.rint(rest.mean(axis=0)).astype(np.uint8)
    return found
