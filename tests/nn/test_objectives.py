"""Objectives against their formulas, by hand and by finite differences."""

from __future__ import annotations

import math

import pytest
import torch

from gan_augment.nn.objectives import (
    Game,
    Judge,
    Objective,
    local_penalty,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    zero_centred_penalty,
)


def test_a_discriminator_that_cannot_tell_pays_log_two() -> None:
    logits = torch.randn(8)
    assert math.isclose(relativistic_discriminator_loss(logits, logits).item(), math.log(2), rel_tol=1e-6)
    assert math.isclose(relativistic_generator_loss(logits, logits).item(), math.log(2), rel_tol=1e-6)


def test_the_two_losses_are_each_others_mirror() -> None:
    real, fake = torch.randn(8), torch.randn(8)
    assert torch.equal(relativistic_discriminator_loss(real, fake), relativistic_generator_loss(fake, real))


def test_only_the_difference_of_a_pair_counts() -> None:
    real, fake, shift = torch.randn(8), torch.randn(8), torch.randn(8)
    torch.testing.assert_close(
        relativistic_discriminator_loss(real, fake), relativistic_discriminator_loss(real + shift, fake + shift)
    )


def test_each_player_gains_by_moving_its_own_logits_up() -> None:
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    relativistic_discriminator_loss(real, fake).backward()
    assert (real.grad < 0).all()  # type: ignore[operator]
    assert (fake.grad > 0).all()  # type: ignore[operator]


def test_the_penalty_of_a_linear_critic_is_the_square_of_its_slope() -> None:
    slope = torch.tensor([3.0, -4.0])
    inputs = torch.randn(5, 2, requires_grad=True)
    penalty = zero_centred_penalty(inputs @ slope, inputs)
    assert math.isclose(penalty.item(), 25.0, rel_tol=1e-6)


def test_the_penalty_trains_the_critic() -> None:
    weight = torch.ones(2, requires_grad=True)
    inputs = torch.randn(5, 2, requires_grad=True)
    zero_centred_penalty(inputs @ weight, inputs).backward()
    torch.testing.assert_close(weight.grad, 2 * torch.ones(2))


def test_non_saturating_losses_are_the_papers() -> None:
    """Written with probabilities, as in Goodfellow et al. 2014: -log D(x) - log(1 - D(G(z))), and -log D(G(z))."""
    real, fake = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([0.3, -2.0, 1.5])
    chance_real, chance_fake = real.sigmoid(), fake.sigmoid()
    expected = -(chance_real.log().mean() + (1 - chance_fake).log().mean())
    assert torch.allclose(non_saturating_discriminator_loss(real, fake), expected)
    assert torch.allclose(non_saturating_generator_loss(fake), -chance_fake.log().mean())
    zeros = torch.zeros(4)
    assert math.isclose(non_saturating_discriminator_loss(zeros, zeros).item(), 2 * math.log(2), rel_tol=1e-6)


# ---- the game


def line(weight: torch.Tensor) -> Judge:
    return lambda rows: rows @ weight


@pytest.mark.parametrize("objective", ["relativistic", "non_saturating"])
def test_a_turn_without_penalty_is_the_objective_alone(objective: Objective) -> None:
    reals, fakes, judge = torch.randn(6, 3), torch.randn(6, 3), line(torch.tensor([1.0, 2.0, -1.0]))
    plain = {
        "relativistic": (relativistic_discriminator_loss, relativistic_generator_loss),
        "non_saturating": (non_saturating_discriminator_loss, lambda _, fake: non_saturating_generator_loss(fake)),
    }[objective]
    turn = Game(objective).discriminator(judge, reals, fakes, gamma=0.0, step=0)
    assert torch.equal(turn.loss, plain[0](judge(reals), judge(fakes)))
    torch.testing.assert_close(turn.real_logits, judge(reals))
    torch.testing.assert_close(Game(objective).generator(judge, reals, fakes), plain[1](judge(reals), judge(fakes)))


@pytest.mark.parametrize("interval", [1, 4])
def test_the_penalty_comes_at_its_interval_and_weighs_the_same_in_the_long_run(interval: int) -> None:
    """Over `interval` steps: gamma / 2 x (R1 + R2) a step on average, each the square of a linear critic's slope."""
    game, slope, gamma = Game(penalty_interval=interval), torch.tensor([3.0, -4.0]), 0.1
    reals, fakes = torch.randn(5, 2), torch.randn(5, 2)
    plain = game.discriminator(line(slope), reals, fakes, gamma=0.0, step=0).loss
    more = [
        (game.discriminator(line(slope), reals, fakes, gamma=gamma, step=step).loss - plain).item()
        for step in range(interval)
    ]
    assert more[1:] == [0.0] * (interval - 1)
    assert math.isclose(sum(more) / interval, gamma / 2 * (25 + 25), rel_tol=1e-5)


@pytest.mark.parametrize("patches", [1, 9, 72])
def test_the_number_of_patches_does_not_decide_how_strong_the_penalty_is(patches: int) -> None:
    """Every patch judges a pixel of its own with slope 2: R1 is 4 a patch, however many there are."""
    reals, fakes = torch.randn(4, patches), torch.randn(4, patches)
    game = Game()
    losses = [
        game.discriminator(lambda rows: 2 * rows, reals, fakes, gamma=gamma, step=0).loss.item() for gamma in (0, 1.0)
    ]
    assert math.isclose(losses[1] - losses[0], 4.0, rel_tol=1e-4)


def test_a_generator_gets_no_gradient_through_the_reals() -> None:
    weight = torch.ones(2, requires_grad=True)
    reals, fakes = torch.randn(4, 2, requires_grad=True), torch.randn(4, 2, requires_grad=True)
    Game().generator(line(weight), reals, fakes).backward()
    assert reals.grad is None
    assert fakes.grad is not None


@pytest.mark.parametrize(("slope", "penalty"), [((3.0, -4.0), 16.0), ((0.6, 0.8), 0.0), ((0.0, 0.0), 1.0)])
def test_the_local_penalty_of_a_linear_critic_is_its_slopes_distance_from_one(
    slope: tuple[float, float], penalty: float
) -> None:
    inputs = torch.randn(5, 2, requires_grad=True)
    found = local_penalty(inputs @ torch.tensor(slope), inputs)
    assert found.item() == pytest.approx(penalty, abs=1e-5)
