"""Mixing of synthetic samples into your own training set, while it is read."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.loading.opened import opened
from gan_augment.loading.torch_data import Item, ShardDataset, SharedEpoch

__all__ = ["SyntheticMix"]


class SyntheticMix(Dataset[Item]):
    """Map-style dataset of your (image, class index) items, with a share of them replaced by synthetic ones.

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
        The probability in [0, 1] that an item is replaced. A number, or one per class label: {"cat": 0.5}.
    transform
        The transform of the synthetic items, as in `gan_augment.load`; use that of your own dataset.
    classes
        The labels in the order of your class indices; default: the export's own order.
    labels
        int [len(real)]: your items' class indices, so that a replaced real image is not read.
    seed
        The seed of the choice of items and of their replacements.

    Raises
    ------
    ParamsError
        A share outside [0, 1], a label that the export lacks, or labels that do not fit `real`.
    DataError
        A share is above 0 and the export holds no synthetic row; the message gives the reason.

    Examples
    --------
    >>> import gan_augment
    >>> real = gan_augment.load("export", only="real")  # or your own data set
    >>> mix = gan_augment.SyntheticMix(real, "export", share={"dog": 0.5})
    >>> mix.set_epoch(1)
    >>> len(mix) == len(real)
    True
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
        _check_real(real)
        self.real, self.seed, self._epoch = real, seed, SharedEpoch()
        self.synthetic = ShardDataset(source, transform)
        self.classes = tuple(classes or source.spec.labels)
        _check_labels(self.classes, source.spec.labels)
        self._shares = _shares(share, self.classes)
        if any(self._shares) and not len(self.synthetic):
            raise DataError(
                "The export holds no synthetic row",
                where=str(export),
                got=source.reason,
                remedy="train on your real rows alone, or export again with `export.force: true`",
            )
        self.labels = None if labels is None else _indices(labels, len(real), len(self.classes))
        own = [source.spec.labels.index(label) for label in self.classes]
        self._rows = [np.flatnonzero(self.synthetic.classes == index) for index in own]

    def set_epoch(self, epoch: int) -> None:
        """Change the choice of items and replacements, in living workers too; call it before each epoch."""
        self._epoch.set(epoch)

    @property
    def epoch(self) -> int:
        """Epoch of the last `set_epoch`."""
        return self._epoch.get()

    def __len__(self) -> int:
        return len(self.real)

    def __getitem__(self, index: int) -> Item:
        size = len(self.real)
        if not -size <= index < size:
            raise IndexError(index)
        index = int(index) % size
        rng = numpy_generator(derive_seed(self.seed, "mix", self.epoch), index)
        draw = float(rng.random())
        if self.labels is not None:
            label = int(self.labels[index])
            return self._replacement(label, rng) if self._replaces(label, draw) else self.real[index]
        item = self.real[index]
        label = self._label(item, index)
        return self._replacement(label, rng) if self._replaces(label, draw) else item

    def _label(self, item: Any, index: int) -> int:
        """Class index of a real item. Raises DataError where it has none."""
        try:
            label = int(item[1])
            if label == item[1] and 0 <= label < len(self.classes):
                return label
        except (TypeError, ValueError, LookupError):
            pass
        raise DataError(
            "An item of the real dataset is not an (image, class index) pair",
            where=f"item {index}",
            got=repr(item)[:200],
            expected=f"a pair whose second part is a whole number from 0 to {len(self.classes) - 1}",
        )

    def _replaces(self, label: int, draw: float) -> bool:
        return draw < self._shares[label] and len(self._rows[label]) > 0

    def _replacement(self, label: int, rng: np.random.Generator) -> Item:
        image, _ = self.synthetic[int(rng.choice(self._rows[label]))]
        return image, label


def _check_real(real: Any) -> None:
    if not (hasattr(real, "__len__") and hasattr(real, "__getitem__")):
        raise ParamsError(
            "SyntheticMix wraps map-style datasets alone",
            where="SyntheticMix(real)",
            got=type(real).__name__,
            expected="a dataset with a length, whose items are found by number",
        )


def _indices(labels: Any, size: int, classes: int) -> npt.NDArray[np.int64]:
    """Class indices int64 [size]. Raises ParamsError for another count, or where one is not a class index."""
    found = np.asarray(labels)
    fits = found.shape == (size,) and (size == 0 or np.issubdtype(found.dtype, np.integer))
    if not fits or (size and not (found.min() >= 0 and found.max() < classes)):
        raise ParamsError(
            "The labels do not fit",
            where="SyntheticMix(labels=...)",
            got=f"an array of shape {found.shape} and type {found.dtype}"
            + (f", from {found.min()} to {found.max()}" if fits and size else ""),
            expected=f"{size} class indices from 0 to {classes - 1}, one an item of the real dataset",
        )
    return found.astype(np.int64)


def _check_labels(given: Sequence[str], known: Sequence[str]) -> None:
    strange = [label for label in given if label not in known]
    if strange:
        raise ParamsError(
            "The export does not know these classes",
            where="SyntheticMix(classes=...)",
            got=", ".join(map(repr, strange)),
            expected=", ".join(map(repr, known)),
        )
    if len(set(given)) < len(given):
        raise ParamsError("A class is named twice", where="SyntheticMix(classes=...)", got=", ".join(map(repr, given)))


def _shares(share: float | dict[str, float], classes: Sequence[str]) -> list[float]:
    """Shares, one per class; classes missing from a dict get none."""
    if isinstance(share, dict):
        _check_labels(list(share), classes)
        shares = [share.get(label, 0.0) for label in classes]
    else:
        shares = [share] * len(classes)
    if not all(isinstance(value, numbers.Real) and 0 <= value <= 1 for value in shares):
        raise ParamsError(
            "A share is a probability", where="SyntheticMix(share=...)", got=str(share), expected="0 to 1"
        )
    return shares
