"""Wrong captions teach the discriminator, captions between teach the generator, each with its weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.records import ImageSpec
from gan_augment.nn.captions import CaptionEmbedding
from gan_augment.nn.image_networks import build_discriminator, build_generator
from gan_augment.synthesis.generators.text_to_image.matching import CaptionTerms, partners, right_above_wrong

IMAGE = ImageSpec(height=4, width=4, channels=1)
DARK, BRIGHT = 2, 3  # words
TOLD = torch.tensor([[1, DARK], [1, BRIGHT]] * 8)
IMAGES = torch.where(TOLD[:, 1] == BRIGHT, 1.0, -1.0)[:, None, None, None].expand(-1, 1, 4, 4).contiguous()


def terms(wrong: float = 1.0, between: float = 1.0) -> CaptionTerms:
    torch.manual_seed(0)
    sizes: Any = {"classes": 1, "architecture": "mlp", "width": 16}
    generator = build_generator(IMAGE, **sizes, latent=2, embedding=8)
    discriminator = build_discriminator(IMAGE, **sizes)
    generator.embed, discriminator.embed = CaptionEmbedding(1, 4, 8), CaptionEmbedding(1, 4, 16, 0.25)
    rng = torch.Generator().manual_seed(0)
    return CaptionTerms(generator, discriminator, rng, wrong, between, "cpu")


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    return IMAGES, TOLD


def right(game: CaptionTerms) -> dict[str, float]:
    pixels = ((IMAGES.numpy() + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1)
    return right_above_wrong(game.discriminator, pixels, TOLD.numpy(), seed=0)


def test_wrong_captions_alone_teach_which_caption_is_right() -> None:
    game = terms()
    optimiser = torch.optim.Adam(game.discriminator.parameters(), lr=1e-2)
    (first,) = game.of_discriminator(batch, 0.5)
    for _ in range(60):
        (cost,) = game.of_discriminator(batch, 0.5)
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
    assert float(cost.detach()) < 0.3 * float(first.detach())
    assert right(game) == {"right_caption_above": 1.0, "right_caption_above_same_class": 1.0}
    # What it thinks of the image itself is no part of it.
    assert game.discriminator.linear.weight.grad is None


def test_a_row_whose_partner_has_its_caption_counts_for_nothing() -> None:
    (cost,) = terms().of_discriminator(lambda: (IMAGES, TOLD[:1].expand(16, -1)), 0.5)
    assert float(cost.detach()) == 0
    told = TOLD[:1].expand(16, -1).numpy()
    assert right_above_wrong(terms().discriminator, np.zeros((16, 4, 4, 1), np.uint8), told, seed=0) == {}


def test_the_generator_learns_from_captions_in_between() -> None:
    game = terms(between=2.0)
    (cost,) = game.of_generator(batch, 0.5)
    cost.backward()
    gradient = game.generator.embed.words.weight.grad
    assert gradient is not None
    assert gradient[[DARK, BRIGHT]].abs().min(dim=0).values.max() > 0
    (half,) = terms(between=1.0).of_generator(batch, 0.5)
    assert float(cost.detach()) == pytest.approx(2 * float(half.detach()))


def test_without_weight_nothing_is_drawn() -> None:
    game = terms(wrong=0.0, between=0.0)
    assert game.of_discriminator(lambda: pytest.fail("drawn"), 0.5) == []
    assert game.of_generator(lambda: pytest.fail("drawn"), 0.5) == []
    assert game.of_both(torch.zeros(1), 0.5) == 0.0


def test_partners_are_other_rows_of_the_same_class_where_there_is_one() -> None:
    classes = torch.tensor([2, 1, 2, 2, 1, 3] * 20)
    found = partners(classes, torch.Generator().manual_seed(1))
    assert torch.equal(found.sort().values, torch.arange(120))
    assert not (found == torch.arange(120)).any()
    assert int((classes[found] != classes).sum()) == 3  # one a class
