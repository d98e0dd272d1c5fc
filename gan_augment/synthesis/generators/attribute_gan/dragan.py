"""The game as Jin et al. 2017 (arXiv 1708.05509) play it: DRAGAN with auxiliary heads that read the condition."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gan_augment.nn.conditions import ConditionReader, condition_loss
from gan_augment.nn.objectives import local_penalty
from gan_augment.synthesis.kit.adversarial import DrawBatch

__all__ = ["DraganTerms"]

REACH = 0.5  # of the deviation of all pixels: how far reals are moved (Kodali et al. 2017, the authors' code)


@dataclass(frozen=True)
class DraganTerms:
    """The discriminator gets no condition; both players gain by legible conditions; the penalty is around reals.

    Attributes
    ----------
    weight
        Of the cross-entropy of the values, beside an adversarial term of weight 1: the paper's sum over 34 attributes
        beside 34 times the adversarial term is the mean over attributes with weight 1.
    penalty
        Of the gradient penalty. Of reals alone: near them, not near what is generated.
    """

    reader: ConditionReader
    latent: int
    rng: torch.Generator
    weight: float
    penalty: float
    device: str
    _read: list[Tensor] = field(default_factory=list)  # the cross-entropy of the last pass

    def noise(self, count: int) -> Tensor:
        """See `Terms`."""
        return torch.randn(count, self.latent, generator=self.rng).to(self.device)

    def judge(self, images: Tensor, labels: Tensor, scale: float) -> Tensor:
        """See `Terms`."""
        logits, read = self.reader.judge(images)
        self._read[:] = [scale * condition_loss(read.float(), labels, self.reader.sizes)]
        return logits

    def of_both(self, noise: Tensor, progress: float) -> Tensor:
        """See `Terms`."""
        del noise, progress
        return self.weight * self._read.pop()

    def of_discriminator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        del progress
        if not self.penalty:
            return []
        reals = draw_batch()[0]
        moved = torch.rand(reals.shape, generator=self.rng).to(reals.device)
        near = (reals + REACH * reals.std() * moved).requires_grad_()
        return [self.penalty * local_penalty(self.reader(near), near)]

    def of_generator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        del draw_batch, progress
        return []
