"""The example jobs run as they stand, and learn something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, TABLE, task_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.nightly


def test_there_are_three() -> None:
    assert [path.stem for path in EXAMPLES] == ["huggingface_datasets", "sklearn_grid_search", "torch_training"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_job_beats_chance(tmp_path: Path, example: Path) -> None:
    if example.stem == "huggingface_datasets":
        pytest.importorskip("datasets")
    table = example.stem.startswith("sklearn")
    project = write_project(tmp_path, modality="table" if table else "image", real=(40, 30, 20))
    export(task_of(project, TABLE if table else IMAGE), tmp_path / "export")
    command = [sys.executable, str(example), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | OFFLINE, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    last = done.stdout.strip().splitlines()[-1]
    score = float(re.findall(r"([\d.]+)%", last)[-1])
    assert score > (40 if table else 80), done.stdout  # three classes: chance is 33
