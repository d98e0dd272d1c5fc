"""What every generator refuses, in one wording."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView

__all__ = ["JointOnly", "check_index", "check_train", "table_rows"]


def check_train(train: TrainView, method: str) -> None:
    """Refuse a train part without rows. Raises MethodError."""
    if len(train) == 0:
        raise MethodError(f"{method!r} was given no train row to learn from", expected="at least one")


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
