"""Restart of a command as several processes that train together.

Must not import torch: no device is claimed yet.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

__all__ = ["inside_group", "launch_command", "launch_group"]


def inside_group() -> bool:
    """Whether torchrun (or another launcher of torch.distributed) started this process."""
    return "WORLD_SIZE" in os.environ and "RANK" in os.environ


def launch_command(processes: int, arguments: list[str]) -> list[str]:
    """Command line that runs `gan-augment <arguments>` in `processes` processes on this host."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [*launcher, "-m", "gan_augment", *arguments]


def launch_group(processes: int, arguments: list[str]) -> NoReturn:
    """Replace this process by that command: no process of ours remains that could outlive it or die before it."""
    command = launch_command(processes, arguments)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter and module
