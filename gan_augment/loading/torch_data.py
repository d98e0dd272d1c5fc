"""The chosen rows of an export as torch datasets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from gan_augment.core.errors import ParamsError
from gan_augment.core.png import decode_png
from gan_augment.core.seeds import numpy_generator
from gan_augment.loading.opened import Export, Rows
from gan_augment.sharding.formats import ImageReader

__all__ = ["ShardDataset", "ShardStream", "apply_transform"]

Transform = Callable[..., Any]
Item = tuple[Any, int]


def apply_transform(transform: Transform | None, pixels: npt.NDArray[np.uint8]) -> Any:
    """A float32 tensor [channels, height, width] in [0, 1], or whatever the transform makes of the pixels.

    A transform of albumentations is called with `image=`; an array it gives back is made into a tensor likewise.
    """
    if transform is not None:
        named = type(transform).__module__.partition(".")[0] == "albumentations"
        made = transform(image=pixels)["image"] if named else transform(pixels)
        if not (named and isinstance(made, np.ndarray)):
            return made
        pixels = made
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
    return tensor.float().div_(255) if pixels.dtype == np.uint8 else tensor


class _Images:
    """Reads and transforms single images; opens its own files in every process that uses it."""

    def __init__(self, export: Export, transform: Transform | None) -> None:
        self._export = export
        self._transform = transform
        self._reader: tuple[int, ImageReader] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_reader": None}

    def __call__(self, shard: str, offset: int) -> Any:
        # A forked DataLoader worker shares its parent's file positions: never read through an inherited reader.
        if self._reader is None or self._reader[0] != os.getpid():
            self._reader = (os.getpid(), self._export.image_reader())
        return apply_transform(self._transform, decode_png(self._reader[1](shard, offset)))


class ShardDataset(Dataset[Item]):
    """Map-style: item i is (tensor, class index). `classes` and `synthetic` are arrays over all items."""

    def __init__(self, export: Export, transform: Transform | None = None) -> None:
        parts = [export.rows(number) for number in range(export.shards)]
        self.labels = export.spec.labels
        self.classes = np.concatenate([part.classes for part in parts])
        self.synthetic = np.concatenate([part.synthetic for part in parts])
        self._table = _table_tensor(export, transform) if export.spec.table is not None else None
        self._images = _Images(export, transform)
        self._shards = [shard for part in parts for shard in part.shards]
        self._offsets = np.concatenate([part.offsets for part in parts])

    def __repr__(self) -> str:
        made = int(self.synthetic.sum())
        return f"<{type(self).__name__}: {len(self)} samples ({made} synthetic) of {len(self.labels)} classes>"

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> Item:
        label = int(self.classes[index])
        if self._table is not None:
            return self._table[index], label
        return self._images(self._shards[index], int(self._offsets[index])), label


def _table_tensor(export: Export, transform: Transform | None) -> torch.Tensor:
    """float32 [n, features]. Raises ParamsError where a column is not a number."""
    assert export.spec.table is not None
    strange = [column.name for column in export.spec.table.columns if column.kind not in ("numeric", "boolean")]
    if strange or transform is not None:
        raise ParamsError(
            "A table with columns that are not numbers is no tensor" if strange else "Tables take no transform",
            where=str(export.root),
            got=", ".join(strange) or None,
            remedy='use load(path, "pandas") and encode the columns',
        )
    features = export.frame()[[column.name for column in export.spec.table.columns]]
    return torch.from_numpy(features.to_numpy(dtype=np.float32, na_value=np.nan))


class ShardStream(IterableDataset[Item]):
    """Reads shard after shard; each shard goes to one worker of one rank. `set_epoch` changes the order."""

    def __init__(self, export: Export, transform: Transform | None = None) -> None:
        if export.spec.image is None:
            raise ParamsError("Only images are streamed", where=str(export.root), remedy='use load(path, "pandas")')
        self._export = export
        self._images = _Images(export, transform)
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Another order of shards and of rows within them; call it before each epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Item]:
        rng = numpy_generator(self._export.seed, "stream", self._epoch)
        order = rng.permutation(self._export.shards)  # the same in every worker, so that each shard is read once
        place, places = _place()
        for number in order[place::places]:
            yield from self._shard(self._export.rows(int(number)), int(number))

    def _shard(self, rows: Rows, number: int) -> Iterator[Item]:
        for row in numpy_generator(self._export.seed, "rows", self._epoch, number).permutation(len(rows)):
            yield self._images(rows.shards[row], int(rows.offsets[row])), int(rows.classes[row])


def _place() -> tuple[int, int]:
    """This process's number among all workers of all ranks, and how many there are."""
    rank, ranks = 0, 1
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    worker = get_worker_info()
    if worker is None:
        return rank, ranks
    return rank * worker.num_workers + worker.id, ranks * worker.num_workers
