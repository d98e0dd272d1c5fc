"""What every generator refuses, in one wording."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.records import DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import PoolView, TrainView

__all__ = [
    "FEWEST_POOLED",
    "JointOnly",
    "check_images",
    "check_index",
    "check_pool",
    "check_pool_rows",
    "check_train",
    "table_rows",
]

FEWEST_POOLED = 20  # images that a method takes after; their number is what it gains by


def check_train(train: TrainView, method: str) -> None:
    """Refuse a train part without rows. Raises MethodError."""
    if len(train) == 0:
        raise MethodError(f"{method!r} was given no train row to learn from", expected="at least one")


def check_images(train: TrainView, method: str) -> ImageSpec:
    """Form of the train images. Raises MethodError where there is no row, or where rows are no images."""
    check_train(train, method)
    if train.spec.image is None:
        raise MethodError(f"{method!r} makes images only", got=f"a data set of modality {train.spec.modality}")
    return train.spec.image


def check_pool(spec: DatasetSpec, method: str) -> None:
    """Refuse a pool that a method cannot take after; without a pool there is nothing to refuse. MethodError."""
    if spec.pool is None:
        return
    if spec.pool.channels not in (None, spec.images.channels):
        names = {1: "grey", 3: "in colour"}
        raise MethodError(
            f"{method!r} takes after the pool, and the pool is {names[spec.pool.channels]}, the labelled ones are not",
            where="prepare.pool in params.yaml",
            got=f"{spec.pool.channels} channel{'s' * (spec.pool.channels > 1)}",
            expected=f"{spec.images.channels}, as in the labelled images",
            remedy="name a pool of the same kind of images; colours that are not there cannot be taken over",
        )
    if spec.pool.rows < FEWEST_POOLED:
        raise _small_pool(spec.pool.rows, method)


def check_pool_rows(pool: PoolView, train: TrainView, method: str) -> None:
    """Refuse rows of a pool that are too few, or of another form than the train rows. Raises MethodError."""
    forms = [images_of(view.samples.payload).shape[1:] for view in (pool, train)]
    if len(pool) and forms[0] != forms[1]:
        raise MethodError(
            f"{method!r} was given a pool of other images", got=str(forms[0]), expected=f"{forms[1]}, as the train rows"
        )
    if len(pool) < FEWEST_POOLED:
        raise _small_pool(len(pool), method)


def _small_pool(rows: int, method: str) -> MethodError:
    return MethodError(
        f"The pool is too small for {method!r} to take after",
        where="prepare.pool in params.yaml",
        got=f"{rows} images that may be used (reports/audit.json says what was left out, such as copies of test rows)",
        expected=f"at least {FEWEST_POOLED}: a few, repeated, are learnt by heart",
        remedy="add images to the pool, or choose a method that needs none (`gan-augment methods list`)",
    )


def table_rows(train: TrainView, method: str) -> tuple[pd.DataFrame, TableSpec]:
    """The rows and the description of the table in a TrainView. Raises MethodError."""
    check_train(train, method)
    if train.spec.table is None:
        raise MethodError(
            f"{method!r} makes table rows only",
            where="synthesis.method in params.yaml",
            got=f"a data set of modality {train.spec.modality}",
            remedy="run `gan-augment methods list` to see what fits",
        )
    return frame_of(train.samples.payload), train.spec.table


def check_index(index: int, known: npt.NDArray[np.int64], spec: DatasetSpec, method: str) -> int:
    """The place of class `index` among the classes a model has learnt. Raises MethodError."""
    places = np.flatnonzero(known == index)
    if len(places) == 0:
        names = ", ".join(repr(spec.labels[number]) for number in known)
        wanted = repr(spec.labels[index]) if 0 <= index < len(spec.labels) else f"number {index}"
        raise MethodError(
            f"This {method!r} model has not learnt the class it was asked for",
            got=f"class {wanted}",
            expected=f"one of {names}",
        )
    return int(places[0])


class JointOnly:
    """For methods whose joint model already treats each class on its own."""

    def specialise(self, *_: Any, **__: Any) -> NoReturn:
        """Raises MethodError."""
        raise MethodError(
            f"{self.__class__.__name__} has no specialised model of one class",
            remedy="set train_gan.specialise to false: the joint model serves every class",
        )
