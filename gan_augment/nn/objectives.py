"""GAN objectives: functions of logits, and the game that they form, independent of optimiser, device and logger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "Game",
    "Judge",
    "Objective",
    "Turn",
    "local_penalty",
    "non_saturating_discriminator_loss",
    "non_saturating_generator_loss",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
    "zero_centred_penalty",
]

Objective = Literal["relativistic", "non_saturating"]
Judge = Callable[[Tensor], Tensor]  # maps images or rows [n, ...] to logits [n] or, for patches, [n, places...]


class Turn(NamedTuple):
    """Turn of the discriminator: its loss, a scalar, and the logits behind it."""

    loss: Tensor
    real_logits: Tensor
    fake_logits: Tensor


@dataclass(frozen=True)
class Game:
    """Losses of both players: the comparison of real and generated rows, and the discriminator's penalty.

    Parameters
    ----------
    objective
        `relativistic`: row i of the reals against row i of the generated ones, which must be of the same class;
        `non_saturating`: each on its own.
    penalty_interval
        The number of steps per computation of R1 and R2; their weight is larger by that factor ("lazy", Karras et al.
        2020, arXiv 1912.04958, appendix B).
    """

    objective: Objective = "relativistic"
    penalty_interval: int = 1

    @property
    def paired(self) -> bool:
        """Whether the generator's loss uses real rows too."""
        return self.objective == "relativistic"

    def discriminator(self, judge: Judge, reals: Tensor, fakes: Tensor, *, gamma: float, step: int) -> Turn:
        """Loss with gamma / 2 x (R1 + R2), R3GAN's eq. 4 (Huang et al. 2024, arXiv 2501.05441).

        `judge` gets reals and fakes [n, ...] in one pass, [2n, ...]; they require a gradient in steps with a penalty.
        `step` continues a checkpoint's count, so that a resumed run penalises in the same steps.
        """
        penalised = gamma > 0 and step % self.penalty_interval == 0
        both = torch.cat([reals, fakes]).requires_grad_(penalised)
        logits = judge(both)
        real_logits, fake_logits = logits.chunk(2)
        paired, single = relativistic_discriminator_loss, non_saturating_discriminator_loss
        loss = (paired if self.paired else single)(real_logits, fake_logits)
        if penalised:
            # R1 + R2 in one pass: the mean over reals and fakes together is half of their sum. A patch's logit has a
            # gradient of its own: the number of patches must not decide how strong the penalty is.
            weight = gamma * self.penalty_interval / logits[0].numel()
            loss = loss + weight * zero_centred_penalty(logits, both)
        return Turn(loss, real_logits, fake_logits)

    def generator(self, judge: Judge, reals: Tensor, fakes: Tensor) -> Tensor:
        """Loss of generated rows, a scalar. `reals` are judged without a gradient, and only where `paired`."""
        if not self.paired:
            return non_saturating_generator_loss(judge(fakes))
        with torch.no_grad():
            real_logits = judge(reals)
        return relativistic_generator_loss(real_logits, judge(fakes))


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-(D(x) - D(G(z)))), a scalar. Row i of both tensors [n] must be of the same class.

    Relativistic pairing GAN, Jolicoeur-Martineau 2018 (arXiv 1807.00734); as in R3GAN, Huang et al. 2024 (eq. 2).
    """
    return F.softplus(-(real_logits - fake_logits)).mean()


def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-(D(G(z)) - D(x))), a scalar: the discriminator's loss with the roles exchanged."""
    return F.softplus(-(fake_logits - real_logits)).mean()


def non_saturating_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-D(x)) + mean softplus(D(G(z))), a scalar; 2 log 2 where D is at chance.

    Goodfellow et al. 2014 (arXiv 1406.2661), eq. 1, with D's sigmoid inside.
    """
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """Mean softplus(-D(G(z))), a scalar: -log of D's probability that a generated image is real."""
    return F.softplus(-fake_logits).mean()


def zero_centred_penalty(logits: Tensor, inputs: Tensor) -> Tensor:
    """Mean squared norm of the gradient of D at its inputs, a scalar (without the factor gamma / 2).

    R1 when `inputs` are real (Mescheder et al. 2018, arXiv 1801.04406, eq. 9), R2 when they are generated.
    `inputs` must require a gradient, and `logits` [n] must come from them.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def local_penalty(logits: Tensor, inputs: Tensor) -> Tensor:
    """Mean squared distance from 1 of the norm of D's gradient at its inputs, a scalar (without a factor).

    DRAGAN (Kodali et al. 2017, arXiv 1705.07215, eq. 2), where `inputs` are real images with a little random noise;
    they must require a gradient, and `logits` [n] must come from them.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    distance: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1) - 1
    return distance.square().mean()
