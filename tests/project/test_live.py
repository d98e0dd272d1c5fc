"""A training leaves a readable trace while it runs, and never stumbles over it."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.png import decode_png
from gan_augment.project import live
from gan_augment.project.live import LiveRecorder, live_folder, live_training, read_live
from gan_augment.project.training import report_progress
from gan_augment.synthesis.api import TickReport
from tests.finished_project import write_project

ROW = {"kimg": 2.0, "kid": 0.1, "discriminator_train": 0.71, "discriminator_held_out": 0.62, "critic_accuracy": 0.93}
PICTURES = np.arange(2 * 3 * 4 * 4 * 1, dtype=np.uint8).reshape(2, 3, 4, 4, 1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(tmp_path: Path, clock: Clock) -> LiveRecorder:
    return LiveRecorder(live_folder(tmp_path) / "pretrain", "images", clock)


def state(recorder: LiveRecorder) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((recorder.folder / "state.json").read_text(encoding="utf-8"))
    return read


def test_speed_and_the_three_accuracies_are_in_the_words(recorder: LiveRecorder, clock: Clock) -> None:
    assert "images/s" not in recorder(TickReport(1.0, 10.0, {"generator": 0.5}))
    clock.now += 4
    recorder(TickReport(2.0, 10.0, {"generator": 0.4}, row=ROW))
    words = recorder(TickReport(2.0, 10.0, {"generator": 0.4}))
    assert words == "250 images/s  D train 0.71  D held-out 0.62  critic 0.93  generator 0.400"


def test_the_speed_is_that_of_the_last_ticks(recorder: LiveRecorder, clock: Clock) -> None:
    for number in range(60):  # slow for long, then ten times as fast
        clock.now += 10 if number < 30 else 1
        recorder(TickReport(0.1 * (number + 1), 10.0))
    assert state(recorder)["rate"] == pytest.approx(100)


def test_the_files_of_a_check(recorder: LiveRecorder, clock: Clock) -> None:
    recorder(TickReport(1.0, 10.0))
    clock.now += 1
    recorder(TickReport(2.0, 10.0, {"generator": 0.4, "broken": float("nan")}, row=ROW, pictures=PICTURES))
    curve = pd.read_csv(recorder.folder / "curve.csv")
    assert curve.to_dict("records") == [ROW]
    drawn = decode_png((recorder.folder / "samples.png").read_bytes())
    assert drawn.shape == (2 * 5, 3 * 5, 1)
    assert np.array_equal(drawn[5:9, 10:14], PICTURES[1, 2])
    assert state(recorder)["figures"] == {"generator": 0.4}
    assert not list(recorder.folder.glob(".*"))


def test_ticks_are_written_at_most_every_second_but_the_last_always(recorder: LiveRecorder, clock: Clock) -> None:
    for done in (1.0, 2.0, 3.0):
        recorder(TickReport(done, 10.0))
    assert state(recorder)["done"] == 1.0
    clock.now += 1
    recorder(TickReport(4.0, 10.0))
    assert state(recorder)["done"] == 4.0
    recorder(TickReport(10.0, 10.0))
    assert state(recorder)["done"] == 10.0


@pytest.mark.parametrize(("first", "kept"), [(2.5, 1), (0.5, 0)], ids=["resumed", "anew"])
@pytest.mark.parametrize("checked", [False, True])
def test_a_resumed_training_keeps_its_curve(
    recorder: LiveRecorder, clock: Clock, first: float, kept: int, checked: bool
) -> None:
    recorder(TickReport(2.0, 10.0, row=ROW, pictures=PICTURES))
    again = LiveRecorder(recorder.folder, "images", clock)
    again(TickReport(first, 10.0, row=ROW | {"kimg": first} if checked else None))
    assert len(again.rows) == kept + checked
    assert (recorder.folder / "samples.png").exists() == bool(kept)
    again(TickReport(4.0, 10.0, row=ROW | {"kimg": 4.0}))
    assert len(pd.read_csv(recorder.folder / "curve.csv")) == kept + checked + 1


def test_what_cannot_be_written_ends_no_training(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "in the way").write_text("a file")
    recorder = LiveRecorder(tmp_path / "in the way" / "pretrain", "images", clock)
    assert recorder(TickReport(1.0, 10.0, {"generator": 0.5}, row=ROW)).endswith("generator 0.500")


def test_runs_are_read_back_pretrain_first(tmp_path: Path, clock: Clock) -> None:
    for name in ("cat", "pretrain"):
        LiveRecorder(live_folder(tmp_path) / name, "rows", clock)(TickReport(1.0, 2.0, {"g": 1.0}, row=ROW))
    (live_folder(tmp_path) / "broken").mkdir()
    (live_folder(tmp_path) / "broken/state.json").write_text("{")
    runs = read_live(tmp_path, clock)
    assert [run.name for run in runs] == ["pretrain", "cat"]
    assert all(run.running for run in runs)
    clock.now += 3600
    assert not any(run.running for run in read_live(tmp_path, clock))


def test_a_training_whose_process_is_gone_does_not_run(tmp_path: Path, clock: Clock) -> None:
    recorder = LiveRecorder(live_folder(tmp_path) / "pretrain", "images", clock)
    recorder(TickReport(1.0, 10.0))
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    (recorder.folder / "state.json").write_text(json.dumps(state(recorder) | {"process": child}))
    assert not read_live(tmp_path, clock)[0].running


def test_report_progress_shows_what_is_recorded(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    shown: list[tuple[float, float, str]] = []
    report = report_progress(lambda *words: shown.append(words), live_training(project, "cat"))
    report(TickReport(1.0, 4.0, {"generator": 0.5}))
    assert shown == [(1.0, 4.0, "generator 0.500")]
    assert (tmp_path / ".gan_augment/live/cat/state.json").is_file()


class Writer:
    def __init__(self, folder: str) -> None:
        self.folder, self.scalars, self.images, self.flushed = folder, {}, [], 0  # type: ignore[var-annotated]

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars[name, step] = value

    def add_image(self, name: str, image: Any, step: int, dataformats: str) -> None:
        assert dataformats == "HWC"
        self.images.append((name, image.shape, step))

    def flush(self) -> None:
        self.flushed += 1


def test_tensorboard_gets_the_same_where_it_is_installed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(live.importlib.util, "find_spec", lambda name: name)
    recorder = LiveRecorder(tmp_path / "pretrain", "images", clock)
    recorder(TickReport(2.0, 10.0, {"generator": 0.4}, row=ROW, pictures=PICTURES))
    writer = recorder.tensorboard
    assert writer.folder == str(tmp_path / "pretrain/tensorboard")
    assert writer.scalars["generator", 2000] == 0.4
    assert writer.scalars["critic_accuracy", 2000] == 0.93
    assert writer.images == [("samples", (10, 15, 1), 2000)]
    assert writer.flushed == 1


@pytest.mark.parametrize("broken", [False, True], ids=["absent", "broken"])
def test_without_tensorboard_nothing_is_missing(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setattr(live.importlib.util, "find_spec", lambda name: name if broken else None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    recorder = LiveRecorder(tmp_path / "pretrain", "images", clock)
    recorder(TickReport(2.0, 10.0, row=ROW))
    assert recorder.tensorboard is None
    assert (tmp_path / "pretrain/state.json").is_file()
