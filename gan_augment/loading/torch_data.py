"""The chosen rows of an export as torch datasets."""

from __future__ import annotations

import numbers
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.seeds import numpy_generator
from gan_augment.loading.opened import Export
from gan_augment.sharding.formats import ImageReader

__all__ = ["ShardDataset", "ShardStream", "SharedEpoch", "apply_transform"]

Transform = Callable[..., Any]
Item = tuple[Any, int]


def apply_transform(transform: Transform | None, pixels: npt.NDArray[np.uint8]) -> Any:
    """Tensor float32 [channels, height, width] in [0, 1], or the transform's result.

    A transform of albumentations is called with `image=`; an array that it returns becomes a tensor likewise.
    """
    if transform is not None:
        named = _is_albumentations(transform)
        made = transform(image=pixels)["image"] if named else transform(pixels)
        if not (named and isinstance(made, np.ndarray)):
            return made
        pixels = made
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
    return tensor.float().div_(255) if pixels.dtype == np.uint8 else tensor


def _is_albumentations(transform: Transform | None) -> bool:
    return type(transform).__module__.partition(".")[0] == "albumentations"


def _as_item(values: Any) -> Any:
    """Companion as an item: pixels as a tensor [channels, height, width], other arrays unchanged, one cell as text."""
    if isinstance(values, dict):
        return next(iter(values.values())) if len(values) == 1 and set(values) <= {"caption", "text"} else values
    if isinstance(values, torch.Tensor):  # type of a transform
        return values.permute(2, 0, 1) if values.ndim == 3 and values.shape[2] in (1, 3) else values
    is_picture = values.ndim == 3 and values.shape[2] in (1, 3)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1) if is_picture else values))


class SharedEpoch:
    """Number whose changes reach living DataLoader workers, whether forked or spawned.

    A copy made by `copy.deepcopy` or `pickle` has a number of its own.
    """

    def __init__(self, epoch: int = 0) -> None:
        self._value = _shared(torch.tensor([epoch]))

    def __getstate__(self) -> torch.Tensor:
        return self._value

    def __setstate__(self, value: torch.Tensor) -> None:
        self._value = _shared(value)

    def get(self) -> int:
        """Epoch that was set last, in any process."""
        return int(self._value[0])

    def set(self, epoch: int) -> None:
        """Set the epoch for this process and all its workers. Raises ParamsError."""
        if isinstance(epoch, bool) or not isinstance(epoch, numbers.Integral):
            raise ParamsError("An epoch is a whole number", where="set_epoch", got=repr(epoch))
        self._value[0] = int(epoch)


def _shared(values: torch.Tensor) -> torch.Tensor:
    """The same tensor in memory shared with other processes; unchanged where it is shared already."""
    return values.share_memory_()  # type: ignore[no-untyped-call,no-any-return]


class _Images:
    """Reader of single transformed images; opens its own files in every process and thread that uses it."""

    def __init__(self, export: Export, transform: Transform | None) -> None:
        self._export = export
        self._transform = transform
        self._own = threading.local()
        # One check per file, by the first worker that uses it.
        export.files.seen = _shared(torch.tensor(list(export.files.seen), dtype=torch.uint8))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_own"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _own=threading.local())

    def __call__(self, shard: str, offset: int) -> Any:
        return apply_transform(self._transform, self._export.picture(self._reader(), shard, offset))

    def item(self, shard: str, offset: int, label: int) -> Any:
        """Image and class index, with the dict of companions where requested."""
        if not self._export.companions:
            return self(shard, offset), label
        reader = self._reader()
        pixels: Any = self._export.picture(reader, shard, offset)
        beside = self._export.beside(reader, shard, offset)
        transform = self._transform
        if "mask" in beside and _is_albumentations(transform):
            assert transform is not None
            made = transform(image=pixels, mask=beside["mask"])
            pixels, beside["mask"], transform = made["image"], made["mask"], None
        image = pixels if isinstance(pixels, torch.Tensor) else apply_transform(transform, pixels)
        return image, label, {role: _as_item(values) for role, values in beside.items()}

    def _reader(self) -> ImageReader:
        # A forked DataLoader worker shares its parent's file positions: never read through an inherited reader.
        if getattr(self._own, "process", None) != os.getpid():
            self._own.process, self._own.reader = os.getpid(), self._export.image_reader()
        reader: ImageReader = self._own.reader
        return reader


