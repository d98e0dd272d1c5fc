"""Images of a generator from the same noise each time: a difference between two looks is the generator's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import PixelLevels, decode_images
from gan_augment.nn.image_networks import Generator

__all__ = ["SHEET_COLUMNS", "SHEET_ROWS", "Conditions", "NoiseSource", "UsualNoise"]

SHEET_ROWS, SHEET_COLUMNS = 12, 10

NoiseSource = Callable[[int, torch.Generator], Tensor]  # (count, rng) -> what a generator starts from, on the CPU


class Conditions(Protocol):
    """Conditions of the networks, where they are more than the class: int64 [n, groups]."""

    def of_rows(self, view: TrainView | ValidationView) -> npt.NDArray[np.int64]:
        """The conditions of real rows."""
        ...

    def comparable(self, view: ValidationView) -> npt.NDArray[np.bool_]:
        """bool [n]: which held-out rows are under conditions that drawn rows are asked for, too."""
        ...

    def of_classes(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Conditions for rows of these class indices [n], as real rows of the class have them; always the same ones."""
        ...


@dataclass(frozen=True)
class UsualNoise:
    """`source`: what the generator starts from; None: normal numbers. Images come with the pixel values of `levels`.

    `conditions`: those of the generator; None: the class alone.
    """

    levels: PixelLevels
    seed: int
    source: NoiseSource | None = None
    conditions: Conditions | None = None

    @torch.inference_mode()
    def draw(self, generator: Generator, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """uint8 [n, h, w, c] for class indices [n]."""
        # Through the uint8 codec, as the reals went: float pixels against rounded ones would be told apart always.
        rng = torch.Generator().manual_seed(derive_seed(self.seed, "monitor"))
        if self.source is not None:
            noise = self.source(len(labels), rng)
        else:
            noise = torch.randn(len(labels), generator.latent, generator=rng)
        device = next(generator.parameters()).device
        told = labels if self.conditions is None else self.conditions.of_classes(labels)
        images = generator(noise.to(device), torch.from_numpy(told).to(device)).float().cpu().numpy()
        return self.levels.snap(decode_images(np.nan_to_num(images)))

    def sheet(self, generator: Generator, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """uint8 [classes, columns, h, w, c]: samples of the first of these classes, for people to look at."""
        drawn = self.draw(generator, np.repeat(classes[:SHEET_ROWS], SHEET_COLUMNS))
        return drawn.reshape(-1, SHEET_COLUMNS, *drawn.shape[1:])
