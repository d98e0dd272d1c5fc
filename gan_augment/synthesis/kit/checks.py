"""What every generator refuses, in one wording."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import LeakError, MethodError
from gan_augment.core.records import DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView

__all__ = ["JointOnly", "check_label", "check_train", "table_rows"]


def check_train(train: Any, method: str) -> None:
    """Refuse anything but a TrainView with rows. Raises LeakError, MethodError."""
    if not isinstance(train, TrainView):
        raise LeakError(
            f"{method!r} was given something other than train rows to learn from",
            got=type(train).__name__,
            expected="TrainView",
        )
    if len(train) == 0:
        raise MethodError(f"{method!r} was given no train row to learn from", expected="at least one")


def table_rows(train: Any, method: str) -> tuple[pd.DataFrame, TableSpec]:
    """The rows and the description of the table in a TrainView. Raises LeakError, MethodError."""
    check_train(train, method)
    if not isinstance(train.samples.payload, pd.DataFrame):
        raise MethodError(
            f"{method!r} makes table rows only",
            where="synthesis.method in params.yaml",
            got=f"a data set of modality {train.spec.modality}",
            remedy="run `gan-augment methods list` to see what fits",
        )
    return train.samples.payload, train.spec.table


def check_label(label: int, known: npt.NDArray[np.int64], spec: DatasetSpec, method: str) -> int:
    """The place of class index `label` among the classes a model has learnt. Raises MethodError."""
    places = np.flatnonzero(known == label)
    if len(places) == 0:
        names = ", ".join(repr(spec.labels[index]) for index in known)
        wanted = repr(spec.labels[label]) if 0 <= label < len(spec.labels) else f"number {label}"
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
