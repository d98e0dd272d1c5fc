"""An adversarial run whose generator must be readable: it maximises the mutual information of codes and images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.affine_views import affine_view
from gan_augment.nn.image_networks import Generator
from gan_augment.nn.information import InfoDiscriminator, information_loss, invariance_loss
from gan_augment.synthesis.adversarial import AdversarialRun

__all__ = ["Guide", "InformationRun", "legibility"]


@torch.inference_mode()
def legibility(reader: nn.Module, images: Tensor, rng: torch.Generator) -> float:
    """How much the codes of two slightly changed versions of an image say about each other: in [0, 1] of log k.

    0 where codes are noise, or all the same. It needs no label, so it may choose a snapshot of a model without labels.
    """
    assert isinstance(reader, InfoDiscriminator)
    first, second = (reader.recognise(affine_view(images, rng)) for _ in range(2))
    return 1 - float(invariance_loss(first, second)) / math.log(first.shape[1])


@dataclass(frozen=True)
class Guide:
    """Images whose codes are known: `images` float32 [n, c, h, w] in [-1, 1], `codes` int64 [n], on one device.

    `weight` is that of the cross-entropy of reading them (Spurr et al. 2017, "Guiding InfoGAN with Semi-Supervision",
    arXiv 1707.04487, eq. 7).
    """

    images: Tensor
    codes: Tensor
    weight: float


class InformationRun(AdversarialRun):
    """The unconditional run, plus weight x L_I for both networks (Chen et al. 2016, arXiv 1606.03657, eq. 6).

    Codes count from the share `start` of the run on, and fully at twice that: codes learnt while the images are still
    noise stick to whatever noise was easiest to read. A `guide` counts from the first step.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: InfoDiscriminator,
        *arguments: Any,
        weight: float,
        continuous_weight: float,
        invariance: float,
        start: float,
        guide: Guide | None = None,
        **settings: Any,
    ) -> None:
        self.layout = discriminator.layout
        self.weight, self.continuous_weight = weight, continuous_weight
        self.invariance, self.start, self.guide = invariance, start, guide
        self.reader = discriminator
        super().__init__(generator, discriminator, *arguments, conditional=False, **settings)

    def _codes_count(self) -> float:
        progress = self.loop.images_seen / self.total_images
        return min(max((progress - self.start) / self.start, 0.0), 1.0) if self.start else 1.0

    def _noise(self, count: int) -> Tensor:
        return self.layout.draw(count, self.rng).to(self.images.device)

    def _judge(self, images: Tensor, labels: Tensor, scale: float, noise: Tensor) -> tuple[Tensor, Tensor | float]:
        del labels, scale
        logits, code_logits, means = self.reader.judge(images)
        codes, continuous = self.layout.codes_of(noise)
        return logits, self._codes_count() * information_loss(
            code_logits[-len(noise) :],
            means[-len(noise) :],
            codes,
            continuous,
            weight=self.weight,
            continuous_weight=self.continuous_weight,
        )

    def _discriminator_loss(self, progress: float) -> Tensor:
        return super()._discriminator_loss(progress) + self._changed_reals() + self._guided()

    def _changed_reals(self) -> Tensor | float:
        if self.invariance == 0:
            return 0.0
        reals, _ = self._batch()
        views = torch.cat([affine_view(reals, self.rng), affine_view(reals, self.rng)])
        codes = self.reader.recognise(views)
        return self._codes_count() * self.invariance * invariance_loss(*codes.chunk(2))

    def _guided(self) -> Tensor | float:
        if self.guide is None:
            return 0.0
        rows = torch.randint(len(self.guide.codes), (self.settings.batch_size,), generator=self.rng)
        rows = rows.to(self.guide.images.device)
        read = self.reader.recognise(affine_view(self.guide.images[rows], self.rng))
        return self.guide.weight * F.cross_entropy(read, self.guide.codes[rows])
