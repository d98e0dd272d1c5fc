"""GAN objectives: functions of logits. They know no optimiser, no device and no logger."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "Objective",
    "non_saturating_discriminator_loss",
    "non_saturating_generator_loss",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
    "zero_centred_penalty",
]

Objective = Literal["relativistic", "non_saturating"]


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-(D(x) - D(G(z)))), a scalar. Row i of both tensors [n] must be of the same class.

    Relativistic pairing GAN, Jolicoeur-Martineau 2018 (arXiv 1807.00734); as in R3GAN, Huang et al. 2024 (eq. 2).
    """
    return F.softplus(-(real_logits - fake_logits)).mean()


def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-(D(G(z)) - D(x))), a scalar: the discriminator's loss with the roles exchanged."""
    return F.softplus(-(fake_logits - real_logits)).mean()


def non_saturating_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean softplus(-D(x)) + mean softplus(D(G(z))), a scalar; 2 log 2 where D cannot tell.

    Goodfellow et al. 2014 (arXiv 1406.2661), eq. 1, with D's sigmoid inside.
    """
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """Mean softplus(-D(G(z))), a scalar: -log of the chance that D gives a generated image of being real."""
    return F.softplus(-fake_logits).mean()


def zero_centred_penalty(logits: Tensor, inputs: Tensor) -> Tensor:
    """Mean squared norm of the gradient of D at its inputs, a scalar (without the factor gamma / 2).

    R1 when `inputs` are real (Mescheder et al. 2018, arXiv 1801.04406, eq. 9), R2 when they are generated.
    `inputs` must require a gradient, and `logits` [n] must come from them.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()
