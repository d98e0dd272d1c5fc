"""Classical augmentation of images: shift, turn, scale, noise, flips, by albumentations (Buslaev et al. 2020)."""

from __future__ import annotations

import os
import random
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import SetupError
from gan_augment.core.seeds import derive_seed
from gan_augment.downstream.config import ClassicalConfig

__all__ = ["AugmentedViews", "ClassicalAugment"]

Images = npt.NDArray[np.uint8]
_ROOM = 400 * 2**20  # bytes of augmented versions that are kept; beyond it they are made again when wanted


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
            self._chain = _albumentations().Compose(transforms)
            self._reseed(seed)

    def _reseed(self, seed: int) -> None:
        # `Compose(seed=...)` gives each transform a stream of its own from one and the same seed: the coin of the flip
        # then falls as the coin of the noise, and follows the shift. One shared stream has no such ties.
        assert self._chain is not None
        self._chain.set_random_state(np.random.default_rng(seed), random.Random(seed))  # noqa: S311

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        return self._chain is not None

    def __call__(self, images: Images) -> Images:
        """uint8 [n, h, w, c] -> uint8 [n, h, w, c], each image on its own."""
        if self._chain is None or not len(images):
            return images
        return np.stack([self._changed(image) for image in images])

    def one(self, image: Images, *, seed: int) -> Images:
        """uint8 [h, w, c] -> uint8 [h, w, c], as `seed` alone decides."""
        if self._chain is None:
            return image
        self._reseed(seed)
        return self._changed(image)

    def _changed(self, image: Images) -> Images:
        assert self._chain is not None
        changed: Images = self._chain(image=image)["image"].reshape(image.shape)
        return changed


class AugmentedViews:
    """Augmented versions of a fixed set of images, made when first wanted and kept while there is room.

    The k-th showing of an image is its version k modulo `config.views`. A version depends on (seed, row, k) alone, so
    several trainings can share one object in any order. Versions are made image by image, not for the whole set: under
    balanced sampling a rare image is shown a hundred times as often as a common one, and needs as many versions.
    """

    def __init__(self, images: Images, config: ClassicalConfig, *, seed: int, room: int = _ROOM) -> None:
        self._images, self._views, self._seed = images, config.views, seed
        self._config = config
        self._made: dict[tuple[int, int], Images] = {}
        self._most = room // max(1, images[:1].nbytes)

    @cached_property
    def _augment(self) -> ClassicalAugment:
        return ClassicalAugment(self._config, seed=self._seed)  # at the first showing: most arms show none

    def take(self, rows: npt.NDArray[np.int64], showings: npt.NDArray[np.int64]) -> Images:
        """uint8 [len(rows), h, w, c]: of each row the version for its `showings`-th appearance, counted from 0."""
        if not self._augment.active:
            return self._images[rows]
        wanted = zip(rows.tolist(), (showings % self._views).tolist(), strict=True)
        return np.stack([self._version(row, number) for row, number in wanted])

    def _version(self, row: int, number: int) -> Images:
        made = self._made.get((row, number))
        if made is None:
            made = self._augment.one(self._images[row], seed=derive_seed(self._seed, "view", row, number))
            if len(self._made) < self._most:
                self._made[row, number] = made
        return made
