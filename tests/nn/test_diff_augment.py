"""What the discriminator's augmentation may and may not change."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.diff_augment import AugmentOperation, augment
from gan_augment.nn.draws import Draws

ALL: tuple[AugmentOperation, ...] = ("translation", "cutout", "colour", "flip")


def rng(seed: int = 0) -> Draws:
    return Draws(torch.Generator().manual_seed(seed))


def test_probability_zero_changes_nothing() -> None:
    images = torch.rand(6, 3, 8, 8) * 2 - 1
    assert torch.equal(augment(images, ALL, 0.0, rng()), images)


@pytest.mark.parametrize("operation", ALL)
def test_probability_one_changes_the_batch_and_keeps_its_shape(operation: AugmentOperation) -> None:
    images = torch.rand(32, 3, 16, 16) * 2 - 1
    changed = augment(images, (operation,), 1.0, rng())
    assert changed.shape == images.shape
    assert (changed != images).flatten(1).any(1).float().mean() > 0.7


@pytest.mark.parametrize("operation", ALL)
def test_the_seed_decides(operation: AugmentOperation) -> None:
    images = torch.rand(8, 3, 16, 16)
    assert torch.equal(augment(images, (operation,), 0.5, rng(1)), augment(images, (operation,), 0.5, rng(1)))


@pytest.mark.parametrize("operation", ALL)
def test_gradients_reach_the_generator(operation: AugmentOperation) -> None:
    images = torch.rand(8, 3, 16, 16, requires_grad=True)
    augment(images, (operation,), 1.0, rng()).sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


def test_translation_moves_content_by_at_most_an_eighth() -> None:
    images = torch.zeros(200, 1, 16, 16)
    images[:, :, 8, 8] = 1
    moved = augment(images, ("translation",), 1.0, rng()).flatten(1).argmax(1)
    rows, columns = moved // 16 - 8, moved % 16 - 8
    assert rows.min() == columns.min() == -2
    assert rows.max() == columns.max() == 2


def test_cutout_blanks_at_most_a_quarter() -> None:
    cut = augment(torch.ones(300, 1, 16, 16), ("cutout",), 1.0, rng())
    blank = (cut == 0).flatten(1).float().mean(1)
    assert blank.max() == 0.25
    assert blank.min() < 0.25


@pytest.mark.parametrize("operation", ALL)
def test_two_processes_augment_as_one_does(operation: AugmentOperation) -> None:
    images = torch.rand(8, 3, 16, 16) * 2 - 1
    whole = augment(images, (operation,), 0.5, rng())
    for rank in range(2):
        draws = Draws(torch.Generator().manual_seed(0), rank=rank, count=2)
        assert torch.equal(augment(images[rank::2], (operation,), 0.5, draws), whole[rank::2])
