"""`replicate`: every stage after the split again, with other seeds, and never the test labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gan_augment.cli.calibrate import run_replicates
from gan_augment.project.layout import Project
from gan_augment.stages import measure, mix, retrain
from gan_augment.studies import replicate
from tests.stages.downstream_project import make_project

SECTIONS: dict[str, Any] = {
    "retrain": {
        "classifier": {"kind": "random_forest", "trees": 10},
        "second_opinion": "none",
        "seeds": 2,
        "arms": ["real", "cheap", "real_synthetic"],
    },
    "mix": {"seeds": 2, "ratios": [1]},
    "measure": {"bootstrap_draws": 200},
}


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Instead of a GAN: the first project's curated rows, and a note of who was asked with which seed."""
    asked: list[tuple[str, int]] = []
    curated: dict[str, Any] = {}

    def note(name: str) -> Any:
        def stage(project: Project, key: str = "") -> None:
            asked.append((f"{name} {key}".strip(), project.params.base.seed))
            assert not project.layout.test_labels.exists()
            if name == "curate":
                shutil.copytree(curated["folder"], project.layout.curated)

        return stage

    for name in ("pretrain", "train_gan", "generate", "curate"):
        monkeypatch.setattr(getattr(replicate, name), "run", note(name))
    original = replicate.run

    def run(project: Project, runs: int) -> dict[str, Any]:
        curated["folder"] = project.layout.curated
        return original(project, runs)

    monkeypatch.setattr(replicate, "run", run)
    return asked


def test_all_stages_run_again_with_other_seeds(tmp_path: Path, trained: list[tuple[str, int]]) -> None:
    project = make_project(tmp_path, modality="table", train=(30, 12), held=40, **SECTIONS)
    mix.run(project)
    for arm in project.params.retrain.arms:
        retrain.run(project, arm)
    measure.run(project)
    found = replicate.run(project, 3)
    seeds = sorted({seed for _, seed in trained})
    assert len(seeds) == 2
    assert project.params.base.seed not in seeds
    names = [name for name, seed in trained if seed == trained[0][1]]
    keys = list(project.params.classes)
    steps = [f"{stage} {key}" for key in keys for stage in ("train_gan", "generate")]
    assert names == ["pretrain", *steps, "curate"]
    measured = json.loads(project.layout.measure_report.read_text())
    assert found["each"][0]["points"] == pytest.approx(measured["gain"]["points"], abs=0.01)
    assert json.loads((tmp_path / "reports/replicates.json").read_text()) == found
    assert found["replicates"] == 3


def test_trainings_whose_rows_were_refused_are_not_tried(
    tmp_path: Path, trained: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path, modality="table", synthesizer="none", train=(30, 12), held=40, **SECTIONS)
    mix.run(project)
    for arm in project.params.retrain.arms:
        retrain.run(project, arm)
    measure.run(project)
    capsys.readouterr()
    run_replicates(tmp_path, runs=2, as_json=False)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("training 0: Not tried: ")
    assert said[-1] == "Not tried: in 2 of 2 trainings the classes that need rows got none."
    assert len({seed for _, seed in trained}) == 1
