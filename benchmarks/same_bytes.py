"""Do two checkouts of this repository make the same bytes of the same data? Run it before and after a change of shape.

    python benchmarks/same_bytes.py ../other-checkout [--demo digits penguins breast_cancer]

Each checkout makes each demo project in a temporary folder, with short trainings, and runs every stage that `init`
wrote into dvc.yaml, without DVC. Then the two folders are held beside each other: every file of the export and of what
lies on the way there (data, models, predictions) byte by byte, and every reports/*.json value by value. What may differ
from run to run is in `EXCEPTIONS`. Exit code 0: the same bytes. Differences are named in the order of the stages, so
the first one is where to look; a difference on the way alone means that DVC would run the stages after it again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parents[1]
DEMOS = ("digits", "penguins", "breast_cancer")
# Keys of reports/*.json whose values are measured times.
EXCEPTIONS = frozenset({"seconds"})
# In the order of the stages.
OUTS = (
    *("data/prepared", "models", "data/synthetic", "data/curated", "data/cross_fit", "data/rivals", "data/mixed"),
    *("predictions", "data/learning_curve", "export"),
)

SHORT: dict[str, Any] = {
    "base": {"device": "cpu"},
    "generate": {"candidates": 40},
    "mix": {"ratios": [0, 1], "seeds": 2},
    "retrain": {"seeds": 2, "second_opinion": "none"},
    "measure": {"learning_curve": "never"},
    "export": {"force": True},  # synthetic rows too, whatever so short a training is worth
}
SHORT_OF: dict[str, dict[str, Any]] = {
    "digits": {
        "synthesis": {"settings": {"kimg": 6, "specialise_kimg": 1, "checks": 3}},
        "retrain": {"classifier": {"steps": 60}},
    },
    "penguins": {"synthesis": {"settings": {"steps": 40, "specialise_steps": 10}}},
    "breast_cancer": {"synthesis": {"settings": {"steps": 40, "specialise_steps": 10}}},
}
# One process a project, for torch takes seconds to import; through the command line, which outlives every move.
DRIVER = """
import json, runpy, sys
for command in json.loads(sys.argv[1]):
    sys.argv = ["gan-augment", *command]
    try:
        runpy.run_module("gan_augment", run_name="__main__", alter_sys=False)
    except SystemExit as end:
        if end.code:
            sys.exit(f"gan-augment {' '.join(command)} ended with {end.code}")
"""


def made(checkout: Path, demo: str, folder: Path) -> Path:
    """The project folder, with every stage run by the code of `checkout`."""
    folder.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "DVC_NO_ANALYTICS": "1"}

    def run(commands: list[list[str]]) -> None:
        call = [sys.executable, "-c", DRIVER, json.dumps(commands)]
        done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{checkout}, {demo}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")

    run([["init", "--demo", demo]])
    params = folder / "params.yaml"
    settings = merged(yaml.safe_load(params.read_text()), merged(SHORT, SHORT_OF[demo]))
    params.write_text(yaml.safe_dump(settings, sort_keys=False))
    run(list(commands_of(folder, settings)))
    return folder


def merged(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with the values of `more` in their places."""
    both = dict(settings)
    for key, value in more.items():
        inner = both.get(key)
        both[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


def commands_of(folder: Path, settings: Mapping[str, Any]) -> Iterator[list[str]]:
    """The arguments of each stage's command, in the order of dvc.yaml, with its classes and arms filled in."""
    many = {"key": list(settings["classes"]), "item.arm": settings["retrain"]["arms"]}
    for stage in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"].values():
        _, name, *words = stage.get("do", stage)["cmd"].split()
        if words:
            yield from ([name, value] for value in many[words[0].strip("${}")])
        else:
            yield [name]


def differences(left: Path, right: Path) -> Iterator[str]:
    """What differs between two projects, one line each, in the order of the stages."""
    for folder in OUTS:
        for name in sorted(files(left, folder) | files(right, folder)):
            yield from different_bytes(left, right, name)
    reports = files(left, "reports") | files(right, "reports")
    for name in sorted(name for name in reports if re.fullmatch(r"reports/\w+\.json", name)):
        yield from different_reports(left, right, name)


def different_reports(left: Path, right: Path, name: str) -> Iterator[str]:
    """One line where the report is absent on a side, else one for each value that differs."""
    if missing := [str(side) for side in (left, right) if not (side / name).exists()]:
        yield f"{name} is not in {', '.join(missing)}"
        return
    pair = [json.loads((side / name).read_text()) for side in (left, right)]
    yield from (f"{name}: {line}" for line in different_values(*pair))


def files(root: Path, folder: str) -> set[str]:
    """The files below `root/folder`, relative to `root`."""
    return {path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()}


def different_bytes(left: Path, right: Path, name: str) -> list[str]:
    """One line where the file is absent on a side or differs, else none."""
    sides = [(side / name).read_bytes() if (side / name).exists() else None for side in (left, right)]
    if None in sides:
        return [f"{name} is not in {left if sides[0] is None else right}"]
    return [] if sides[0] == sides[1] else [f"{name} differs"]


def different_values(left: Any, right: Any, place: str = "") -> Iterator[str]:
    """`place: left, right` for each value that differs, exceptions left out."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            if key not in EXCEPTIONS:
                yield from different_values(left.get(key), right.get(key), f"{place}.{key}".lstrip("."))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, pair in enumerate(zip(left, right, strict=True)):
            yield from different_values(*pair, f"{place}[{number}]")
    elif left != right:
        yield f"{place}: {left!r:.60}, {right!r:.60}"


def main() -> None:
    """Compare, print what differs, and end with exit code 1 where anything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the other checkout's folder")
    parser.add_argument("--demo", nargs="+", choices=DEMOS, default=list(DEMOS))
    parser.add_argument("--keep", type=Path, help="write the projects here, and keep them")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="same-bytes-") as temporary:
        work = options.keep or Path(temporary)
        for demo in options.demo:
            left, right = (
                made(checkout, demo, work / demo / name)
                for name, checkout in (("here", HERE), ("other", options.other.resolve()))
            )
            found = list(differences(left, right))
            failed |= bool(found)
            print(f"{demo}: {f'{len(found)} differences' if found else 'the same bytes'}", flush=True)
            for line in found[:20]:
                print(f"  {line}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
