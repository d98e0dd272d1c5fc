"""One training on several devices: processes that hold the same weights and see different parts of each batch.

Data parallelism by hand, with torch.distributed alone: every process draws the same random numbers for the whole batch
and keeps its share (`nn.draws`), and the gradients are averaged before each optimiser's step. So the weights stay
equal, and the run equals that of a single process with the whole batch, up to the order in which numbers are added.
DistributedDataParallel hooks into `backward`; our phases compute the gradients of their own parameters only, and
penalties differentiate twice (docs/adr/0002).

Start it with `torchrun --nproc-per-node 2 -m gan_augment pretrain`, or set `synthesis.processes` in params.yaml.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from gan_augment.core.errors import ParamsError

__all__ = ["Replicas", "joined_replicas"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Replicas:
    """This process among `count` that train together; the first one (`rank` 0) writes and reports for all."""

    rank: int = 0
    count: int = 1

    @classmethod
    def current(cls) -> Replicas:
        """Position of this process in the group that `joined_replicas` joined; alone, outside of it."""
        return cls(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else cls()

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def check_batch(self, batch_size: int) -> None:
        """Raise ParamsError where a batch cannot be shared equally."""
        if batch_size % self.count:
            raise ParamsError(
                "A batch cannot be shared equally by the processes",
                where="synthesis.settings.batch_size in params.yaml",
                got=f"{batch_size} images for {self.count} processes",
                expected=f"a multiple of {self.count}",
            )

    def average(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Mean of each tensor over the processes, in the shapes given."""
        if self.count == 1:
            return list(tensors)
        # One message for all of them: with many small tensors, latency costs more than volume.
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat)
        parts = torch.split(flat / self.count, [tensor.numel() for tensor in tensors])
        return [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]

    def agree(self, value: Value) -> Value:
        """Values of the first process, in all of them: decisions must not depend on the last bit of a figure."""
        if self.count == 1:
            return value
        said = [value]
        dist.broadcast_object_list(said, src=0)
        return said[0]


@contextlib.contextmanager
def joined_replicas(device: str) -> Iterator[Replicas]:
    """Replicas of the processes that torchrun started with this one; alone, without torchrun."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Replicas()
        return
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Replicas.current()
    finally:
        dist.destroy_process_group()
