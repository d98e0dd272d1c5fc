"""Choice of the device to train on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from gan_augment.compute.claims import CLAIMED
from gan_augment.core.errors import DeviceError

__all__ = ["resolve_device"]


def resolve_device(name: str) -> str:
    """Device for a name: `auto` is the first available of `cuda`, `mps` and `cpu`; any other name is checked.

    Raises
    ------
    DeviceError
        The device is not on this machine, or this build of torch cannot use it.
    """
    if name == "cpu":
        return name
    import torch  # a second or two, which tables and the CPU are spared

    if CLAIMED in os.environ and name.startswith("cuda:"):
        name = "cuda"  # torch sees only the claimed GPU, as its first
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(kind for kind, there in available.items() if there)
    if not available.get(name.split(":", maxsplit=1)[0], False):
        raise DeviceError(
            "The device is not available",
            where="base.device in params.yaml",
            got=name,
            expected=", ".join(kind for kind, there in available.items() if there),
            remedy="set base.device to auto, or install the torch build for your GPU",
        )
    return name


@contextlib.contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Compute on `count` CPU threads (0: one per core), and restore the old number afterwards.

    For small MLPs a second thread costs more in waiting than it saves: 100 steps of a table GAN took 4.5 s on one
    thread and 9.9 s on two.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or len(os.sched_getaffinity(0)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
