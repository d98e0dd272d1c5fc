"""Does the demo's verdict depend on the seed? The checkout's pipeline, `dvc repro` in a fresh clone a seed.

    OMP_NUM_THREADS=1 python benchmarks/demo_seeds.py --seeds 0 1 2 3 4 5 6 7 8 9

The clones have the commit that was this checkout's last one at the start (or `--commit`), with `base.seed` of
params.yaml changed, and whatever `--with` changes. The rows and their parts are those of the embedded demo, whatever
the seed. Prints for each seed the verdict, the gain with its interval, the chosen ratio, what the rows are worth and
the minutes; then how often which verdict came out. `--keep FOLDER` keeps each seed's reports there; a seed whose
found.json is there already is not run again.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from project_params import changed

from gan_augment.core.atomic import read_json, write_json

CHECKOUT = Path(__file__).resolve().parent.parent


def run_seed(clone: Path, commit: str, seed: int, changes: list[str]) -> dict[str, Any]:
    """measure.json of the whole pipeline in a fresh clone, with the minutes that it took."""
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "checkout", "--quiet", commit], check=True)
    path = clone / "params.yaml"
    path.write_text(yaml.safe_dump(changed(yaml.safe_load(path.read_text()), [f"base.seed={seed}", *changes])))
    before, started = _cpu_seconds(), time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(clone), "DVC_NO_ANALYTICS": "1"}
    subprocess.run(["dvc", "repro", "--quiet"], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL)
    minutes = {"cpu_minutes": (_cpu_seconds() - before) / 60, "wall_minutes": (time.monotonic() - started) / 60}
    return read_json(clone / "reports" / "measure.json") | {"seed": seed, "commit": commit} | minutes


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def line(found: dict[str, Any]) -> str:
    """A row of the table in docs/benchmarks.md."""
    gain, free = found["gain"], found["threshold_free"]["balanced_accuracy_unadjusted"]
    worth = (found["worth"] or {}).get("sentence", "")
    return (
        f"| {found['seed']} | {found['verdict']} | {gain['points']:+.1f} ({gain['low']:+.1f} to {gain['high']:+.1f}) "
        f"| {found['ratio']:g} (shown {found['shown_ratio']:g}) | {free['mean']:+.1f} | {gain['baseline_arm']}: "
        f"{gain['baseline_variant']} | {found['cpu_minutes']:.1f} | {found['wall_minutes']:.1f} | {worth} |"
    )


def arms(found: dict[str, Any]) -> str:
    """The arms' levels, one line an arm."""

    def points(interval: dict[str, float] | None) -> str:
        return "-" if interval is None else f"{100 * interval['mean']:.1f}"

    return "\n".join(
        f"    {arm['arm']:<26}{arm['variant']:<34}balanced {points(arm['balanced_accuracy'])} macro F1 "
        f"{points(arm['macro_f1'])} rare recall {points(arm['rare_class_recall'])} precision "
        f"{points(arm['rare_class_precision'])}"
        for arm in found["arms"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--with", dest="changes", nargs="*", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--commit", default="HEAD")
    options = parser.parse_args()
    named = ["git", "-C", str(CHECKOUT), "rev-parse", options.commit]
    commit = subprocess.run(named, check=True, capture_output=True, text=True).stdout.strip()
    verdicts: Counter[str] = Counter()
    for seed in options.seeds:
        kept = options.keep / str(seed) if options.keep else None
        if kept is not None and (kept / "found.json").exists():
            found = read_json(kept / "found.json")
        else:
            with tempfile.TemporaryDirectory() as folder:
                found = run_seed(Path(folder) / "clone", commit, seed, options.changes)
                if kept is not None:
                    shutil.copytree(Path(folder) / "clone" / "reports", kept, dirs_exist_ok=True)
                    write_json(kept / "found.json", found)
        verdicts[found["verdict"]] += 1
        print(line(found), flush=True)
        print(arms(found), flush=True)
    print("; ".join(f"{verdict}: {count} of {len(options.seeds)}" for verdict, count in verdicts.most_common()))


if __name__ == "__main__":
    main()
