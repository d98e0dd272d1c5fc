"""Reducing and enlarging: what is smooth stays, what is fine goes, a shift moves, and it is what Pillow makes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ImageSpec
from gan_augment.synthesis.registry import resolve_method
from gan_augment.synthesis.rivals import rivals_of
from gan_augment.synthesis.translators.bicubic import BicubicConfig, enlarged_again
from tests.toys import image_toy

STILL = (0.0, 0.0)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_it_is_what_pillow_makes() -> None:
    image = noise(16, 24)
    low = Image.fromarray(image).resize((12, 8), Image.Resampling.BICUBIC)
    theirs = np.asarray(low.resize((24, 16), Image.Resampling.BICUBIC), dtype=int)
    ours = enlarged_again(image, 2, "bicubic", STILL, 1.0).astype(int)
    assert np.abs(ours - theirs).max() <= 2  # Pillow rounds after each axis


def test_a_constant_stays_and_a_chessboard_goes_grey() -> None:
    flat = np.full((8, 8, 1), 77, dtype=np.uint8)
    assert (enlarged_again(flat, 4, "lanczos", (0.7, -0.3), 1.1) == 77).all()
    board = (np.indices((16, 16)).sum(0) % 2 * 255).astype(np.uint8)[..., None]
    assert enlarged_again(board, 2, "triangle", STILL, 1.0)[4:-4, 4:-4].std() < 20


def test_a_shift_moves_the_picture() -> None:
    ramp = np.broadcast_to(np.arange(32, dtype=np.uint8)[None, :, None] * 8, (32, 32, 1))
    moved, still = (enlarged_again(ramp, 2, "bicubic", (0.0, by), 1.0).astype(int) for by in (1.0, 0.0))
    assert (moved - still)[:, 8:-8].mean() == pytest.approx(8, abs=1)


@pytest.mark.parametrize(("height", "width", "factor"), [(7, 9, 2), (13, 15, 4)])
def test_sides_need_not_be_multiples(height: int, width: int, factor: int) -> None:
    assert enlarged_again(noise(height, width), factor, "bicubic", STILL, 1.0).shape == (height, width, 3)


def test_small_images_are_refused() -> None:
    spec = image_toy()[0].spec
    BicubicConfig(factor=2).check(spec)
    with pytest.raises(MethodError, match="13 px"):
        BicubicConfig(factor=4).check(spec)
    large = spec.model_copy(update={"image": ImageSpec(height=13, width=40, channels=1)})
    BicubicConfig(factor=4).check(large)


def test_it_is_the_rival_of_super_resolution() -> None:
    assert [rival.name for rival in rivals_of(resolve_method("super_resolution"))] == ["bicubic"]
