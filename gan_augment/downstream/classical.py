"""Classical augmentation of images: shift, turn, scale, noise, flips, by albumentations (Buslaev et al. 2020)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import SetupError
from gan_augment.core.seeds import derive_seed
from gan_augment.downstream.config import ClassicalConfig

__all__ = ["AugmentedViews", "ClassicalAugment"]

Images = npt.NDArray[np.uint8]


def _albumentations() -> Any:
    # albumentations asks a server for its newest version at import; a training run must not depend on a network.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
    except ImportError as error:
        raise SetupError(
            "Classical augmentation needs albumentations",
            got=str(error),
            remedy="install albumentations==2.0.8, or set retrain.classical.strength to 0",
        ) from None
    return albumentations


def _transforms(config: ClassicalConfig) -> list[Any]:
    import cv2

    library, strength = _albumentations(), config.strength
    shift, scale = min(strength * config.shift, 1.0), min(strength * config.scale, 0.9)
    rotate, noise = min(strength * config.rotate, 180.0), min(strength * config.noise, 1.0)
    chain = []
    if shift or rotate or scale:
        chain.append(
            library.Affine(
                translate_percent=(-shift, shift),
                rotate=(-rotate, rotate),
                scale=(1 - scale, 1 + scale),
                border_mode=cv2.BORDER_REPLICATE,  # no black corners that would betray the angle
                p=1.0,
            )
        )
    if config.flip_horizontal:
        chain.append(library.HorizontalFlip(p=0.5))
    if config.flip_vertical:
        chain.append(library.VerticalFlip(p=0.5))
    if noise:
        chain.append(library.GaussNoise(std_range=(0.0, noise), p=0.5))
    return chain


class ClassicalAugment:
    """A seeded chain of albumentations transforms. Pixels change, the label, size and dtype never do."""

    def __init__(self, config: ClassicalConfig, *, seed: int) -> None:
        self._chain = None
        if config.strength > 0 and (transforms := _transforms(config)):
            self._chain = _albumentations().Compose(transforms, seed=seed % 2**32)

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return self._chain is not None

    def __call__(self, images: Images) -> Images:
        """uint8 [n, h, w, c] -> uint8 [n, h, w, c], each image on its own."""
        if self._chain is None or not len(images):
            return images
        return np.stack([self._chain(image=image)["image"].reshape(image.shape) for image in images])


class AugmentedViews:
    """Augmented versions of a fixed set of images, made when first wanted and kept.

    The k-th showing of an image is its version k modulo `config.views`. A version depends on (seed, k) and the set of
    images alone, so several trainings can share one object in any order.
    """

    def __init__(self, images: Images, config: ClassicalConfig, *, seed: int) -> None:
        self._images, self._config, self._seed = images, config, seed
        self._made: dict[int, Images] = {}

    def take(self, rows: npt.NDArray[np.int64], showings: npt.NDArray[np.int64]) -> Images:
        """uint8 [len(rows), h, w, c]: of each row the version for its `showings`-th appearance, counted from 0."""
        versions = showings % self._config.views
        batch = np.empty((len(rows), *self._images.shape[1:]), dtype=np.uint8)
        for version in np.unique(versions):
            chosen = versions == version
            batch[chosen] = self._version(int(version))[rows[chosen]]
        return batch

    def _version(self, number: int) -> Images:
        if number not in self._made:
            augment = ClassicalAugment(self._config, seed=derive_seed(self._seed, "view", number))
            self._made[number] = augment(self._images)
        return self._made[number]