class ShardDataset(Dataset[Item]):
    """Map-style dataset: item i is (tensor, class index). `classes` and `synthetic` are arrays over all items."""

    def __init__(self, export: Export, transform: Transform | None = None) -> None:
        parts = [export.rows(number) for number in range(export.shards)]
        self.labels = export.spec.labels
        self.classes = np.concatenate([part.classes for part in parts])
        self.synthetic = np.concatenate([part.synthetic for part in parts])
        self._table = _table_tensor(export, transform) if export.spec.table is not None else None
        self._images = _Images(export, transform)
        # Arrow's codes, not a list of texts: reference counts would make forked workers copy its pages.
        self._shards = pa.chunked_array([part.shards for part in parts]).combine_chunks().dictionary_encode()
        self._offsets = np.concatenate([part.offsets for part in parts])

    def __repr__(self) -> str:
        made = int(self.synthetic.sum())
        return f"<{type(self).__name__}: {len(self)} samples ({made} synthetic) of {len(self.labels)} classes>"

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> Any:
        label = int(self.classes[index])
        if self._table is not None:
            return self._table[index], label
        return self._images.item(self._shards[int(index)].as_py(), int(self._offsets[index]), label)


def _table_tensor(export: Export, transform: Transform | None) -> torch.Tensor:
    """Features float32 [n, features]. Raises ParamsError where a column is not a number."""
    columns = export.spec.tables.columns
    strange = [column.name for column in columns if column.kind not in ("numeric", "boolean")]
    if strange or transform is not None:
        raise ParamsError(
            "A table with columns that are not numbers is not a tensor" if strange else "Tables take no transform",
            where=str(export.root),
            got=", ".join(strange) or None,
            remedy='use load(path, "pandas") and encode the columns',
        )
    features = export.frame()[[column.name for column in columns]]
    return torch.from_numpy(features.to_numpy(dtype=np.float32, na_value=np.nan))


