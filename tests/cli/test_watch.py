"""`gan-augment watch`: the page follows the files, and the command ends when the trainings do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gan_augment.cli.watch import QUIET_SECONDS, watch_trainings
from gan_augment.core.errors import MissingInputError
from gan_augment.project.live import LiveRecorder, live_folder
from gan_augment.reporting.live import duration
from gan_augment.synthesis.api import TickReport
from tests.cli.command import run

PAGE = ".gan_augment/live/index.html"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
    return tmp_path


def train(root: Path, name: str = "pretrain", done: float = 2.0) -> LiveRecorder:
    recorder = LiveRecorder(live_folder(root) / name, "images")
    pictures = np.zeros((2, 3, 8, 8, 1), dtype=np.uint8)
    for step in (1.0, done):
        row = {"kimg": step, "kid": 0.2, "discriminator_train": 0.7, "discriminator_held_out": 0.6}
        recorder(TickReport(step, 10.0, {"generator": 0.5}, row=row | {"critic_accuracy": 0.9}, pictures=pictures))
    return recorder


def stop(recorder: LiveRecorder) -> None:
    path = recorder.folder / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"updated": 0.0}), encoding="utf-8")


def test_once_writes_the_page_and_says_how_it_stands(project: Path) -> None:
    train(project, "<b>cat")
    done = run("watch", "--once", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"page: {PAGE}\n<b>cat: 20 %, running, ")
    assert "D train 0.7, D held-out 0.6, critic 0.9" in done.stdout
    page = (project / PAGE).read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "<b>cat" not in page
    assert page.count('<img class="samples" src="data:image/png') == 1
    assert page.count('<svg class="plot"') == 2  # KID, and the discriminator's three lines
    assert "http" not in page.replace("http-equiv", "")


def test_other_programs_read_it_too(project: Path) -> None:
    assert json.loads(run("watch", "--json", cwd=project).stdout) == []
    row = {"kimg": 5.0, "kid": float("inf")}
    recorder = LiveRecorder(live_folder(project) / "<b>cat", "images")
    recorder(TickReport(5.0, 10.0, {"generator": float("nan")}, row=row))
    done = run("watch", "--json", cwd=project)
    (found,) = json.loads(done.stdout, parse_constant=pytest.fail)
    assert (found["name"], found["running"], found["thousands"]["of"]) == ("<b>cat", True, "images")
    assert found["figures"] == {}  # what is no number is not written
    assert found["last_check"] == {"kimg": 5.0, "kid": None}
    assert not (project / PAGE).exists()


def test_it_follows_until_nothing_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages: list[str] = []
    recorders: list[LiveRecorder] = []

    def sleep(seconds: float) -> None:
        assert seconds == 3
        pages.append((project / PAGE).read_text(encoding="utf-8"))
        if len(pages) == 1:
            recorders.append(train(project))
        elif len(pages) == 2:
            recorders[0](TickReport(5.0, 10.0, row={"kimg": 5.0, "kid": 0.1}))
        else:
            stop(recorders[0])

    watch_trainings(project, None, every=3, once=False, sleep=sleep)
    quiet = QUIET_SECONDS // 3 - 1  # looks at which another class might still begin
    assert len(pages) == 4 + quiet
    pages.append((project / PAGE).read_text(encoding="utf-8"))
    assert "No training has begun" in pages[0]
    assert ["5 of 10" in page for page in pages] == [False, False, *[True] * (3 + quiet)]
    assert ['http-equiv="refresh" content="3"' in page for page in pages] == [*[True] * (4 + quiet), False]
    assert "waiting for a training to begin" in capsys.readouterr().out


def test_a_pause_between_two_classes_is_no_end(project: Path) -> None:
    looks, recorders = 0, list[LiveRecorder]()

    def sleep(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks in (1, 10):
            recorders.append(train(project, f"class {looks}"))
        elif looks in (3, 12):
            stop(recorders[-1])

    watch_trainings(project, None, every=5, once=False, sleep=sleep)
    assert looks > 12
    assert "class 10" in (project / PAGE).read_text(encoding="utf-8")


def test_outside_of_a_project(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"params\.yaml"):
        watch_trainings(tmp_path, None, every=1, once=True)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "–"), (7.4, "7 s"), (250, "4 min 10 s"), (3900, "1 h 05 min"), (59.7, "1 min 00 s")]
)
def test_durations_read_well(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
