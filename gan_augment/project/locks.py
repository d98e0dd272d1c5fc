"""Outputs that a command writes and reads, as locks: no stage runs twice at once, nor beside a reader of its outputs.

Stages of other classes or arms have other locks, so those run side by side. After `kill -9` of `dvc repro` its stage
may live on for a moment (see `core.orphans`): the next one waits for it, and names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gan_augment.core.locks import Locks, holding
from gan_augment.params import Params

__all__ = ["READS", "lock_folder", "stage_locks"]

# Command -> the stages whose outputs it reads. `@` is the own class, `*` all classes or arms. The order is that of the
# stages, in which locks are taken.
READS: dict[str, tuple[str, ...]] = {
    "prepare": (),
    "pretrain": ("prepare",),
    "train_gan": ("prepare", "pretrain"),
    "generate": ("prepare", "train_gan@"),
    "curate": ("prepare", "generate*"),
    "cross_fit": ("prepare",),
    "rivals": ("prepare",),
    "mix": ("prepare", "curate", "cross_fit", "rivals"),
    "retrain": ("prepare", "mix"),
    "learning_curve": ("prepare", "retrain*"),
    "measure": ("prepare", "mix", "retrain*", "learning_curve"),
    "report": ("prepare", "pretrain", "train_gan*", "generate*", "curate", "mix", "measure"),
    "export": ("prepare", "mix", "measure"),
    "publish": ("measure", "export"),
    "preview": ("prepare",),
    "replicate": ("prepare", "mix", "retrain*"),
    "calibrate": ("prepare",),
}
_OF_ARMS = ("retrain",)


def lock_folder(root: Path) -> Path:
    """Folder of a project's locks, not tracked by Git or DVC."""
    return root / ".gan_augment" / "locks"


def stage_locks(root: Path, params: Params, command: str, key: str | None = None) -> AbstractContextManager[Locks]:
    """Hold the locks of a command's outputs and inputs for as long as the context lasts; see `core.locks.holding`."""
    own = command if key is None else f"{command}@{key}"
    return holding(lock_folder(root), writes=[own], reads=list(_reads(READS[command], params, key)))


def _reads(names: Sequence[str], params: Params, key: str | None) -> Iterator[str]:
    for name in names:
        stage = name.rstrip("@*")
        if name.endswith("@"):
            yield f"{stage}@{key}"
        elif name.endswith("*"):
            yield from (f"{stage}@{one}" for one in (params.retrain.arms if stage in _OF_ARMS else params.classes))
        else:
            yield stage
