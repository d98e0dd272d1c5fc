"""A small project, run once by `dvc repro` as a user would, and shared by the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from tests.patience import HANG

ENVIRONMENT = {**os.environ, "DVC_NO_ANALYTICS": "1", "OMP_NUM_THREADS": "1", "SHELL": "/bin/sh"}
ENVIRONMENT["PATH"] = str(Path(sys.executable).parent) + os.pathsep + ENVIRONMENT["PATH"]


@dataclass
class UserProject:
    """A folder that a user works in."""

    root: Path

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=HANG
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def params(self, **sections: Any) -> None:
        """Merge into params.yaml, one level deep, keeping the file's order."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for name, section in sections.items():
            params[name] = {**params[name], **section} if isinstance(section, dict) else section
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def stale(self) -> set[str]:
        """The stages whose own dependencies or params changed, as DVC sees it."""
        return set(json.loads(self.run("dvc", "status", "--json").stdout))

    def rerun(self) -> set[str]:
        """`dvc repro`; the stages whose command ran."""
        lines = self.run("dvc", "repro").stdout.splitlines()
        return {line.split("'")[1] for line in lines if line.startswith("Running stage")}

    def read(self, path: str) -> Any:
        return json.loads((self.root / path).read_text())


def start(root: Path, *init: str, **sections: Any) -> UserProject:
    project = UserProject(root)
    project.run("git", "init", "-q")
    project.run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "start")
    project.run("gan-augment", "init", *init)
    if not (root / ".dvc").exists():
        project.run("dvc", "init", "-q")
    project.params(**sections)
    return project


def bars(root: Path, counts: dict[str, int]) -> None:
    """Folders of 8 x 8 pictures: where the bright bar lies is the class."""
    rng = np.random.default_rng(0)
    for place, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 60, (8, 8))
            pixels[2 * place + 1 : 2 * place + 3] += rng.integers(100, 190)
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{number}.png")


# What the stages learn is tested in their own folders; here they have to run.
QUICK_JUDGE = {
    "judged_by": {"members": 1, "steps": 60},
    "train_on_synthetic_seeds": 1,
    "weaknesses": {"checks": ["counting", "perspective"]},
}
RETRAIN = {"seeds": 2, "arms": ["real", "cheap", "real_synthetic"], "second_opinion": "none"}
SMALL = {"curate": QUICK_JUDGE, "mix": {"ratios": [0, 1], "seeds": 2}}


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> UserProject:
    root = tmp_path_factory.mktemp("images")
    bars(root / "photos", {"top bar": 60, "mitte/ü".replace("/", "-"): 60, "low": 25})
    project = start(
        root,
        "photos",
        synthesis={"settings": {"kimg": 6.4, "specialise_kimg": 1.6, "checks": 4, "batch_size": 32}},
        generate={"candidates": 60},
        retrain=RETRAIN | {"classifier": {"kind": "cnn", "steps": 40}},
        **SMALL,
    )
    project.run("dvc", "repro")
    return project


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> UserProject:
    root = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(1)
    label = np.repeat(["sick", "well"], [50, 150])
    frame = pd.DataFrame(
        {
            "temperature": np.where(label == "sick", rng.normal(38.5, 0.5, 200), rng.normal(36.8, 0.4, 200)).round(1),
            "pulse": np.where(label == "sick", rng.integers(80, 130, 200), rng.integers(55, 90, 200)),
            "ward": rng.choice(["A", "B", "C"], 200),
            "smoker": rng.random(200) < 0.3,
            "outcome": label,
        }
    )
    frame.loc[rng.choice(200, 20, replace=False), "temperature"] = np.nan
    frame.to_csv(root / "patients.csv", index=False)
    project = start(
        root,
        "patients.csv",
        *("--target", "outcome"),
        synthesis={"settings": {"steps": 150, "specialise_steps": 50}},
        retrain=RETRAIN | {"classifier": {"kind": "hist_gradient_boosting", "iterations": 20}},
        **SMALL,
    )
    project.run("dvc", "repro")
    return project
