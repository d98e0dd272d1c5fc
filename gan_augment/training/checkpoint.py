"""Checkpoints that resume exactly: a safetensors file, replaced atomically, with the figures as JSON in its header.

A killed run that resumes from a checkpoint ends with the same bits as a run that was never killed. The file holds
networks, EMA, Adam's moments and step counts, the random generator's state, images seen, and the caller's memory and
history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gan_augment.core.atomic import replacing_file
from gan_augment.core.checksums import check_file
from gan_augment.core.errors import ModelError
from gan_augment.core.obstacles import os_error_in
from gan_augment.nn.adam import Adam, laid_out_like

__all__ = ["Resumable", "is_usable", "load_module", "load_state", "save_module", "save_state"]


class _Phase(Protocol):
    name: str
    parameters: Sequence[nn.Parameter]
    optimiser: Adam


class Resumable(Protocol):
    """Run whose state a checkpoint holds, such as `training.loop.Loop`; `memory` is a dataclass of JSON values."""

    generator: torch.Generator
    images_seen: int
    skipped: int
    history: list[dict[str, float]]

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Modules of the run by name."""

    @property
    def phases(self) -> Sequence[_Phase]:
        """Turns of the optimisers."""

    @property
    def memory(self) -> Any:
        """Figures that the run must remember."""


def save_module(path: Path, module: nn.Module) -> None:
    """Write a module's state as safetensors. The same weights give the same bytes."""
    with replacing_file(path) as partial:
        _save(module.state_dict(), partial)


def _save(tensors: Mapping[str, Tensor], path: Path, about: dict[str, str] | None = None) -> None:
    """Write a safetensors file. Raises OSError where there is no room: the library hides the system's error."""
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path, about)
    except SafetensorError as error:
        raise os_error_in(error, path) or error from None


def load_module(path: Path, module: nn.Module) -> None:
    """Load what `save_module` wrote into a module of the same shape.

    Raises
    ------
    ModelError
        The file is missing, damaged, or of another shape.
    """
    check_file(path)
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            "A saved model cannot be read",
            where=path,
            got=str(error).splitlines()[0],
            remedy="delete the stage's output folder and run `dvc repro`",
        ) from None


def save_state(path: Path, loop: Resumable) -> None:
    """Write the whole state on which the rest of the run depends."""
    tensors: dict[str, Tensor] = {"generator": loop.generator.get_state()}
    for name, module in loop.networks.items():
        tensors |= {f"network/{name}/{key}": value for key, value in module.state_dict().items()}
    for phase in loop.phases:
        for index, parameter in enumerate(phase.parameters):
            state = phase.optimiser.state.get(parameter, {})
            tensors |= {f"adam/{phase.name}/{index}/{key}": value for key, value in state.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    figures = {"images_seen": loop.images_seen, "skipped": loop.skipped, "memory": asdict(loop.memory)}
    header = json.dumps({**figures, "history": loop.history})
    with replacing_file(path) as partial:
        _save(tensors, partial, {"state": header, "sha256": _checksum(tensors, header)})


def is_usable(path: Path) -> bool:
    """Whether a checkpoint is as `save_state` wrote it; False also where it does not exist."""
    try:
        if not path.is_file():  # opening a pipe would block forever
            return False
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
        return bool(_checksum(load_file(path), about["state"]) == about["sha256"])
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError):
        return False


def _checksum(tensors: Mapping[str, Tensor], header: str) -> str:
    digest = hashlib.sha256(header.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()


def load_state(path: Path, loop: Resumable) -> None:
    """Restore a loop to the state that `save_state` wrote. Raises ModelError where the file does not fit the loop."""
    try:
        with safe_open(path, framework="pt") as file:
            header: dict[str, Any] = json.loads(file.metadata()["state"])
        tensors = load_file(path)
        for name, module in loop.networks.items():
            module.load_state_dict(_below(tensors, f"network/{name}/"))
        for phase in loop.phases:
            _load_adam(tensors, phase.name, list(phase.parameters), phase.optimiser)
        memory = type(loop.memory)(**header["memory"])
        loop.images_seen, loop.skipped, loop.history = (header[key] for key in ("images_seen", "skipped", "history"))
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            "A checkpoint does not fit this run",
            where=path,
            got=str(error).splitlines()[0],
            remedy="delete the .gan_augment/checkpoints folder; training then starts from the beginning",
        ) from None
    loop.generator.set_state(tensors["generator"])
    vars(loop.memory).update(vars(memory))  # the run holds the same object


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _load_adam(tensors: dict[str, Tensor], phase: str, parameters: list[nn.Parameter], optimiser: Adam) -> None:
    for index, parameter in enumerate(parameters):
        state = _below(tensors, f"adam/{phase}/{index}/")
        if state:
            step = state.pop("step").to(parameter.device)
            moments = {key: laid_out_like(parameter, value.to(parameter.device)) for key, value in state.items()}
            optimiser.state[parameter] = {"step": step, **moments}
