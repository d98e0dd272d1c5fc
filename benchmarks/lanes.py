"""What driving the pipeline costs: lanes of equal work against the ideal, a run with nothing to do, many stages.

    python benchmarks/lanes.py                        8 lanes of 20 s on 2 workers, then the no-op run
    python benchmarks/lanes.py --seconds 60 --executor ray
    python benchmarks/lanes.py stages 12 50 150       what reading the plan, `dvc repro` and a lane cost with N stages

The work sleeps, so the ideal is the same on every machine: lanes x seconds / workers. What is above it is the start of
processes and of DVC, its lock, its hashing. Wants an idle machine; without `--executor prefect` no server is started.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
STAGE = "import pathlib, sys, time; time.sleep(float(sys.argv[2])); pathlib.Path(sys.argv[1]).write_text('done')"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(REPOSITORY),
    "DVC_NO_ANALYTICS": "1",
    "DVC_TEST": "1",
    "SHELL": "/bin/sh",
}


def write_project(root: Path, lanes: int, seconds: float) -> None:
    """`start`, then a stage a lane, then `join`."""
    (root / "stage.py").write_text(STAGE)
    command = f"{sys.executable} stage.py"
    work = {"cmd": f"{command} ${{item}}.txt {seconds}", "deps": ["start.txt"], "outs": ["${item}.txt"]}
    outputs = [f"lane{number}.txt" for number in range(lanes)]
    stages = {
        "start": {"cmd": f"{command} start.txt 0", "outs": ["start.txt"]},
        "work": {"foreach": [Path(name).stem for name in outputs], "do": work},
        "join": {"cmd": f"{command} join.txt 0", "deps": outputs, "outs": ["join.txt"]},
    }
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    run(root, "dvc", "init", "--no-scm", "-q")
    run(root, "dvc", "config", "core.analytics", "false")
    run(root, "dvc", "repro", "-q", "start")


def run(root: Path, *command: str) -> float:
    """Seconds."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=root, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def pipelines(executor: str, workers: int) -> list[str]:
    return [sys.executable, "-m", "pipelines", "run", "--executor", executor, "--workers", str(workers)]


def measure_lanes(lanes: int, workers: int, seconds: float, executor: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root, lanes, seconds)
        ideal = lanes * seconds / workers
        took = run(root, *pipelines(executor, workers))
        print(f"{lanes} lanes of {seconds:g} s on {workers} workers, {executor}: {took:.1f} s, ideal {ideal:.1f} s, "
              f"{ideal / took:.0%} of ideal")  # fmt: skip
        nothing = [run(root, *pipelines(executor, workers)) for _ in range(3)]
        dvc = [run(root, "dvc", "repro") for _ in range(3)]
        print(f"nothing to do: {executor} {min(nothing):.2f} s, dvc repro {min(dvc):.2f} s (best of 3)")
        if executor == "prefect":
            print(f"Prefect's own start: {prefect_alone(root):.2f} s")


def prefect_alone(root: Path) -> float:
    """An empty flow with the same settings."""
    code = (
        "from pathlib import Path\nfrom pipelines.embedded import prepare_environment\n"
        "prepare_environment(Path())\nfrom prefect import flow\nflow(lambda: None, name='empty')()"
    )
    return min(run(root, sys.executable, "-c", code) for _ in range(3))


def measure_stages(counts: list[int]) -> None:
    print("| stages | first run, s | nothing to do: dvc repro, s | plan, s | one lane, s |\n|--|--|--|--|--|")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_project(root, count - 2, 0)
            first = run(root, "dvc", "repro", "-q")
            nothing = min(run(root, "dvc", "repro", "-q") for _ in range(2))
            plan = min(run(root, sys.executable, "-m", "pipelines", "plan") for _ in range(2))
            one = min(run(root, "dvc", "repro", "-q", "--single-item", "work@lane0") for _ in range(2))
            print(f"| {count} | {first:.1f} | {nothing:.1f} | {plan:.1f} | {one:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["lanes", "stages"], default="lanes")
    parser.add_argument("counts", nargs="*", type=int, default=[12, 50, 150])
    parser.add_argument("--lanes", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--executor", choices=["local", "prefect", "ray"], default="local")
    options = parser.parse_args()
    if options.what == "stages":
        measure_stages(options.counts or [12, 50, 150])
    else:
        measure_lanes(options.lanes, options.workers, options.seconds, options.executor)


if __name__ == "__main__":
    main()
