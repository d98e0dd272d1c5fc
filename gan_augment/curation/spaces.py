"""The two feature spaces of a data set: one to look for copies in, another to measure quality in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from gan_augment.core.samples import Payload, TrainView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.encoding.features import PixelFeatures
from gan_augment.encoding.table import TableCodec
from gan_augment.recognition.features import OwnFeatures
from gan_augment.recognition.shifts import RandomShifts
from gan_augment.recognition.supervised import fit_classifier, pixels

__all__ = ["Space", "fit_spaces"]


@dataclass(frozen=True)
class Space:
    """`rows(payload)` gives float32 [n, d]; `name` says in the report where distances were taken."""

    name: str
    rows: Callable[[Payload], npt.NDArray[np.float32]]


def fit_spaces(train: TrainView, config: JudgeConfig, *, seed: int, device: str = "cpu") -> tuple[Space, Space]:
    """(for copies, for quality), both fitted on real train rows only.

    Images: principal components of pixels, in which a copy is at zero, and the features of a classifier of their own,
    which is not one of the judge's members: what filters must not also score. Tables: the codec's columns for both,
    one per number in units of a standard deviation, one per level.
    """
    if isinstance(train.samples.payload, pd.DataFrame):
        space = _table_space(train, train.samples.payload)
        return space, space
    images = np.asarray(train.samples.payload)
    copies, quality = PixelFeatures.fit(images), _own_features(train, images, config, seed, device)
    return (
        Space("principal components of pixels", lambda payload: copies(np.asarray(payload))),
        Space(quality.name, lambda payload: quality(np.asarray(payload))),
    )


def _table_space(train: TrainView, frame: pd.DataFrame) -> Space:
    assert train.spec.table is not None
    codec = TableCodec.fit(frame, train.spec.table)

    def rows(payload: Payload) -> npt.NDArray[np.float32]:
        assert isinstance(payload, pd.DataFrame)
        return codec.encode(payload)

    return Space("quantile codec columns", rows)


def _own_features(
    train: TrainView, images: npt.NDArray[np.uint8], config: JudgeConfig, seed: int, device: str
) -> OwnFeatures:
    own = derive_seed(seed, "own features")
    network = fit_classifier(
        pixels(images),
        torch.from_numpy(train.labels),
        len(train.spec.classes),
        seed=own,
        steps=config.steps,
        sampling="balanced",
        augment=RandomShifts(derive_seed(own, "shifts")) if config.shifts else None,
        device=device,
    )
    return OwnFeatures(network, images)
