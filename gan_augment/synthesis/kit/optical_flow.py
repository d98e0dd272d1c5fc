"""The next frame without learning: a copy of the last, linear extrapolation, and warps by optical flow.

A warp measures the motion from the last frame back to the one before, and goes as far in the other direction. Farneback
2003 (two-frame motion estimation by polynomial expansion) and DIS (Kroeger et al. 2016, arXiv 1603.03590), by OpenCV.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["EXTRAPOLATIONS", "Flow", "FlowKind", "backward_flow", "extrapolated", "warped"]

Images = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]  # [h, w, 2]: how far to the right and down
FlowKind = Literal["farneback", "dis"]

_SIDE = 64  # px of the shorter side at which motion is measured: patches and pyramids are made for no less
EXTRAPOLATIONS = ("copy", "linear", "farneback", "dis")


def extrapolated(before: Images, last: Images, kind: str, step: int = 1) -> Images:
    """The frames `step` steps after `last`, uint8 [n, h, w, c], by one of `EXTRAPOLATIONS`."""
    if kind == "copy":
        return last
    if kind == "linear":
        change = last.astype(np.int64) - before
        found: Images = (last + step * change).clip(0, 255).astype(np.uint8)
        return found
    flow: FlowKind = "dis" if kind == "dis" else "farneback"
    frames = [warped(b, backward_flow(a, b, flow), step) for a, b in zip(before, last, strict=True)]
    return np.stack(frames) if frames else last


def backward_flow(before: npt.NDArray[np.uint8], last: npt.NDArray[np.uint8], kind: FlowKind) -> Flow:
    """Where each pixel of `last` was in `before`, both uint8 [h, w, c]: float32 [h, w, 2], in px."""
    height, width = last.shape[:2]
    scale = max(1, -(-_SIDE // min(height, width)))
    size = (width * scale, height * scale)
    one, other = (
        np.asarray(cv2.resize(_grey(image), size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
        for image in (last, before)
    )
    flow = np.asarray(_measured(one, other, kind), dtype=np.float32)
    small = np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    return small / np.float32(scale)


def _measured(one: Images, other: Images, kind: FlowKind) -> npt.NDArray[np.float32]:
    none = np.zeros((*one.shape, 2), dtype=np.float32)
    if kind == "dis":
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return np.asarray(dis.calc(one, other, none), dtype=np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(one, other, none, 0.5, 3, 15, 3, 5, 1.2, 0), dtype=np.float32)


def _grey(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0])
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY))


def warped(image: npt.NDArray[np.uint8], flow: Flow, step: int = 1, *, mask: bool = False) -> npt.NDArray[np.uint8]:
    """The image uint8 [h, w, c] moved on: each pixel comes from where `flow` says, `step` times as far.

    Of a mask no values are mixed. Beyond the edge the edge's pixels are repeated.
    """
    height, width = image.shape[:2]
    right, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    way = cv2.INTER_NEAREST if mask else cv2.INTER_LINEAR
    found = cv2.remap(
        np.ascontiguousarray(image),
        right + step * flow[..., 0],
        down + step * flow[..., 1],
        way,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, dtype=np.uint8).reshape(image.shape)