class ShardStream(IterableDataset[Item]):
    """Stream of shard after shard, once per epoch over all workers of all ranks. `set_epoch` changes the order.

    The epoch's order is one sequence, of which every rank, and every worker of it, reads a part; shards at the borders
    of parts are read by two. So there may be more ranks or workers than shards. With `even` every rank yields the same
    number of items, and so of batches: the last ranks repeat fewer rows in total than there are ranks.
    """

    def __init__(
        self,
        export: Export,
        transform: Transform | None = None,
        *,
        world: tuple[int, int] | None = None,
        even: bool = True,
    ) -> None:
        if export.spec.image is None:
            raise ParamsError("Only images are streamed", where=str(export.root), remedy='use load(path, "pandas")')
        self._export, self._counts = export, export.kept_per_shard()
        self._images = _Images(export, transform)
        self._epoch, self._even = SharedEpoch(), even
        self._world = None if world is None else checked_world(*world, 'load(..., "stream", world=...)')
        self._sent, self._sent_to = (0, 1), 0  # the world of the pickling process, and the receiver
        if not self._counts.sum():
            raise DataError(
                "A stream of no rows",
                where=str(export.root),
                got=f"none of {sum(export.counts.values())} rows is chosen",
                remedy=f"choose others: only, classes, ratio. {export.reason}",
            )
        self.rows_of_rank()  # more ranks than rows are reported here, not in the middle of a job

    def __getstate__(self) -> dict[str, Any]:
        # A spawned worker has no access to its rank: it is sent along.
        return self.__dict__ | {"_sent": current_world()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _sent_to=os.getpid())

    def set_epoch(self, epoch: int) -> None:
        """Change the order of shards and of rows within them, in living workers too; call it before each epoch."""
        self._epoch.set(epoch)

    def rows_of_rank(self) -> int:
        """Number of items that all workers of this rank together yield in an epoch."""
        first, last = self._part_of_rank()
        return last - first

    def batches(self, batch_size: int, num_workers: int = 0, *, drop_last: bool = False) -> int:
        """Number of batches that a DataLoader with these settings yields in an epoch: each worker fills its own."""
        first, last = self._part_of_rank()
        sizes = (
            end - start
            for start, end in (_share(first, last, n, max(1, num_workers)) for n in range(max(1, num_workers)))
        )
        return sum(size // batch_size if drop_last else -(-size // batch_size) for size in sizes)

    def __iter__(self) -> Iterator[Item]:
        worker, epoch = get_worker_info(), self._epoch.get()
        first, last = self._part_of_rank()
        if worker is not None:
            first, last = _share(first, last, worker.id, worker.num_workers)
        total = int(self._counts.sum())
        yield from self._items(epoch, first, min(last, total))
        yield from self._items(epoch, max(first, total) - total, last - total)  # repeated to be even

    def _items(self, epoch: int, first: int, last: int) -> Iterator[Item]:
        """Items first to last of the epoch's order."""
        order = numpy_generator(self._export.seed, "stream", epoch).permutation(len(self._counts))  # in every worker
        ends = np.cumsum(self._counts[order])
        for number, end in zip(order.tolist(), ends.tolist(), strict=True):
            start = end - int(self._counts[number])
            if max(start, first) < min(end, last):
                yield from self._shard(epoch, number, slice(max(first - start, 0), last - start))

    def _shard(self, epoch: int, number: int, part: slice) -> Iterator[Item]:
        rows = self._export.rows(number)
        for row in numpy_generator(self._export.seed, "rows", epoch, number).permutation(len(rows))[part].tolist():
            yield self._images.item(rows.shards[row].as_py(), int(rows.offsets[row]), int(rows.classes[row]))

    def _part_of_rank(self) -> tuple[int, int]:
        """Part of the epoch's order for this rank. Raises DataError where it would be empty."""
        total, (rank, ranks) = int(self._counts.sum()), self._place()
        if ranks > total:
            raise DataError(
                "There are more ranks than rows: some would give no batch, and the others would wait for them",
                where=str(self._export.root),
                got=f"{ranks} ranks, {total} rows in {len(self._counts)} shards",
                remedy="use fewer ranks, or choose more rows",
            )
        return _share(0, -(-total // ranks) * ranks if self._even else total, rank, ranks)

    def _place(self) -> tuple[int, int]:
        """This rank and the number of ranks."""
        if self._world is not None:
            return self._world
        spawned = get_worker_info() is not None and self._sent_to == os.getpid()
        return self._sent if spawned else current_world()


def _share(first: int, last: int, number: int, of: int) -> tuple[int, int]:
    """Part `number` of `of` nearly equal parts of a range."""
    size = last - first
    return first + number * size // of, first + (number + 1) * size // of


def current_world() -> tuple[int, int]:
    """Rank and number of ranks by torch.distributed or, before it is initialised, by torchrun's variables."""
    if _initialised():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    rank, ranks = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
    if not rank or not ranks:
        return 0, 1
    if not (rank.strip().isdecimal() and ranks.strip().isdecimal()):
        raise ParamsError("These are not numbers", where="RANK and WORLD_SIZE", got=f"{rank!r} and {ranks!r}")
    return checked_world(int(rank), int(ranks), "RANK and WORLD_SIZE")


def checked_world(rank: int, ranks: int, where: str) -> tuple[int, int]:
    """Rank and number of ranks, unchanged. Raises ParamsError where there is no such rank."""
    if not 0 <= rank < ranks:
        raise ParamsError(
            "There is no such rank", where=where, got=f"rank {rank} of {ranks}", expected="0 <= rank < ranks"
        )
    return rank, ranks


def _initialised() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()
