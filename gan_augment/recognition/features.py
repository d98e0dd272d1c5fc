"""Feature space from the user's own data: the last hidden layer of a classifier trained on the real train rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.encoding.features import Standardiser
from gan_augment.encoding.image import encode_images
from gan_augment.recognition.classifier import SmallCnn

__all__ = ["OwnFeatures"]


class OwnFeatures:
    """Features of images by a trained `SmallCnn`, on a common scale.

    Scores in this space are "own-feature" scores: no downloaded network is involved, and they are never called FID or
    compared with figures from another data set. The network that filters samples must not be the one that scores them.

    Parameters
    ----------
    network
        A trained classifier; it is set to evaluation mode.
    train_images
        The real train images, uint8 [n, h, w, c], which set the scale of the features.
    """

    name = "own CNN features"

    def __init__(self, network: SmallCnn, train_images: npt.NDArray[np.uint8]) -> None:
        self.network = network.eval()
        self.standardise = Standardiser.fit(self._embed(train_images))

    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Features float32 [n, d] of uint8 [n, h, w, c]."""
        return self.standardise(self._embed(images))

    @torch.inference_mode()
    def _embed(self, images: npt.NDArray[np.uint8], batch_size: int = 1024) -> npt.NDArray[np.float32]:
        device = next(self.network.parameters()).device
        rows = [
            self.network.embed(torch.from_numpy(encode_images(images[start : start + batch_size])).to(device)).cpu()
            for start in range(0, len(images), batch_size)
        ]
        empty = torch.empty(0, self.network.features.out_features)
        features: npt.NDArray[np.float32] = torch.cat(rows or [empty]).numpy()
        return features
