"""The published game's terms: what each player pays."""

from __future__ import annotations

import pytest
import torch

from gan_augment.nn.conditions import ConditionReader, condition_loss
from gan_augment.synthesis.generators.attribute_gan.dragan import DraganTerms

SIZES = (3, 4)


def terms(penalty: float = 10.0, weight: float = 2.0) -> DraganTerms:
    torch.manual_seed(0)
    reader = ConditionReader(torch.nn.Flatten(), 12, SIZES)
    rng = torch.Generator().manual_seed(1)
    return DraganTerms(reader, 4, rng, weight=weight, penalty=penalty, device="cpu")


def test_both_players_pay_for_what_cannot_be_read_from_all_images_judged() -> None:
    game, images, conditions = terms(), torch.randn(6, 3, 2, 2), torch.tensor([[1, 2], [2, 0]] * 3)
    logits = game.judge(images, conditions, 1.0)
    expected = 2.0 * condition_loss(game.reader.judge(images)[1], conditions, SIZES)
    torch.testing.assert_close(game.of_both(torch.zeros(3, 4), 0.5), expected)
    assert torch.equal(logits, game.reader(images))


def test_a_faded_condition_costs_nothing() -> None:
    game = terms()
    game.judge(torch.randn(2, 3, 2, 2), torch.tensor([[1, 2], [2, 1]]), 0.0)
    assert game.of_both(torch.zeros(2, 4), 0.0).item() == 0


def test_the_penalty_of_a_linear_discriminator_is_its_slopes_distance_from_one() -> None:
    game = terms()
    (paid,) = game.of_discriminator(lambda: (torch.randn(5, 3, 2, 2), torch.zeros(5)), 0.5)
    slope = game.reader.linear.weight.norm()
    assert float(paid) == pytest.approx(10 * float((slope - 1) ** 2), rel=1e-5)
    paid.backward()
    assert game.reader.linear.weight.grad is not None


def test_without_a_weight_no_image_is_drawn_for_the_penalty() -> None:
    assert terms(penalty=0.0).of_discriminator(lambda: pytest.fail("drawn"), 0.5) == []


def test_noise_comes_from_the_runs_own_source() -> None:
    first, second = terms().noise(3), terms().noise(3)
    assert torch.equal(first, second)
    assert first.shape == (3, 4)
