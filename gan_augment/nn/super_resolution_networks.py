"""Networks that enlarge images: a residual restorer and the discriminator of its second stage, without normalisation.

The restorer follows SRResNet (Ledig et al. 2017, arXiv 1609.04802, section 2.1) at a size for a CPU: few narrow
residual blocks, no batch normalisation (Lim et al. 2017, arXiv 1707.02921), everything at the low resolution, then one
pixel shuffle (Shi et al. 2016, arXiv 1609.05158). It adds its output to the bicubic enlargement, and starts as exactly
that: the last convolution's weights are 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.compute.layout import channels_last
from gan_augment.nn.resampling import resize

__all__ = ["PatchDiscriminator", "Restorer"]

LEAK = 0.2
_SMALL = 0.1  # of He's deviation, for a residual branch's last convolution: a deep stack starts near the identity


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(_SMALL)

    def forward(self, values: Tensor) -> Tensor:
        change: Tensor = self.second(F.leaky_relu(self.first(values), LEAK))
        return values + change


class Restorer(nn.Module):
    """Low-resolution images [n, c, h, w] in [-1, 1] to images [n, c, h * factor, w * factor], not clipped."""

    def __init__(self, channels: int, *, factor: int, width: int, blocks: int) -> None:
        super().__init__()
        self.factor = factor
        self.head = nn.Conv2d(channels, width, 3, padding=1)
        self.body = nn.Sequential(*[_Residual(width) for _ in range(blocks)])
        self.tail = nn.Conv2d(width, channels * factor**2, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)
        channels_last(self)

    def forward(self, low: Tensor) -> Tensor:
        """Images float32 [n, c, h * factor, w * factor]."""
        enlarged = resize(low, low.shape[2] * self.factor, low.shape[3] * self.factor)
        hidden = self.body(F.leaky_relu(self.head(low), LEAK))
        return enlarged + F.pixel_shuffle(self.tail(hidden), self.factor)


class PatchDiscriminator(nn.Module):
    """Images [n, c, h, w] to one logit per patch [n, h/4, w/4]; larger means more like a real image.

    It judges texture, not the whole picture: the content is left to the first stage.
    """

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )
        channels_last(self)

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 [n, h/4, w/4]."""
        logits: Tensor = self.body(images)
        return logits.squeeze(1)
