"""What Reed et al. 2016 (arXiv 1605.05396) add to the game: captions that do not match, and captions in between.

- GAN-CLS: an image with the wrong caption is a third kind, beside real and generated ones. In the paper its loss is
  log(1 - D(x, wrong)). A relativistic discriminator compares, and so it is compared here: softplus(-(D(x, right) -
  D(x, wrong))) of one and the same real image. What the discriminator thinks of the image cancels out: only what it
  makes of the caption is left, and that is what the term is there to teach.
- GAN-INT: the generator also draws for the middle of two captions' vectors, which no real image has. It is compared
  with the middle of both real images' logits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from gan_augment.encoding.image import encode_images
from gan_augment.nn.image_networks import Discriminator, Generator
from gan_augment.synthesis.kit.adversarial import DrawBatch

__all__ = ["CaptionTerms", "partners", "right_above_wrong"]


@dataclass(frozen=True)
class CaptionTerms:
    """Both networks are given class and caption, int64 [n, 1 + words]; see the module.

    `wrong`, `between`: the weights of the two terms; 0 leaves one out. `wrong` beside an adversarial term of weight 1.
    """

    generator: Generator
    discriminator: Discriminator
    rng: torch.Generator
    wrong: float
    between: float
    device: str

    def noise(self, count: int) -> Tensor:
        """See `Terms`."""
        return torch.randn(count, self.generator.latent, generator=self.rng).to(self.device)

    def judge(self, images: Tensor, labels: Tensor, scale: float) -> Tensor:
        """See `Terms`."""
        logits: Tensor = self.discriminator(images, labels, scale)
        return logits

    def of_both(self, noise: Tensor, progress: float) -> float:
        """See `Terms`."""
        del noise, progress
        return 0.0

    def of_discriminator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`. Half of the wrong captions are those of images of the same class."""
        del progress
        if not self.wrong:
            return []
        images, told = draw_batch()
        place, half = partners(told[:, 0], self.rng), len(told) // 2
        place[:half] = torch.randperm(len(told), generator=self.rng).to(place.device)[:half]
        other = told[place]
        differs = (told != other).any(1)
        embed, hidden = self.discriminator.embed, self.discriminator.body(images)
        right = (hidden * (embed(told) - embed(other))).sum(1)
        return [self.wrong * (F.softplus(-right) * differs).sum() / differs.sum().clamp(min=1)]

    def of_generator(self, draw_batch: DrawBatch, progress: float) -> list[Tensor]:
        """See `Terms`. Both captions are of one class where the batch has two images of it: so is what is between."""
        del progress
        if not self.between:
            return []
        images, told = draw_batch()
        place = partners(told[:, 0], self.rng)
        middle = torch.stack([told, told[place]], dim=1)
        with torch.no_grad():
            real = self.discriminator(images, told)
        drawn = self.discriminator(self.generator(self.noise(len(told)), middle), middle)
        return [self.between * F.softplus(-(drawn - (real + real[place]) / 2)).mean()]


def partners(classes: Tensor, rng: torch.Generator) -> Tensor:
    """Another row's place for each row, int64 [n]: of the same class but for one row a class, every place once."""
    random = torch.rand(len(classes), generator=rng).to(classes.device)
    order = torch.argsort(classes + random)  # class after class, at random within
    found = torch.empty_like(order)
    found[order] = order.roll(1)
    return found


@torch.inference_mode()
def right_above_wrong(
    discriminator: Discriminator, images: npt.NDArray[np.uint8], told: npt.NDArray[np.int64], *, seed: int
) -> dict[str, float]:
    """How often real images score above with their own caption than with another's; 0.5: captions are ignored.

    `images` uint8 [n, h, w, c] with what is given about them [n, 1 + words]: against the caption of any other row, and
    against that of a row of the same class, class and words alike.
    """
    device = next(discriminator.parameters()).device
    pixels = torch.from_numpy(encode_images(images)).to(device)
    own, rng = torch.from_numpy(told).to(device), torch.Generator().manual_seed(seed)
    right = discriminator(pixels, own)
    order = torch.randperm(len(own), generator=rng).to(device)
    anyone = torch.empty_like(order)
    anyone[order] = order.roll(1)
    found = {}
    for name, place in (("right_caption_above", anyone), ("right_caption_above_same_class", partners(own[:, 0], rng))):
        differs = (own != own[place]).any(1)
        if name.endswith("class"):
            differs &= own[:, 0] == own[place, 0]
        if differs.any():
            found[name] = float((right > discriminator(pixels, own[place]))[differs].float().mean())
    return found
