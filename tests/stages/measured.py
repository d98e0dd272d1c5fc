"""Small projects through mix, retrain and measure, and the settings that make that quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gan_augment.project.layout import Project
from gan_augment.stages import measure, mix, retrain
from tests.stages.downstream_project import Synthesizer, make_project

__all__ = ["IMAGE", "TABLE", "image_project", "run_all", "table_project"]

CNN = {"kind": "cnn", "steps": 12, "batch_size": 16, "width": 4}
IMAGE: dict[str, Any] = {
    "retrain": {"classifier": CNN, "seeds": 2, "classical": {"views": 2}},
    "mix": {"seeds": 2, "ratios": [1, 2]},
    "measure": {"bootstrap_draws": 200},
}
TABLE: dict[str, Any] = {
    "retrain": {"classifier": {"kind": "logistic_regression"}, "second_opinion": "none", "seeds": 2},
    "mix": {"seeds": 2, "ratios": [1, 2]},
    "measure": {"bootstrap_draws": 200},
}


def image_project(root: Path, synthesizer: Synthesizer = "oracle") -> Project:
    return make_project(root, synthesizer=synthesizer, **IMAGE)


def table_project(root: Path, synthesizer: Synthesizer = "oracle") -> Project:
    return make_project(root, modality="table", synthesizer=synthesizer, train=(30, 12), held=40, **TABLE)


def run_all(project: Project) -> dict[str, Any]:
    mix.run(project)
    for arm in project.params.retrain.arms:
        retrain.run(project, arm)
    measure.run(project)
    measured: dict[str, Any] = json.loads(project.layout.measure_report.read_text())
    return measured
