"""An adversarial run whose generator must be readable: it maximises the mutual information of codes and images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gan_augment.nn.affine_views import affine_view
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.information import InfoDiscriminator, information_loss, invariance_loss
from gan_augment.synthesis.adversarial import AdversarialRun

__all__ = ["InformationRun"]


class InformationRun(AdversarialRun):
    """The unconditional run, plus weight x L_I for both networks (Chen et al. 2016, arXiv 1606.03657, eq. 6)."""

    def __init__(
        self,
        generator: Generator,
        discriminator: InfoDiscriminator,
        *arguments: Any,
        weight: float,
        continuous_weight: float,
        invariance: float,
        **settings: Any,
    ) -> None:
        self.layout = discriminator.layout
        self.weight, self.continuous_weight = weight, continuous_weight
        self.invariance = invariance
        self.reader = discriminator
        super().__init__(generator, discriminator, *arguments, conditional=False, **settings)

    def _noise(self, count: int) -> Tensor:
        return self.layout.draw(count, self.rng).to(self.images.device)

    def _judge(self, images: Tensor, labels: Tensor, scale: float, noise: Tensor) -> tuple[Tensor, Tensor | float]:
        del labels, scale
        logits, code_logits, means = self.reader.judge(images)
        codes, continuous = self.layout.codes_of(noise)
        return logits, information_loss(
            code_logits[-len(noise) :],
            means[-len(noise) :],
            codes,
            continuous,
            weight=self.weight,
            continuous_weight=self.continuous_weight,
        )

    def _discriminator_loss(self, progress: float) -> Tensor:
        loss = super()._discriminator_loss(progress)
        if self.invariance == 0:
            return loss
        reals, _ = self._batch()
        views = torch.cat([affine_view(reals, self.rng), affine_view(reals, self.rng)])
        codes = self.reader.recognise(views)
        return loss + self.invariance * invariance_loss(*codes.chunk(2))
