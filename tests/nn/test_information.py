"""Codes inside the noise, the head that reads them, and the two losses, against forced answers."""

from __future__ import annotations

import math

import pytest
import torch

from gan_augment.core.records import ImageSpec
from gan_augment.nn.image_networks import build_discriminator
from gan_augment.nn.information import CodeLayout, InfoDiscriminator, information_loss, invariance_loss

LAYOUT = CodeLayout(noise=5, categories=4, continuous=2)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def discriminator() -> InfoDiscriminator:
    torch.manual_seed(0)
    image = ImageSpec(height=8, width=8, channels=1)
    plain = build_discriminator(image, classes=1, architecture="mlp", width=16)
    return InfoDiscriminator(plain.body, 16, LAYOUT)


def test_what_was_put_in_can_be_read_back() -> None:
    wanted = torch.tensor([3, 0, 1])
    rows = LAYOUT.draw(3, rng(), wanted)
    assert rows.shape == (3, LAYOUT.width) == (3, 11)
    codes, continuous = LAYOUT.codes_of(rows)
    assert torch.equal(codes, wanted)
    assert torch.equal(rows[:, 9:], continuous)
    assert continuous.abs().max() <= 1


def test_without_a_wish_every_code_is_as_likely() -> None:
    codes, continuous = LAYOUT.codes_of(LAYOUT.draw(8000, rng()))
    assert torch.bincount(codes).sub(2000).abs().max() < 150
    assert continuous.mean(0).abs().max() < 0.03
    assert continuous.var(0).sub(1 / 3).abs().max() < 0.02  # uniform in [-1, 1]


def test_a_wished_code_leaves_the_rest_of_the_row_as_it_was() -> None:
    free, wished = LAYOUT.draw(6, rng()), LAYOUT.draw(6, rng(), torch.zeros(6, dtype=torch.long))
    assert torch.equal(free[:, :5], wished[:, :5])
    assert torch.equal(free[:, 9:], wished[:, 9:])


def test_one_pass_says_what_the_single_questions_say() -> None:
    network, images = discriminator(), torch.randn(3, 1, 8, 8, generator=rng())
    logits, codes, means = network.judge(images)
    assert torch.equal(logits, network(images, torch.zeros(3, dtype=torch.long)))
    assert torch.equal(codes, network.recognise(images))
    assert codes.shape == (3, 4)
    assert means.shape == (3, 2)


def test_the_information_loss_is_zero_for_a_perfect_reader_and_log_k_for_a_blind_one() -> None:
    codes, continuous = torch.tensor([0, 1, 2, 3]), torch.tensor([[0.5], [-1.0], [0.0], [1.0]])
    perfect = information_loss(100 * torch.eye(4), continuous, codes, continuous, weight=1, continuous_weight=1)
    assert float(perfect) == pytest.approx(0, abs=1e-6)
    blind = information_loss(torch.zeros(4, 4), continuous, codes, continuous, weight=2, continuous_weight=1)
    assert float(blind) == pytest.approx(2 * math.log(4))
    off = information_loss(100 * torch.eye(4), continuous + 1, codes, continuous, weight=1, continuous_weight=0.1)
    assert float(off) == pytest.approx(0.05, abs=1e-6)


def test_the_invariance_loss_wants_equal_codes_that_are_all_used() -> None:
    sure = 100 * torch.eye(4)
    assert float(invariance_loss(sure, sure)) == pytest.approx(0, abs=1e-4)
    constant = sure[[0, 0, 0, 0]]
    assert float(invariance_loss(constant, constant)) == pytest.approx(math.log(4), abs=1e-4)
    contradicting = sure[[1, 2, 3, 0]]
    independent = invariance_loss(sure.repeat(4, 1), sure.repeat_interleave(4, 0))
    assert float(independent) == pytest.approx(math.log(4), abs=1e-4)
    assert float(invariance_loss(sure, contradicting)) > 0.5
