"""A project of seconds in which every stage has run, by the command line itself; and copies of it to damage."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from gan_augment.core.atomic import file_hash
from tests.cli.command import Done, run

__all__ = ["COMMANDS", "OUTPUTS", "copy_of", "make_finished", "outputs_hash", "run_command"]

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("prepare",),
    ("pretrain",),
    ("train_gan", "a"),
    ("train_gan", "b"),
    ("generate", "a"),
    ("generate", "b"),
    ("curate",),
    ("cross_fit",),
    ("rivals",),
    ("mix",),
    ("retrain", "real"),
    ("retrain", "cheap"),
    ("retrain", "real_synthetic"),
    ("measure",),
    ("report",),
    ("export",),
)
OUTPUTS: dict[str, tuple[str, ...]] = {
    "prepare": ("data/prepared", "reports/audit.json"),
    "pretrain": ("models/pretrain", "reports/training/pretrain.csv"),
    "train_gan": ("models/train_gan/{}", "reports/training/{}.csv"),
    "generate": ("data/synthetic/{}",),
    "curate": ("data/curated", "reports/curate.json"),
    "cross_fit": ("data/cross_fit",),
    "rivals": ("data/rivals",),
    "mix": ("data/mixed", "reports/mix.json", "reports/ratio_curve.csv"),
    "retrain": ("predictions/{}",),
    "measure": ("reports/measure.json", "reports/arms.csv"),
    "report": ("reports/report.html",),
    "export": ("export",),
}
_SECTIONS: dict[str, Any] = {
    "base": {"seed": 1, "device": "cpu"},
    "classes": {"a": {"label": "a"}, "b": {"label": "b"}},
    "mix": {"ratios": [0, 1], "seeds": 2},
    "retrain": {"seeds": 2, "arms": ["real", "cheap", "real_synthetic"], "second_opinion": "none"},
    "export": {"force": True, "rows_per_shard": 16},
}
_TRAINED = {
    "table": {"method": "tabular_gan", "settings": {"steps": 20, "specialise_steps": 8, "batch_size": 16, "width": 16}},
    "image": {
        "method": "conditional",
        "settings": {"kimg": 0.2, "specialise_kimg": 0.1, "checks": 2, "batch_size": 16, "width": 16, "latent": 4},
    },
}


def make_finished(root: Path, kind: str = "table", *, trained: bool = False) -> Path:
    """Run every stage in `root`. `trained`: with a network as the synthesizer, which takes longer."""
    root.mkdir(parents=True)
    source = _write_table(root) if kind == "table" else _write_pictures(root)
    method = _TRAINED[kind] if trained else {"method": "smote"}
    params = {**_SECTIONS, "prepare": {"source": source}, "synthesis": method, "generate": {"candidates": 24}}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    for command in COMMANDS:
        done = run_command(root, command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    return root


def _write_table(root: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    label = np.repeat(["a", "b"], [30, 50])
    frame = pd.DataFrame(
        {"x": np.where(label == "a", 0, 2) + rng.normal(size=80).round(3), "n": rng.integers(0, 9, 80)}
    )
    frame.assign(y=label).to_csv(root / "rows.csv", index=False)
    return {"kind": "table", "path": "rows.csv", "target": "y"}


def _write_pictures(root: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    for place, (name, count) in enumerate({"a": 24, "b": 36}.items()):
        (root / "photos" / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 60, (8, 8))
            pixels[3 * place + 1 : 3 * place + 3] += rng.integers(100, 190)
            Image.fromarray(pixels.astype(np.uint8)).save(root / "photos" / name / f"{number}.png")
    return {"kind": "image_folder", "path": "photos"}


def run_command(root: Path, command: Sequence[str]) -> Done:
    """The command in this process."""
    return run(*command, cwd=root)


def copy_of(finished: Path, root: Path) -> Path:
    """A project to damage."""
    shutil.copytree(finished, root)
    return root


def outputs_hash(root: Path, command: Sequence[str]) -> list[str]:
    """Of everything that the command writes."""
    paths = [root / path.format(*command[1:]) for path in OUTPUTS[command[0]]]
    return [file_hash(path) if path.exists() else "absent" for path in paths]
