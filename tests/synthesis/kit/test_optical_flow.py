"""A texture that is shifted is foreseen by every flow, and its mask goes with it; copy and linear are what they say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gan_augment.synthesis.kit.optical_flow import FlowKind, backward_flow, extrapolated, warped


def texture(shift: int, channels: int = 1, side: int = 24) -> np.ndarray:
    """A window of one smooth texture, uint8 [side, side, channels], moved to the right by `shift` px."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    window = smooth[8 : 8 + side, 20 - shift : 20 - shift + side]
    return np.repeat(window[..., None], channels, axis=2).astype(np.uint8)


def inner_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Without the columns that came in at the edge."""
    return float(np.abs(found[:, 6:-6].astype(float) - truth[:, 6:-6]).mean())


@pytest.mark.parametrize("kind", ["farneback", "dis"])
@pytest.mark.parametrize(("channels", "step"), [(1, 1), (3, 2)])
def test_a_shifted_texture_goes_on(kind: FlowKind, channels: int, step: int) -> None:
    before, last, truth = (texture(shift, channels) for shift in (0, 1, 1 + step))
    flow = backward_flow(before, last, kind)
    assert np.abs(flow[6:-6, 6:-6] - (-1, 0)).max() < 0.1
    found = extrapolated(before[None], last[None], kind, step)[0]
    assert inner_error(found, truth) < 0.15 * inner_error(last, truth)
    mask = np.where(last > 128, 9, 2).astype(np.uint8)
    moved = warped(mask, flow, step, mask=True)
    assert set(np.unique(moved)) <= {2, 9}
    assert (moved == np.where(truth > 128, 9, 2))[:, 6:-6].mean() > 0.97


def test_copy_and_linear() -> None:
    before, last = (np.full((1, 8, 8, 1), level, np.uint8) for level in (100, 90))
    assert (extrapolated(before, last, "copy", 3) == 90).all()
    assert (extrapolated(before, last, "linear", 3) == 60).all()
    assert (extrapolated(before, last, "linear", 30) == 0).all()
    none = np.zeros((0, 8, 8, 1), np.uint8)
    assert extrapolated(none, none, "dis").shape == (0, 8, 8, 1)
