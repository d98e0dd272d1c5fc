"""Small convolutional classifier, for the judge, the own-feature metrics and the downstream measurement."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_augment.compute.layout import channels_last

__all__ = ["SmallCnn"]

_POOLED = 2  # the last feature map is averaged to 2 x 2, which keeps the coarse position with few weights
_WIDEST = 4  # channels grow to this multiple of `width`
# px: a map of this size is not halved any more. At 20 px (20, 10, 5) a last convolution on 5 x 5 px is 1.5 points
# better than on 3 x 3, and cheaper.
_SMALLEST = 5
_LEAST_BLOCKS = 3


def _block(inputs: int, outputs: int, *, halve: bool) -> nn.Sequential:
    # The maximum is taken before the normalisation, which then works on a quarter of the pixels: as good and a third
    # cheaper. Strided convolutions instead of it cost 10 points of accuracy on 20 images a class.
    pool = [nn.MaxPool2d(2, ceil_mode=True)] if halve else []
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, *pool, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _trunk(height: int, width_px: int, channels: int, width: int) -> Iterator[nn.Module]:
    """Convolutions with max-pooling down to 3 to 5 px; at least three of them."""
    side, inputs, outputs, blocks = max(height, width_px), channels, width, 0
    while side > _SMALLEST or blocks < _LEAST_BLOCKS:
        halve = side > _SMALLEST
        yield _block(inputs, outputs, halve=halve)
        side = -(-side // 2) if halve else side
        inputs, outputs, blocks = outputs, min(2 * outputs, _WIDEST * width), blocks + 1


class SmallCnn(nn.Module):
    """Three or more 3 x 3 convolutions with max-pooling and batch normalisation, a dense layer, a linear head.

    Parameters
    ----------
    channels, height, width_px
        The images' dimensions; any side from 4 px up works, 8 to 64 is intended.
    classes
        K, the number of outputs.
    width
        Channels of the first convolution; later ones grow to four times as many.
    features
        Length of the vector that `embed` returns.
    generator
        Source of the initial weights (He et al. 2015, arXiv 1502.01852). The global generator's state has no influence.
    """

    def __init__(
        self,
        channels: int,
        height: int,
        width_px: int,
        classes: int,
        *,
        width: int = 16,
        features: int = 64,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.classes = classes
        blocks = list(_trunk(height, width_px, channels, width))
        self.trunk = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(_POOLED), nn.Flatten())
        with torch.no_grad():
            flat = self.trunk.eval()(torch.zeros(1, channels, height, width_px)).shape[1]
        self.features = nn.Linear(flat, features)
        self.head = nn.Linear(features, classes)
        self._initialise(generator)
        channels_last(self)
        self.train()

    def _initialise(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def embed(self, images: Tensor) -> Tensor:
        """Features float32 [n, features], not negative, of images float32 [n, channels, h, w] in [-1, 1]."""
        return functional.relu(self.features(self.trunk(images)))

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 [n, classes] of images float32 [n, channels, h, w] in [-1, 1]."""
        logits: Tensor = self.head(self.embed(images))
        return logits
