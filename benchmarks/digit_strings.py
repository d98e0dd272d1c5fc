"""Strings of real handwritten digits, as a user gives them: a list of images, `prepare`, and the arms without a GAN.

    OMP_NUM_THREADS=1 nice python benchmarks/digit_strings.py --rows 600 --seeds 2
    OMP_NUM_THREADS=1 nice python benchmarks/digit_strings.py --rows 600 --lengths 4 5 --seeds 2

Digits of scikit-learn (8 x 8) stand beside each other, 8 x 40 px. No digit is in two parts, so that the test part has
other handwriting than the train part. The class is the length, and whether the string begins with an even digit.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image
from sklearn.datasets import load_digits

from gan_augment.project.layout import Project
from gan_augment.scoring.metrics import score
from gan_augment.scoring.tasks import task_of
from gan_augment.stages import prepare, retrain

__all__ = ["make_project", "read_shares", "write_strings"]

SHARES = {"train": 0.5, "validation": 0.2, "test": 0.3}


def write_strings(folder: Path, rows: int, lengths: tuple[int, ...], seed: int = 0) -> Path:
    """A list of images, list.csv, beside the folder `images`; the split is a column of its own."""
    digits, random = load_digits(), np.random.default_rng(seed)
    order, found = random.permutation(len(digits.target)), []
    ends = np.cumsum([round(share * len(order)) for share in SHARES.values()])
    (folder / "images").mkdir(parents=True)
    for (part, share), own in zip(SHARES.items(), np.split(order, ends[:-1]), strict=True):
        for number in range(round(share * rows)):
            chosen = random.choice(own, int(random.choice(lengths)))
            picture = np.zeros((8, 8 * max(lengths)))
            picture[:, : 8 * len(chosen)] = np.concatenate(digits.images[chosen], axis=1)
            name = f"images/{part}-{number:05d}.png"
            Image.fromarray(np.rint(picture * (255 / 16)).astype(np.uint8)).save(folder / name)
            text = "".join(map(str, digits.target[chosen]))
            kind = f"{len(text)} digits, {'even' if int(text[0]) % 2 == 0 else 'odd'} first"
            found.append({"image": name, "kind": kind, "text": text, "part": part})
    pd.DataFrame(found).to_csv(folder / "list.csv", index=False)
    return folder / "list.csv"


def make_project(root: Path, rows: int, lengths: tuple[int, ...], **retrain_settings: Any) -> Project:
    """A project whose `prepare` has run."""
    listed = pd.read_csv(write_strings(root, rows, lengths), dtype=str)
    kinds = sorted(listed["kind"].unique())
    params = {
        "base": {"seed": 0, "device": "cpu"},
        "classes": {f"c{place}": {"label": kind} for place, kind in enumerate(kinds)},
        "prepare": {
            "source": {"kind": "image_manifest", "path": "list.csv", "image": "image", "target": "kind"},
            "companions": {"text": {"column": "text"}},
            "target": "text",
            "split": {"column": "part"},
        },
        "synthesis": {"method": "oversample"},
        "retrain": {"arms": ["real", "real_classical", "real_synthetic"], **retrain_settings},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    project = Project.open(root)
    prepare.run(project)
    return project


def read_shares(project: Project, arm: str) -> dict[str, Any]:
    """The share of test strings and characters that an arm without synthetic rows reads, and its recogniser."""
    from gan_augment.core.predictions import read_arm, read_probabilities
    from gan_augment.project.prepared import read_held

    folder, task = project.layout.predictions(arm), task_of(project.spec())
    record = read_arm(folder)
    targets = task.held_targets(read_held(project.layout).loc[list(record.test_ids)])
    test = read_probabilities(folder, "first", "test")
    metrics = ("exact_match", "character_accuracy")
    shares = {name: float(np.mean([score(task.metrics[name], one, targets) for one in test])) for name in metrics}
    variants = record.families["first"].variants
    losses = {one.name: round(one.validation_loss, 3) for one in variants}
    return shares | {"variant": record.families["first"].best.name, "validation_loss": losses}


def without_synthetic(project: Project) -> None:
    """An empty mixture, which the arms without synthetic rows do not look at."""
    from gan_augment.core.samples import read_samples, write_samples

    rows = read_samples(project.layout.validation, companions=["text"]).take(slice(0, 0))
    for name in ("synthetic", "alone"):
        (project.layout.mixed / name).mkdir(parents=True)
        write_samples(project.layout.mixed / name, rows)


def main() -> None:
    """Print the shares of the arms."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--lengths", type=int, nargs="+", default=[5])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--arms", nargs="+", default=["real", "real_classical"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder), given.rows, tuple(given.lengths), seeds=given.seeds)
        without_synthetic(project)
        print(project.spec().images, project.spec().strings)
        for arm in given.arms:
            start = time.process_time()
            retrain.run(project, arm)
            print(arm, round(time.process_time() - start, 1), "CPU-s", json.dumps(read_shares(project, arm)))


if __name__ == "__main__":
    main()
