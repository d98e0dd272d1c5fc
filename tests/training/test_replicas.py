"""Several processes that train together do what one process with the whole batch does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import ParamsError
from gan_augment.training.launch import launch_command
from gan_augment.training.replicas import Replicas

FIT = """
import json, sys
from pathlib import Path
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.training.replicas import joined_replicas
from tests.toys import image_toy
train, validation = image_toy()
config = ConditionalConfig(kimg=1.6, batch_size=16, width=16, latent=4, checks=5, patience=100)
with joined_replicas("cpu") as replicas:
    fitted = Conditional().fit(TrainingData(train, validation), config, Run(0))
    weights = [float(p.double().sum()) for p in fitted.generator.parameters()]
    found = {"rank": replicas.rank, "stats": fitted.stats, "weights": weights}
    Path(sys.argv[1], f"{replicas.rank}.json").write_text(json.dumps(found))  # two processes mix their lines
"""


def run_fit(tmp_path: Path, processes: int) -> list[dict[str, Any]]:
    script, found = tmp_path / "fit.py", tmp_path / str(processes)
    script.write_text(FIT)
    found.mkdir()
    launcher = launch_command(processes, [])[:-2] if processes > 1 else [sys.executable]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    done = subprocess.run([*launcher, script, found], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(path.read_text()) for path in sorted(found.iterdir())]


def test_two_processes_give_the_loss_curve_of_one(tmp_path: Path) -> None:
    (alone,) = run_fit(tmp_path, 1)
    first, second = run_fit(tmp_path, 2)
    assert first["weights"] == second["weights"]  # bit for bit: the same sums on both sides
    assert first["stats"] == second["stats"]
    curves = [[row["discriminator_loss"] for row in one["stats"]] for one in (alone, first)]
    assert len(curves[0]) == 5
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-3)
    np.testing.assert_allclose(alone["weights"], first["weights"], rtol=2e-2, atol=2e-2)


def test_alone_nothing_is_averaged() -> None:
    tensor = torch.rand(5)
    (same,) = Replicas().average([tensor])
    assert torch.equal(same, tensor)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    Replicas(count=4).check_batch(64)
    with pytest.raises(ParamsError, match="multiple of 3"):
        Replicas(count=3).check_batch(64)
