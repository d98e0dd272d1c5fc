"""Mix synthetic samples into a training set of your own, while it is being read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.loading.opened import opened
from gan_augment.loading.torch_data import Item, ShardDataset

__all__ = ["SyntheticMix"]


class SyntheticMix(Dataset[Item]):
    """Your map-style dataset of (image, class index), with a share of its items replaced by synthetic ones.

    A replacement is of the same class; an item whose class has no synthetic sample stays as it is. The length is that
    of the real dataset, so that an epoch has as many steps as before. Items depend on (seed, epoch, index) alone: not
    on the number of workers.

    Parameters
    ----------
    real
        Your dataset. It transforms its own items.
    export
        The folder that `gan-augment export` wrote.
    share
        The probability in [0, 1] that an item is replaced. A number, or one a class label: {"cat": 0.5}.
    transform
        Of the synthetic items, as in `gan_augment.load`; give it what your own dataset does.
    classes
        The labels in the order of your class indices; default: the export's own order.
    labels
        int [len(real)]: your items' class indices, so that a real image that is replaced need not be read.
    seed
        Of the choice of items and of their replacements.

    Raises
    ------
    ParamsError
        A share outside [0, 1], or a label that the export does not know.
    DataError
        The export holds no synthetic row; the message repeats why.
    """

    def __init__(
        self,
        real: Any,
        export: str | Path,
        *,
        share: float | dict[str, float] = 0.5,
        transform: Callable[..., Any] | None = None,
        classes: Sequence[str] | None = None,
        labels: Sequence[int] | npt.NDArray[Any] | None = None,
        seed: int = 0,
    ) -> None:
        source = opened(Path(export), only="synthetic", seed=seed)
        self.real, self.labels, self.seed, self.epoch = real, labels, seed, 0
        self.synthetic = ShardDataset(source, transform)
        if not len(self.synthetic):
            raise DataError(
                "The export holds no synthetic row",
                where=str(export),
                got=source.reason,
                remedy="train on your real rows alone, or export again with `export.force: true`",
            )
        self.classes = tuple(classes or source.spec.labels)
        _check_labels(self.classes, source.spec.labels)
        self._shares = _shares(share, self.classes)
        own = [source.spec.labels.index(label) for label in self.classes]
        self._rows = [np.flatnonzero(self.synthetic.classes == index) for index in own]

    def set_epoch(self, epoch: int) -> None:
        """Another choice of items and replacements; call it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.real)

    def __getitem__(self, index: int) -> Item:
        rng = numpy_generator(derive_seed(self.seed, "mix", self.epoch), index)
        draw = float(rng.random())
        if self.labels is not None:
            label = int(self.labels[index])
            return self._replacement(label, rng) if self._replaces(label, draw) else self.real[index]
        item = self.real[index]
        label = int(item[1])
        return self._replacement(label, rng) if self._replaces(label, draw) else item

    def _replaces(self, label: int, draw: float) -> bool:
        return draw < self._shares[label] and len(self._rows[label]) > 0

    def _replacement(self, label: int, rng: np.random.Generator) -> Item:
        image, _ = self.synthetic[int(rng.choice(self._rows[label]))]
        return image, label


def _check_labels(given: Sequence[str], known: Sequence[str]) -> None:
    strange = [label for label in given if label not in known]
    if strange:
        raise ParamsError(
            "The export does not know these classes",
            where="SyntheticMix(classes=...)",
            got=", ".join(map(repr, strange)),
            expected=", ".join(map(repr, known)),
        )


def _shares(share: float | dict[str, float], classes: Sequence[str]) -> list[float]:
    """One share a class; classes that a dict leaves out get none."""
    if isinstance(share, dict):
        _check_labels(list(share), classes)
        shares = [share.get(label, 0.0) for label in classes]
    else:
        shares = [share] * len(classes)
    if not all(0 <= value <= 1 for value in shares):
        raise ParamsError(
            "A share is a probability", where="SyntheticMix(share=...)", got=str(share), expected="0 to 1"
        )
    return shares
