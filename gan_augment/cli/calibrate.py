"""Commands `calibrate` (test the verdict with synthesizers of known effect) and `replicate` (train again)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_augment.cli.threads import one_thread_each
from gan_augment.core.errors import ParamsError

if TYPE_CHECKING:
    from gan_augment.data.config import DemoName
    from gan_augment.studies.calibrate import Calibration

__all__ = ["run_calibration", "run_replicates"]


def run_calibration(root: Path, demo: str | None, control: str | None, *, runs: int, jobs: int, as_json: bool) -> None:
    """Run the controls and print a row per control; exit with code 1 where a requirement is missed."""
    one_thread_each()
    from gan_augment.core.progress import progress_bar
    from gan_augment.gain.calibrate import CONTROLS, Control
    from gan_augment.gain.table import render_tallies
    from gan_augment.studies.calibrate import calibrate

    controls: list[Control] = [known for known in CONTROLS if control in (None, known)]
    if not controls:
        raise ParamsError("There is no such control", got=repr(control), expected=", ".join(CONTROLS))
    calibration = _calibration(root, demo)
    with progress_bar("calibrate") as advance:
        tallies = list(calibrate(calibration, controls, runs=runs, jobs=jobs, seed=0, advance=advance))
    if as_json:
        print(json.dumps([found.record() for found in tallies], indent=2))
    else:
        from rich.console import Console

        Console(width=120).print(render_tallies(tallies))
    if any(found.passed is False for found in tallies):
        raise SystemExit(1)


def run_replicates(root: Path, *, runs: int, as_json: bool) -> None:
    """Train everything after the split `runs - 1` more times, and print the gain over all trainings."""
    one_thread_each()
    from gan_augment.project.layout import Project
    from gan_augment.project.locks import stage_locks
    from gan_augment.studies.replicate import run

    project = Project.open(root)
    with stage_locks(root, project.params, "replicate"):
        found = run(project, runs)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    gain = found["gain"]
    for number, one in enumerate(found["each"]):
        said = one["not_tried"] or f"{one['points']:+.1f} points, mixing ratio {one['ratio']:g}"
        print(f"training {number}: {said}")
    if gain is None:
        untried = found["replicates"] - found["tried"]
        print(f"Not tried: in {untried} of {found['replicates']} trainings the classes that need rows got none.")
        return
    interval = f"{gain['confidence']:.0%} interval {gain['low']:+.1f} to {gain['high']:+.1f}"
    print(
        f"{found['verdict'].capitalize()}: {gain['points']:+.1f} percentage points of balanced accuracy over "
        f"{_trainings(found)} ({interval}, which covers {gain['covers']})."
    )


def _trainings(found: dict[str, Any]) -> str:
    tried, trainings = found["tried"], found["replicates"]
    return f"{trainings} trainings" if tried == trainings else f"the {tried} of {trainings} trainings that were tried"


def _calibration(root: Path, demo: str | None) -> Calibration:
    from gan_augment.project.layout import Project
    from gan_augment.project.locks import stage_locks
    from gan_augment.studies.calibrate import demo_calibration, project_calibration

    if demo is None:
        project = Project.open(root)
        with stage_locks(root, project.params, "calibrate"):
            return project_calibration(project)
    known: dict[str, DemoName] = {"digits": "digits", "breast_cancer": "breast_cancer"}
    if demo not in known:
        raise ParamsError("There is no such embedded data set", got=repr(demo), expected=" or ".join(known))
    params = Project.open(root).params if (root / "params.yaml").exists() else None
    return demo_calibration(known[demo], params)
