"""What does synthetic data add to rare classes, end to end? The whole pipeline, a fresh split a seed.

    OMP_NUM_THREADS=1 python benchmarks/long_tail.py animal_mnist-0.4-py3-none-any.whl --seeds 0 1 2 3 4

7 animal silhouettes with 200 train images each, Cow, Horse and Sheep with 15 (benchmarks/image_sets.py). Prints for
each arm balanced accuracy and the mean recall of the three rare classes on the test part, and the verdict. Arms,
variants and the mixing ratio were chosen on validation. A mirrored animal is the same animal, so classical augmentation
may flip.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from image_sets import RARE_ANIMALS

from gan_augment.core.atomic import read_json
from gan_augment.project.layout import Project
from gan_augment.stages import measure, prepare
from gan_augment.studies.replicate import train_and_predict

HERE = Path(__file__).parent


def new_project(root: Path, wheel: Path, seed: int, changes: list[str]) -> Project:
    """An initialised project in `root` whose data are the long-tailed split of this seed."""
    npz = root / "animals.npz"
    cut = [HERE / "image_sets.py", "animals", wheel, "--long-tail", "--seed", str(seed), "--output", npz]
    subprocess.run([sys.executable, *map(str, cut)], check=True)
    # Some silhouettes are near copies of others: those that a later part has too are left out of train and validation.
    command = [sys.executable, "-m", "gan_augment", "init", str(npz), "--set", "prepare.split.leaks=drop"]
    command += ["-C", str(root / "project")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    path = root / "project" / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["base"] = {"seed": seed, "device": "cpu"}
    params["retrain"]["classical"]["flip_horizontal"] = True
    for change in changes:
        path_of_key, value = change.split("=", 1)
        *section, key = path_of_key.split(".")
        place = params
        for name in section:
            place = place[name]
        place[key] = yaml.safe_load(value)
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    return Project.open(root / "project")


def run_all(project: Project) -> None:
    """Every stage up to the verdict."""
    prepare.run(project)
    project = Project.open(project.layout.root)
    train_and_predict(project)
    measure.run(project)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--with", dest="changes", nargs="*", default=[], metavar="SECTION.KEY=VALUE")
    options = parser.parse_args()
    rare: dict[str, list[float]] = {}
    balanced: dict[str, list[float]] = {}
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            project = new_project(Path(folder), options.wheel.resolve(), seed, options.changes)
            run_all(project)
            result = read_json(project.layout.root / "reports" / "measure.json")
        keys = {record["label"]: record["key"] for record in result["per_class"]}
        print(
            f"seed {seed}: {result['sentence']} (ratio {result['ratio']:g}, {time.process_time() - started:.0f} CPU-s)"
        )
        for arm in result["arms"]:
            recall = 100 * np.mean([arm["per_class_recall"][keys[name]] for name in RARE_ANIMALS])
            rare.setdefault(arm["arm"], []).append(recall)
            balanced.setdefault(arm["arm"], []).append(100 * arm["balanced_accuracy"]["mean"])
            print(f"  {arm['arm']:<26}{arm['variant']:<22}{balanced[arm['arm']][-1]:>7.1f}{recall:>7.1f}", flush=True)
    print(f"\n{'mean over seeds':<48}{'bal.':>7}{'rare':>7}   rare recall, seed by seed")
    for arm, values in rare.items():
        by_seed = " ".join(f"{value:.1f}" for value in values)
        print(f"  {arm:<46}{np.mean(balanced[arm]):>7.1f}{np.mean(values):>7.1f}   {by_seed}")


if __name__ == "__main__":
    main()
