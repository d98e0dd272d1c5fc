"""Recovery from exhausted device memory: the same training with half the batch, and a note."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from gan_augment.core.errors import DeviceError
from gan_augment.core.records import Record

__all__ = ["within_memory"]

Config = TypeVar("Config", bound=Record)
Result = TypeVar("Result")

_SMALLEST_BATCH = 8


def within_memory(fit: Callable[[Config], Result], config: Config, *, say: Callable[[str], None] = print) -> Result:
    """Result of `fit(config)`, repeated with half of `config.batch_size` whenever the device's memory runs out.

    Training length is counted in images seen, so a smaller batch trains as long, in more steps. The result is that of
    the smaller batch. It differs from that of a larger device, and the saved model's settings show the batch size used.

    Raises
    ------
    DeviceError
        The memory is too small even for a batch of 8, or the method has no batch size.
    """
    while True:
        size = getattr(config, "batch_size", None)
        try:
            return fit(config)
        except torch.cuda.OutOfMemoryError as error:
            problem = str(error).split(". ", maxsplit=1)[0]  # the rest is a list of allocator statistics
        # Outside the `except`: the error's traceback would keep the tensors that filled the memory.
        if size is None or size // 2 < _SMALLEST_BATCH:
            raise DeviceError(
                "The device has too little memory for this training",
                got=problem,
                remedy="give it a device of its own (base.gpu_share: 1), a smaller network, or set base.device to cpu",
            )
        gc.collect()
        torch.cuda.empty_cache()
        config = config.model_copy(update={"batch_size": size // 2})
        say(f"out of memory with batches of {size}, trying again with {size // 2} ({problem})")
