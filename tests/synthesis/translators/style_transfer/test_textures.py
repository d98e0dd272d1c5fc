"""Made textures: of any shape, never black or of one level, and each of its own."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.synthesis.translators.style_transfer.textures import texture


@pytest.mark.parametrize("shape", [(4, 4, 1), (8, 8, 3), (16, 24, 1), (33, 20, 3)])
def test_every_shape_has_textures_with_contrast(shape: tuple[int, int, int]) -> None:
    made = [texture(shape, np.random.default_rng(seed)) for seed in range(30)]
    assert all(one.shape == shape and one.dtype == np.uint8 for one in made)
    assert min(float(one.std()) for one in made) > 4
    assert len({one.tobytes() for one in made}) == 30


def test_the_same_state_gives_the_same_texture() -> None:
    again = [texture((8, 8, 3), np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_textures_differ_in_grain_direction_and_colour() -> None:
    made = np.stack([texture((16, 16, 3), np.random.default_rng(seed)) for seed in range(60)]).astype(float)
    across, down = (np.abs(np.diff(made, axis=axis)).mean((1, 2, 3)) for axis in (2, 1))
    grain = (across + down) / made.std(axis=(1, 2)).mean(1)
    assert np.quantile(grain, 0.9) > 1.5 * np.quantile(grain, 0.1)
    assert np.quantile(across / down, 0.9) > 1.2 > 0.85 > np.quantile(across / down, 0.1)
    means = made.mean((1, 2))
    assert means.std(axis=0).min() > 20
    assert np.abs(means - means.mean(1, keepdims=True)).mean() > 10
