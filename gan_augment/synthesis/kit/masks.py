"""Masks: what the user marks as unwanted, read from the companion `mask`; and random parts, as strokes and boxes.

Every mask here is bool [h, w] or [n, h, w], True where pixels are to be painted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of
from gan_augment.core.samples import Samples

__all__ = ["Marks", "Rule", "grown", "objects", "painted_over", "random_part", "read_marks"]

Marks = npt.NDArray[np.bool_]
Rule = Literal["telea", "navier_stokes"]

_RULES: dict[Rule, int] = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}
_SHOWN = 5
_BOX = (0.25, 0.5)  # of each side
_STROKE = (0.12, 0.25)  # width, of the shorter side
_MOST_PAINTED = 0.5  # of the image: what is left must say what to paint


def read_marks(samples: Samples, values: Sequence[int], threshold: int | None, method: str) -> Marks:
    """Which pixels of each row are marked, bool [n, h, w].

    `values` of the mask mark, or those above `threshold`; with neither every value but 0 does, and there may be one
    such value only. Raises MethodError for a mask of another size, of unclear values, or that marks a whole image; and
    where no row has any mark.
    """
    found = samples.companions.get("mask")
    if found is None:
        raise MethodError(
            f"{method!r} was given no masks",
            remedy="name them in prepare.companions.mask, or set synthesis.settings.use to refill, which needs none",
        )
    masks, images = images_of(found), np.shape(samples.payload)
    if masks.shape[:3] != images[:3]:
        raise MethodError(
            f"{method!r} was given masks of another size than the images",
            got=f"masks of {_sides(masks.shape)} px",
            expected=f"{_sides(images)} px",
        )
    top: npt.NDArray[np.uint8] = masks.max(axis=3) if len(masks) else masks[..., 0]
    if values:
        marks: Marks = np.isin(top, values)
    else:
        if threshold is None:
            _refuse_unclear(top)
        marks = top > (threshold or 0)
    _refuse_full(marks, samples)
    if len(marks) and not marks.any():
        raise MethodError(
            "No mask marks anything",
            where="prepare.companions.mask in params.yaml",
            got=f"{len(marks)} masks without a pixel " + (f"of {_listed(values)}" if values else "that counts"),
            expected="a mask that is not 0 where something is unwanted, in some rows",
            remedy="see whether the masks are the right ones, and synthesis.settings.mask_values and mask_threshold",
        )
    return marks


def _sides(shape: Sequence[int]) -> str:
    return f"{shape[1]} x {shape[2]}"


def _listed(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:_SHOWN]))
    return shown + (f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else "")


def _refuse_unclear(top: npt.NDArray[np.uint8]) -> None:
    """Raise MethodError where several values could mark: edges that were smoothed, or numbers of classes."""
    present = np.flatnonzero(np.bincount(top.ravel(), minlength=256)[1:]) + 1
    if len(present) > 1:
        raise MethodError(
            "The masks have several values between 0 and 255, and it is not said which mark what is unwanted",
            where="prepare.companions.mask in params.yaml",
            got=f"{len(present)} values beside 0: {_listed(present.tolist())}",
            expected="one value beside 0",
            remedy="set synthesis.settings.mask_threshold: 127 where edges are smooth, or mask_values: [3] where the "
            "values are numbers of classes",
        )


def _refuse_full(marks: Marks, samples: Samples) -> None:
    full = np.flatnonzero(marks.all(axis=(1, 2)))
    if len(full):
        names = samples.manifest["source"].where(samples.manifest["source"] != "", samples.manifest["id"])
        raise MethodError(
            "Some masks mark the whole image, so that nothing is left to paint from",
            where="prepare.companions.mask in params.yaml",
            got=f"{len(full)} of {len(marks)} rows: {', '.join(names.iloc[full[:_SHOWN]])}",
            expected="masks that mark what is unwanted, and nothing else",
            remedy="correct these masks. Where 0 marks what is unwanted in yours, set synthesis.settings.mask_values: "
            "[0]; a mask of the whole image would then mean that nothing is",
        )


def grown(marks: Marks, by: int) -> Marks:
    """The mask [h, w] with `by` pixels more on every side; as it is where that would be the whole image."""
    if not by:
        return marks
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    larger: Marks = cv2.dilate(marks.astype(np.uint8), kernel).astype(bool)
    return marks if larger.all() else larger


def objects(marks: Marks) -> list[Marks]:
    """The separate parts of a mask [h, w], each a mask; none of an empty one."""
    labelled, count = ndimage.label(marks, np.ones((3, 3)))
    return [labelled == number for number in range(1, count + 1)]


def random_part(height: int, width: int, random: np.random.Generator) -> Marks:
    """A box, or a wide stroke of one to three bends: at most half of the image, and at least a pixel of it."""
    while True:
        part = _box(height, width, random) if random.random() < 0.5 else _stroke(height, width, random)
        if 0 < part.mean() <= _MOST_PAINTED:
            return part


def _box(height: int, width: int, random: np.random.Generator) -> Marks:
    part = np.zeros((height, width), dtype=bool)
    sides = [max(1, round(side * random.uniform(*_BOX))) for side in (height, width)]
    top, left = (int(random.integers(0, whole - side + 1)) for whole, side in zip((height, width), sides, strict=True))
    part[top : top + sides[0], left : left + sides[1]] = True
    return part


def _stroke(height: int, width: int, random: np.random.Generator) -> Marks:
    part = np.zeros((height, width), dtype=np.uint8)
    thick = max(1, round(min(height, width) * random.uniform(*_STROKE)))
    corners = random.uniform((0, 0), (width, height), (int(random.integers(2, 5)), 2))
    # A stroke across a long image is kept short: its bends lie near its start.
    near = corners[0] + (corners - corners[0]) * min(1.0, min(height, width) / max(height, width))
    cv2.polylines(part, [near.astype(np.int32)], isClosed=False, color=1, thickness=thick)
    return part.astype(bool)


def painted_over(
    image: npt.NDArray[np.uint8], hole: Marks, rule: Rule = "telea", radius: float = 3.0
) -> npt.NDArray[np.uint8]:
    """The image uint8 [h, w, c] with other pixels in the hole, bool [h, w], from its rim inwards.

    By fast marching (Telea 2004), or along isophotes as a fluid flows (Bertalmio et al. 2001), both of OpenCV;
    `radius` px around a pixel say what it becomes.
    """
    painted = cv2.inpaint(np.ascontiguousarray(image), hole.astype(np.uint8), radius, _RULES[rule])
    return np.asarray(painted, dtype=np.uint8).reshape(image.shape)
