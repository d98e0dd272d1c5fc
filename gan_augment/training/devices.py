"""Which device to train on."""

from __future__ import annotations

import torch

from gan_augment.core.errors import DeviceError

__all__ = ["resolve_device"]


def resolve_device(name: str) -> str:
    """`auto` becomes `cuda`, `mps` or `cpu`, whichever is there; any other name is checked.

    Raises
    ------
    DeviceError
        The device is not on this machine, or this build of torch cannot use it.
    """
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
