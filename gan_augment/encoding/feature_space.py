"""Feature space of any data set, fitted on its train part: the space where synthetic and real rows are compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import Payload, TrainView
from gan_augment.encoding.features import PixelFeatures, Standardiser
from gan_augment.encoding.table import TableCodec

__all__ = ["FeatureSpace", "fit_feature_space"]

FeatureSpace = Callable[[Payload], npt.NDArray[np.float32]]


def fit_feature_space(train: TrainView) -> FeatureSpace:
    """Feature space for images: standardised principal components of the pixels; tables: standardised codec columns.
    float32 [n, d].
    """
    raw = _raw_features(train)
    scale = Standardiser.fit(raw(train.samples.payload))
    return lambda payload: scale(raw(payload))


def _raw_features(train: TrainView) -> FeatureSpace:
    if train.spec.table is not None:
        codec = TableCodec.fit(frame_of(train.samples.payload), train.spec.table)
        return lambda payload: codec.encode(frame_of(payload))
    pixels = PixelFeatures.fit(images_of(train.samples.payload))
    return lambda payload: pixels(images_of(payload))
