"""One GPU, one training: devices are claimed by file locks, before torch is imported.

A training locks its device until it ends; the kernel releases the lock however the process ends, SIGKILL included. This
works for plain `dvc repro`, experiments, Prefect and Ray alike, because the training process itself holds the lock.
Several small trainings may share a device: each then takes one of its slots.

This module must not import torch: the claim decides which devices are visible to torch (CUDA_VISIBLE_DEVICES).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gan_augment.core.errors import DeviceError

__all__ = ["CLAIMED", "claim_device", "lock_folder", "visible_gpus"]

CLAIMED = "GAN_AUGMENT_CLAIMED_DEVICE"  # in the environment of a process that holds a claim
_LOCK_FOLDER = "GAN_AUGMENT_LOCKS"
_POLL_SECONDS = 0.5
_SAY_SO_EVERY_SECONDS = 300.0


def lock_folder() -> Path:
    """Folder of the locks: on this host, the same for all users. GAN_AUGMENT_LOCKS names another one."""
    return Path(os.environ.get(_LOCK_FOLDER) or Path(tempfile.gettempdir()) / "gan-augment-devices")


def visible_gpus() -> list[str]:
    """GPUs of this process, as CUDA_VISIBLE_DEVICES names them; where it is not set, the driver's, from 0 on."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    # CUDA counts from 0 whatever the numbers of the device files: a container may hold only /dev/nvidia5.
    files = [device for device in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", device.name)]
    return [str(index) for index in range(len(files))]


@contextlib.contextmanager
def claim_device(
    device: str,
    *,
    share: int = 1,
    gpus: Sequence[str] | None = None,
    folder: Path | None = None,
    say: Callable[[str], None] = print,
) -> Iterator[str | None]:
    """Hold a GPU for as long as the context lasts, waiting for one where all are taken.

    Parameters
    ----------
    device
        `base.device` of params.yaml. `cuda:1` is the second of `gpus`; `cpu` and `mps` claim nothing, and neither
        does `auto` where there is no GPU.
    share
        The number of trainings of this kind that fit on one GPU; 1: exclusive use.
    gpus, folder
        The GPUs to choose from and the folder of their locks; by default `visible_gpus()` and `lock_folder()`.
    say
        Called with a message about the holder that is waited for, at once and every five minutes.

    Yields
    ------
    str or None
        The GPU's name, also in CUDA_VISIBLE_DEVICES; None where nothing was claimed.

    Raises
    ------
    DeviceError
        The requested GPU does not exist.
    """
    choice = _choose_from(device, visible_gpus() if gpus is None else list(gpus))
    if not choice or CLAIMED in os.environ:  # child processes inherit a claim
        yield None
        return
    place = folder or lock_folder()
    with contextlib.ExitStack() as held:
        gpu = _wait_for_one(choice, share, place, held, say)
        with _environment({"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": gpu, CLAIMED: gpu}):
            yield gpu


def _choose_from(device: str, gpus: list[str]) -> list[str]:
    kind, _, index = device.partition(":")
    if kind not in ("auto", "cuda") or (kind == "auto" and not gpus):
        return []
    if not index:
        if not gpus:
            raise _absent(device, gpus)
        return gpus
    if int(index) >= len(gpus):
        raise _absent(device, gpus)
    return [gpus[int(index)]]


def _absent(device: str, gpus: list[str]) -> DeviceError:
    found = f"{len(gpus)} GPU{'' if len(gpus) == 1 else 's'}"
    return DeviceError(
        "The device is not available",
        where="base.device in params.yaml",
        got=f"{device}, and {found} for this process",
        remedy="set base.device to auto, or look at CUDA_VISIBLE_DEVICES",
    )


def _wait_for_one(
    gpus: list[str], share: int, folder: Path, held: contextlib.ExitStack, say: Callable[[str], None]
) -> str:
    _make_folder(folder)
    said = float("-inf")
    while True:
        for gpu in gpus:
            if _try_to_hold(gpu, share, folder, held):
                return gpu
        if time.monotonic() - said > _SAY_SO_EVERY_SECONDS:
            said = time.monotonic()
            say(f"waiting for a GPU: {'; '.join(_holders(gpu, folder) for gpu in gpus)}")
        time.sleep(_POLL_SECONDS)


def _try_to_hold(gpu: str, share: int, folder: Path, held: contextlib.ExitStack) -> bool:
    # Exclusive use takes an exclusive lock on the device. Shared use takes a shared lock on it, and an exclusive one on
    # a slot.
    with contextlib.ExitStack() as attempt:
        if not _lock(_lock_file(folder, gpu), fcntl.LOCK_EX if share == 1 else fcntl.LOCK_SH, attempt):
            return False
        slots = (_lock_file(folder, f"{gpu}.{slot}") for slot in range(share))
        if share > 1 and not any(_lock(slot, fcntl.LOCK_EX, attempt) for slot in slots):
            return False
        held.push(attempt.pop_all())
        return True


def _lock(file: Path, kind: int, held: contextlib.ExitStack) -> bool:
    descriptor = _open(file)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    held.callback(os.close, descriptor)
    if kind == fcntl.LOCK_EX:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} {os.environ.get('DVC_STAGE', '')}".strip().encode(), 0)
    return True


def _open(file: Path) -> int:
    # O_CLOEXEC: a child that outlives this process must not keep its lock. O_NOFOLLOW: any user can write to the
    # folder. O_CREAT comes second, because Linux refuses it on another user's file in such a folder.
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(file, flags)
    except FileNotFoundError:
        descriptor = os.open(file, flags | os.O_CREAT, 0o666)
        os.fchmod(descriptor, 0o666)  # whatever the umask: another user's training has to open it too
        return descriptor


def _holders(gpu: str, folder: Path) -> str:
    # A lock that is free belongs to no process, and its file's text is out of date.
    files = [_lock_file(folder, gpu), *sorted(folder.glob(f"{_safe(gpu)}.*.lock"))]
    with contextlib.ExitStack() as tried:
        taken = [file for file in files if file.exists() and not _lock(file, fcntl.LOCK_SH, tried)]
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in taken]
    return f"{gpu} is held by {', '.join(filter(None, texts)) or 'another process'}"


def _lock_file(folder: Path, name: str) -> Path:
    return folder / f"{_safe(name)}.lock"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", name)


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(PermissionError):
            folder.chmod(0o1777)  # like /tmp: every user may add a lock, but not remove another user's


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
