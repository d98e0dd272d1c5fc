"""A command becomes several processes that train together."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gan_augment.training.launch import inside_group, launch_command, launch_group


def test_this_process_becomes_the_launcher_of_the_same_command(monkeypatch: pytest.MonkeyPatch) -> None:
    become: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda program, command: become.append((program, command)))
    launch_group(3, ["pretrain", "--root", "x y"])
    assert become == [(sys.executable, launch_command(3, ["pretrain", "--root", "x y"]))]
    command = become[0][1]
    assert command[command.index("--nproc-per-node") + 1] == "3"
    assert command[-5:] == ["-m", "gan_augment", "pretrain", "--root", "x y"]


@pytest.mark.parametrize(("names", "inside"), [((), False), (("RANK",), False), (("RANK", "WORLD_SIZE"), True)])
def test_a_process_of_a_group_is_known_by_both_its_numbers(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], inside: bool
) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, "1")
    assert inside_group() is inside


def test_it_loads_no_torch() -> None:
    code = "import sys; import gan_augment.training.launch; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"  # noqa: PLW1510
