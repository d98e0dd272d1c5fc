"""What makes a game an InfoGAN's: the terms, when they begin to count, and how legible codes are."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_augment.nn.information import CodeLayout, InfoDiscriminator
from gan_augment.synthesis.generators.infogan.information import Guide, InformationTerms, legibility

LAYOUT = CodeLayout(noise=3, categories=2, continuous=1)
IMAGES = torch.full((6, 1, 8, 8), -1.0)
NOTHING = torch.zeros(6)  # told
IMAGES[:3, :, :, :4], IMAGES[3:, :, :, 4:] = 1.0, 1.0  # bright on the left, and on the right


class Reader(InfoDiscriminator):
    """Reads code 0 off images that are bright on the left, and 1 on the right, as surely as `sure` says."""

    def __init__(self, sure: float) -> None:
        super().__init__(nn.Flatten(), 64, LAYOUT)
        left = torch.tensor([1.0] * 4 + [-1.0] * 4).repeat(8)
        self.recognition = nn.Linear(64, 3)  # type: ignore[assignment]
        with torch.no_grad():
            self.recognition.weight.copy_(sure * torch.stack([left, -left, 0 * left]))
            self.recognition.bias.zero_()


def terms(sure: float = 1.0, **changes: object) -> InformationTerms:
    plain = InformationTerms(
        Reader(sure), torch.Generator().manual_seed(0), weight=1.0, continuous_weight=0.0, invariance=0.0,
        start=0.0, guide=None, batch_size=4, device="cpu",
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def noise_of(codes: list[int]) -> torch.Tensor:
    return LAYOUT.draw(len(codes), torch.Generator().manual_seed(1), torch.tensor(codes))


def loss(game: InformationTerms, codes: list[int], progress: float = 1.0) -> float:
    """Of the images in `IMAGES` that were made from these codes."""
    game.judge(IMAGES, torch.zeros(6), 1.0)
    return float(game.of_both(noise_of(codes), progress).detach())


def test_codes_that_are_read_right_cost_nothing_wrong_ones_much_and_blind_ones_log_k() -> None:
    assert loss(terms(), [0, 0, 0, 1, 1, 1]) == pytest.approx(0, abs=1e-4)
    assert loss(terms(), [1, 1, 1, 0, 0, 0]) > 10
    assert loss(terms(0.0), [0, 1, 0, 1, 0, 1]) == pytest.approx(math.log(2), abs=1e-5)
    assert loss(terms(0.0, weight=3.0), [0, 1, 0, 1, 0, 1]) == pytest.approx(3 * math.log(2), abs=1e-5)


def test_only_the_last_images_of_a_pass_were_generated() -> None:
    assert loss(terms(), [1, 1, 1]) == pytest.approx(0, abs=1e-4)
    assert loss(terms(), [0, 0, 0]) > 10


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.0), (0.2, 0.0), (0.3, 0.5), (0.4, 1.0), (1.0, 1.0)])
def test_codes_begin_to_count_at_their_start_and_fully_at_twice_that(progress: float, share: float) -> None:
    wrong = loss(terms(), [1, 1, 1, 0, 0, 0])
    assert loss(terms(start=0.2), [1, 1, 1, 0, 0, 0], progress) == pytest.approx(share * wrong, rel=1e-4)


def test_the_noise_holds_codes_as_the_layout_draws_them() -> None:
    drawn = terms().noise(500)
    assert drawn.shape == (500, LAYOUT.width)
    codes, continuous = LAYOUT.codes_of(drawn)
    assert 200 < int(codes.sum()) < 300
    assert continuous.abs().max() <= 1


def test_real_images_are_asked_for_only_where_they_are_to_keep_their_code() -> None:
    def none() -> torch.Tensor:
        raise AssertionError

    assert terms().of_discriminator(none, 1.0) == []
    (sure,) = terms(invariance=2.0).of_discriminator(lambda: (IMAGES, NOTHING), 1.0)
    (blind,) = terms(0.0, invariance=2.0).of_discriminator(lambda: (IMAGES, NOTHING), 1.0)
    assert sure.item() < 0.2 < blind.item()
    assert blind.item() == pytest.approx(2 * math.log(2), abs=1e-4)
    (early,) = terms(0.0, invariance=2.0, start=0.5).of_discriminator(lambda: (IMAGES, NOTHING), 0.1)
    assert early.item() == 0


@pytest.mark.parametrize(("codes", "right"), [([0, 0, 0, 1, 1, 1], True), ([1, 1, 1, 0, 0, 0], False)])
def test_a_guide_counts_from_the_first_step(codes: list[int], right: bool) -> None:
    guided = terms(guide=Guide(IMAGES, torch.tensor(codes), weight=2.0), start=0.5)
    (cost,) = guided.of_discriminator(lambda: (IMAGES, NOTHING), 0.0)
    assert (cost.item() < 0.1) is right


def test_legibility_is_one_for_sure_codes_and_zero_for_blind_ones() -> None:
    many = IMAGES.repeat(10, 1, 1, 1)
    assert legibility(Reader(1.0), many, torch.Generator().manual_seed(0)) > 0.9
    assert legibility(Reader(0.0), many, torch.Generator().manual_seed(0)) == pytest.approx(0, abs=1e-4)
