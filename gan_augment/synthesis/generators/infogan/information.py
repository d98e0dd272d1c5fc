"""What makes an adversarial game an InfoGAN's: both players maximise the mutual information of codes and images."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.affine_views import affine_view
from gan_augment.nn.information import InfoDiscriminator, information_loss, invariance_loss
from gan_augment.synthesis.kit.adversarial import DrawBatch

__all__ = ["Guide", "InformationTerms", "legibility"]


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


@dataclass(frozen=True)
class InformationTerms:
    """weight x L_I for both networks (Chen et al. 2016, arXiv 1606.03657, eq. 6), over noise that holds codes.

    Codes count from the share `start` of the run on, and fully at twice that: codes learnt while the images are still
    noise stick to whatever noise was easiest to read. A `guide` counts from the first step.

    Attributes
    ----------
    reader
        The discriminator: its body is Q's too, so that one pass over the images gives logits and codes.
    invariance
        Weight of real images keeping their code when they are slightly changed.
    batch_size
        Labelled images of the guide that each step reads.
    """

    reader: InfoDiscriminator
    rng: torch.Generator
    weight: float
    continuous_weight: float
    invariance: float
    start: float
    guide: Guide | None
    batch_size: int
    device: str
    _read: list[tuple[Tensor, Tensor]] = field(default_factory=list)  # by the last pass: code logits, means

    def noise(self, count: int) -> Tensor:
        """See `Terms`."""
        return self.reader.layout.draw(count, self.rng).to(self.device)

    def judge(self, images: Tensor, labels: Tensor, scale: float) -> Tensor:
        """See `Terms`."""
        del labels, scale
        logits, code_logits, means = self.reader.judge(images)
        self._read[:] = [(code_logits.float(), means.float())]
        return logits

    def of_both(self, noise: Tensor, progress: float) -> Tensor:
        """See `Terms`."""
        code_logits, means = self._read.pop()
        codes, continuous = self.reader.layout.codes_of(noise)
        return self._codes_count(progress) * information_loss(
            code_logits[-len(noise) :],
            means[-len(noise) :],
            codes,
            continuous,
            weight=self.weight,
            continuous_weight=self.continuous_weight,
        )

    def of_discriminator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        changed = [self._changed(draw_batch()[0], progress)] if self.invariance else []
        return changed if self.guide is None else [*changed, self._guided(self.guide)]

    def of_generator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`."""
        del draw_batch, progress
        return []

    def _codes_count(self, progress: float) -> float:
        return min(max((progress - self.start) / self.start, 0.0), 1.0) if self.start else 1.0

    def _changed(self, reals: Tensor, progress: float) -> Tensor:
        views = torch.cat([affine_view(reals, self.rng), affine_view(reals, self.rng)])
        codes = self.reader.recognise(views)
        return self._codes_count(progress) * self.invariance * invariance_loss(*codes.chunk(2))

    def _guided(self, guide: Guide) -> Tensor:
        rows = torch.randint(len(guide.codes), (self.batch_size,), generator=self.rng)
        rows = rows.to(guide.images.device)
        read = self.reader.recognise(affine_view(guide.images[rows], self.rng))
        return guide.weight * F.cross_entropy(read, guide.codes[rows])
