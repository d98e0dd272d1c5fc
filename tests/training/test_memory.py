"""Out of memory: half the batch, not a crash."""

from __future__ import annotations

import pytest
import torch

from gan_augment.core.errors import DeviceError
from gan_augment.core.records import Record
from gan_augment.training.memory import within_memory


class Settings(Record):
    batch_size: int = 64
    kimg: int = 5


class NoBatch(Record):
    neighbours: int = 5


def fits_up_to(limit: int, tried: list[int]):
    def fit(config: Settings) -> Settings:
        tried.append(config.batch_size)
        if config.batch_size > limit:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB. GPU 0 has ...")
        return config

    return fit


def test_the_batch_is_halved_until_it_fits_and_all_else_stays() -> None:
    tried, notes = list[int](), list[str]()
    used = within_memory(fits_up_to(20, tried), Settings(), say=notes.append)
    assert tried == [64, 32, 16]
    assert used == Settings(batch_size=16)
    assert notes[0] == "out of memory with batches of 64, trying again with 32 (CUDA out of memory)"


def test_it_gives_up_below_a_batch_of_eight() -> None:
    tried = list[int]()
    with pytest.raises(DeviceError, match="too little memory"):
        within_memory(fits_up_to(4, tried), Settings(), say=print)
    assert tried[-1] == 8


def test_a_method_without_batches_cannot_shrink() -> None:
    def fit(config: NoBatch) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DeviceError):
        within_memory(fit, NoBatch())


def test_other_errors_pass() -> None:
    def fit(config: Settings) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        within_memory(fit, Settings())


def test_what_filled_the_memory_is_let_go_before_the_next_try() -> None:
    import weakref

    class Tensors: ...

    alive: list[weakref.ref[Tensors]] = []

    def fit(config: Settings) -> str:
        if alive:
            assert alive[0]() is None
            return "fits"
        big = Tensors()
        alive.append(weakref.ref(big))
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    assert within_memory(fit, Settings()) == "fits"
