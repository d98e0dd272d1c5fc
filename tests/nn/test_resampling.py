"""Resampling matrices: Pillow's numbers, sums, shifts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gan_augment.nn.resampling import KERNELS, Kernel, resample, resampling_matrix, resize

PILLOW = {
    "triangle": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(8, 4), (5, 6), (32, 40), (16, 20)])
def test_the_numbers_are_those_of_pillow(kernel: Kernel, size: tuple[int, int]) -> None:
    values = np.random.default_rng(0).random((16, 20), dtype=np.float32)
    theirs = np.asarray(Image.fromarray(values).resize(size[::-1], PILLOW[kernel]))
    ours = resize(torch.from_numpy(values)[None, None], *size, kernel=kernel)
    np.testing.assert_allclose(ours[0, 0].numpy(), theirs, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_constant_stays_that_constant_however_it_is_reduced(kernel: Kernel) -> None:
    shift, width = torch.tensor([-1.0, 0.0, 0.3, 1.0]), torch.tensor([1.0, 1.5, 2.0, 1.2])
    for inputs, outputs in ((8, 4), (64, 16), (7, 21)):
        matrix = resampling_matrix(inputs, outputs, kernel=kernel, shift=shift, width=width)
        assert matrix.shape == (4, outputs, inputs)
        torch.testing.assert_close(matrix.sum(2), torch.ones(4, outputs))


def test_a_shift_moves_a_ramp_by_as_much() -> None:
    ramp = torch.arange(64.0)
    still, moved = resampling_matrix(64, 16), resampling_matrix(64, 16, shift=torch.tensor([0.75]))
    change = (moved - still)[0] @ ramp
    torch.testing.assert_close(change[3:-3], torch.full((10,), 0.75), atol=1e-3, rtol=0)  # away from the borders


def test_a_wider_kernel_blurs_more() -> None:
    stripes = torch.tensor([0.0, 0.0, 1.0, 1.0]).repeat(8)
    narrow, wide = (resampling_matrix(32, 16, width=torch.tensor([w]))[0] @ stripes for w in (1.0, 2.0))
    assert wide.std() < 0.7 * narrow.std()


def test_each_image_has_its_own_matrix() -> None:
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    rows = resampling_matrix(8, 4, shift=torch.tensor([0.0, 0.9]), width=torch.ones(2))
    both = resample(images, rows, rows)
    torch.testing.assert_close(both[0], resize(images, 4, 4)[0])
    assert (both[1] - resize(images, 4, 4)[1]).abs().max() > 0.05
    torch.testing.assert_close(both[1:], resample(images[1:], rows[1:], rows[1:]))
