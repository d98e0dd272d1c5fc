"""How many lanes a machine can run side by side."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines import machine


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the driver lists them."""
    monkeypatch.setattr(machine, "Path", lambda _: tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


@pytest.mark.parametrize(("cores", "lanes"), [(1, 1), (3, 3), (8, 8), (64, 8)])
@pytest.mark.usefixtures("gpus")
def test_without_a_gpu_a_core_has_a_lane_and_there_are_eight_at_most(
    cores: int, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert machine.lanes_side_by_side() == lanes


@pytest.mark.parametrize(
    ("there", "visible", "lanes"),
    [(4, None, 4), (12, None, 8), (4, "0,2", 2), (4, "0, ,", 1), (1, "0,1,2", 1), (4, "", 5)],
    ids=str,
)
def test_a_gpu_that_this_process_sees_has_a_lane(
    there: int, visible: str | None, lanes: int, gpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(there):
        (gpus / f"0000:{number}").mkdir()
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)))  # where it sees none
    assert machine.lanes_side_by_side() == lanes


@pytest.mark.usefixtures("gpus")
def test_where_the_system_does_not_say_which_cores_are_ours_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine.lanes_side_by_side() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.lanes_side_by_side() == 1
