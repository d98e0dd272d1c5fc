"""What a style and a content are read from: maps of a network of the user's rows, of random filters, or of photographs.

Published with VGG-19, whose weights no package here has. The images themselves are a layer, too, for their colours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_augment.core.records import ImageSpec
from gan_augment.core.samples import TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.nn.texture_statistics import RandomFilters
from gan_augment.recognition.classifier import SmallCnn
from gan_augment.recognition.pretrained import PretrainedMaps
from gan_augment.recognition.supervised import fit_classifier, pixels

__all__ = ["FeatureKind", "Features", "empty_features", "fit_features"]

FeatureKind = Literal["own", "random", "extra"]
_WIDTH = 16  # of the network of the user's rows


class Features(nn.Module):
    """Images to layers of maps, without gradients of its own weights."""

    def __init__(self, network: nn.Module, maps: Callable[[Tensor], list[Tensor]]) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self._maps = maps

    def forward(self, images: Tensor) -> list[Tensor]:
        """float32 [n, d, h, w] each, of float32 [n, c, h, w] in [-1, 1]; first the images themselves."""
        return [images, *self._maps(images)]


def fit_features(
    kind: FeatureKind, train: TrainView, *, steps: int, seed: int, device: str, shown: Callable[[int], None]
) -> Features:
    """The features, learnt where they are the user's own: a small classifier of the train rows.

    `shown` is called with the number of the step before each. Raises SetupError where the extra is not installed.
    """
    if kind != "own":
        return empty_features(kind, train.spec.images, len(train.spec.classes), seed=seed).to(device)
    images, step = np.asarray(train.samples.payload), 0

    def show(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        nonlocal step
        shown(step)
        step += 1
        found: npt.NDArray[np.uint8] = images[rows]
        return found

    with torch.random.fork_rng(devices=[]):  # modules draw weights from the global generator before we set them
        network = fit_classifier(
            pixels(images),
            torch.from_numpy(train.labels),
            len(train.spec.classes),
            seed=derive_seed(seed, "features"),
            steps=steps,
            sampling="balanced",
            show=show,
            width=_WIDTH,
            device=device,
        )
    return Features(network, network.maps)


def empty_features(kind: FeatureKind, image: ImageSpec, classes: int, *, seed: int) -> Features:
    """The features as they are before anything is learnt or read from a file."""
    if kind == "extra":
        with torch.random.fork_rng(devices=[]):
            network = PretrainedMaps()
        return Features(network, network.forward)
    generator = torch.Generator().manual_seed(derive_seed(seed, "filters"))
    if kind == "random":
        filters = RandomFilters(image.channels, generator=generator)
        return Features(filters, filters.forward)
    with torch.random.fork_rng(devices=[]):
        own = SmallCnn(image.channels, image.height, image.width, classes, width=_WIDTH, generator=generator)
    return Features(own, own.maps)
