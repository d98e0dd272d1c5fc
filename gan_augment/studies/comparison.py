"""`gan-augment compare RUN RUN...`: several finished runs side by side, with paired differences. Not a DVC stage.

A run is a folder with the files in `FILES`: a project, or the files that the command extracted from a revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import read_json
from gan_augment.core.documents import parse_yaml, read_text
from gan_augment.core.errors import DamagedInputError, MissingInputError, ParamsError
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.records import DatasetSpec
from gan_augment.core.seeds import numpy_generator
from gan_augment.project.layout import Layout, read_measured
from gan_augment.project.prepared import read_held
from gan_augment.reporting.leaderboard import Leaderboard, Paired, RunScore
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.statistics import TestRows
from gan_augment.scoring.tasks import Task, task_with

__all__ = ["compare"]

_DRAWS = 2000


@dataclass(frozen=True)
class _Run:
    name: str
    root: Path
    measure: Mapping[str, Any]
    curate: Mapping[str, Any]
    params: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class _Predicted:
    ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]  # class indices
    targets: npt.NDArray[np.int64]
    task: Task
    seed: int  # base.seed, from which the classifiers' seeds are derived
    test: npt.NDArray[np.floating]  # [seeds, n, K], after the arm's adjustment


def compare(runs: Mapping[str, Path]) -> Leaderboard:
    """Compare the runs (name -> folder), each paired with the run of the largest gain.

    Raises
    ------
    ParamsError
        Fewer than two runs.
    MissingInputError
        A run has not been measured.
    """
    if len(runs) < 2:
        raise ParamsError(
            "A comparison needs two different runs",
            got=", ".join(map(repr, runs)) or "none",
            remedy="gan-augment compare FOLDER_OR_REVISION FOLDER_OR_REVISION",
        )
    found = [_read(name, folder) for name, folder in runs.items()]
    found.sort(key=lambda run: -float(run.measure["gain"]["points"]))
    leader = _predicted(found[0])
    pairs = tuple(_paired(run, _predicted(run), found[0].name, leader) for run in found[1:])
    return Leaderboard(tuple(_score(run) for run in found), pairs)


def _read(name: str, folder: Path) -> _Run:
    layout = Layout(folder)
    if not layout.measure_report.is_file():
        raise MissingInputError(
            "This run has no measurement",
            where=name,
            expected="reports/measure.json, which `measure` writes",
            remedy="run `dvc repro` there first",
        )
    curate = read_json(layout.curate_report) if layout.curate_report.is_file() else {}
    return _Run(name, folder, read_measured(layout), curate, _params(folder / "params.yaml"))


def _params(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Sections of params.yaml, unchecked: an older version's may not pass today's check, and two values are enough.

    Raises ParamsError where it is not YAML: a guessed seed would pair runs that are not pairs.
    """
    text = read_text(path)
    found = None if text is None else parse_yaml(text, what=path.name, where=path).value
    sections = found.items() if isinstance(found, dict) else ()
    return {str(name): section for name, section in sections if isinstance(section, dict)}


def _score(run: _Run) -> RunScore:
    gain, overall = run.measure["gain"], run.curate.get("overall") or {}
    arm: Mapping[str, Any] = next((a for a in run.measure["arms"] if a["arm"] == gain["synthetic_arm"]), {})
    return RunScore(
        name=run.name,
        method=str(run.params.get("synthesis", {}).get("method", "")),
        verdict=str(run.measure["verdict"]),
        gain=float(gain["points"]),
        low=float(gain["low"]),
        high=float(gain["high"]),
        ratio=float(run.measure["ratio"]),
        accuracy=(arm.get(gain.get("metric")) or {}).get("mean"),
        kid=overall.get("kid"),
        coverage=overall.get("coverage"),
        label_agreement=overall.get("label_agreement"),
    )


def _predicted(run: _Run) -> _Predicted | str:
    """Predictions of the chosen arm, or the reason why there are none."""
    layout = Layout(run.root)
    folder = layout.predictions(run.measure["gain"]["synthetic_arm"])
    try:
        record, test = read_arm(folder), read_probabilities(folder, "first", "test")
        held = read_held(layout)
        spec = DatasetSpec.load(layout.dataset)
    except DamagedInputError:
        raise
    except MissingInputError:
        return f"{run.name} has no predictions on disk (`dvc pull` or `dvc repro` brings them)"
    rows, task = held.loc[list(record.test_ids)], task_with(spec, record.levels)
    seed = run.params.get("base", {}).get("seed", 0)
    if not isinstance(seed, int):
        return f"base.seed of {run.name} is not a number"
    decided = adjust(test, record.families["first"].best.adjustment)
    labels = spec.class_indices(rows["label"])
    return _Predicted(record.test_ids, labels, task.held_targets(rows), task, seed, decided)


def _paired(run: _Run, own: _Predicted | str, leader_name: str, leader: _Predicted | str) -> Paired:
    for found in (own, leader):
        if isinstance(found, str):
            return Paired(run.name, reason=found)
    assert isinstance(own, _Predicted)
    assert isinstance(leader, _Predicted)
    reason = _incomparable(own, leader, leader_name)
    return Paired(run.name, reason=reason) if reason else _difference(run.name, own, leader)


def _incomparable(own: _Predicted, leader: _Predicted, leader_name: str) -> str:
    """Reason why two runs cannot be paired row by row and seed by seed; empty where they can."""
    if _answers(own.task) != _answers(leader.task):
        return f"other classes than {leader_name}"
    if own.ids != leader.ids or not np.array_equal(own.targets, leader.targets):
        return f"other test rows than {leader_name}"
    if own.seed != leader.seed:
        return f"base.seed is {own.seed}, that of {leader_name} is {leader.seed}"
    if len(own.test) != len(leader.test):
        return f"{len(own.test)} classifier seeds, {leader_name} has {len(leader.test)}"
    return ""


def _answers(task: Task) -> tuple[object, ...]:
    return task.headline, task.levels, tuple(record.key for record in task.spec.classes)


def _difference(name: str, own: _Predicted, leader: _Predicted) -> Paired:
    rows = TestRows(own.labels, own.targets, draws=_DRAWS, generator=numpy_generator(0, "compare"))
    metric = own.task.metrics[own.task.headline]
    paired = rows.resample(metric, own.test) - rows.resample(metric, leader.test)
    interval = rows.interval(paired, resolution=1 / max(len(own.labels), 1))
    return Paired(name, 100 * interval.mean, 100 * interval.low, 100 * interval.high)
