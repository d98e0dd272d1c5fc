"""`gan-augment compare RUN RUN...`: several finished runs side by side, with paired differences. Not a DVC stage.

A run is a project's folder, or a Git revision of this one (a commit, a branch, a DVC experiment). A revision has the
reports that Git holds, but no predictions, so it gets no paired difference.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.records import DatasetSpec
from gan_augment.core.seeds import numpy_generator
from gan_augment.gain.metrics import METRICS
from gan_augment.gain.statistics import TestRows
from gan_augment.reporting.leaderboard import Leaderboard, Paired, RunScore
from gan_augment.stages.project import Layout

__all__ = ["compare"]

_DRAWS = 2000


@dataclass(frozen=True)
class _Run:
    name: str
    measure: Mapping[str, Any]
    curate: Mapping[str, Any]
    method: str
    root: Path | None  # None: a revision


@dataclass(frozen=True)
class _Predicted:
    ids: tuple[str, ...]
    labels: tuple[int, ...]  # class indices
    classes: tuple[str, ...]  # keys, in the order of the probabilities
    test: npt.NDArray[np.float32]  # [seeds, n, K]


def compare(runs: Sequence[str], root: Path = Path()) -> Leaderboard:
    """Read the runs and pair each with the one of the largest gain.

    Raises
    ------
    ParamsError
        Fewer than two runs.
    MissingInputError
        A run is neither a finished project nor a revision with reports.
    """
    if len(runs) < 2:
        raise ParamsError("A comparison needs two runs", got=f"{len(runs)}", remedy="name two folders or revisions")
    read = sorted((_read(name, root) for name in runs), key=lambda run: -float(run.measure["gain"]["points"]))
    leader = _predicted(read[0])
    pairs = tuple(_paired(run, _predicted(run), read[0].name, leader) for run in read[1:])
    return Leaderboard(tuple(_score(run) for run in read), pairs)


def _read(name: str, root: Path) -> _Run:
    folder = root / name
    if folder.is_dir():
        texts = {path: _text(folder / path) for path in _FILES}
        return _run(name, texts, folder)
    return _run(name, {path: _committed(name, path, root) for path in _FILES}, None)


_FILES = ("reports/measure.json", "reports/curate.json", "params.yaml")


def _run(name: str, texts: Mapping[str, str | None], root: Path | None) -> _Run:
    measure, curate, params = (texts[path] for path in _FILES)
    if measure is None:
        raise MissingInputError(
            "This run has no measurement",
            where=name,
            expected="a project's folder, or a Git revision, with reports/measure.json",
            remedy="run `dvc repro` there first",
        )
    method = (yaml.safe_load(params or "") or {}).get("synthesis", {}).get("method", "")
    return _Run(name, json.loads(measure), json.loads(curate or "{}"), str(method), root)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _committed(revision: str, path: str, root: Path) -> str | None:
    # `--end-of-options`: a name that starts with a dash is no option of git's.
    command = ["git", "show", "--end-of-options", f"{revision}:./{path}"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def _score(run: _Run) -> RunScore:
    gain, overall = run.measure["gain"], run.curate.get("overall") or {}
    arm: Mapping[str, Any] = next((a for a in run.measure["arms"] if a["arm"] == gain["synthetic_arm"]), {})
    return RunScore(
        name=run.name,
        method=run.method,
        verdict=str(run.measure["verdict"]),
        gain=float(gain["points"]),
        low=float(gain["low"]),
        high=float(gain["high"]),
        ratio=float(run.measure["ratio"]),
        accuracy=(arm.get("balanced_accuracy") or {}).get("mean"),
        kid=overall.get("kid"),
        coverage=overall.get("coverage"),
        label_agreement=overall.get("label_agreement"),
    )


def _predicted(run: _Run) -> _Predicted | str:
    """The chosen arm's predictions, or why there are none."""
    if run.root is None:
        return f"{run.name} is a revision: Git holds no predictions"
    layout = Layout(run.root)
    folder = layout.predictions(run.measure["gain"]["synthetic_arm"])
    try:
        record, test = read_arm(folder), read_probabilities(folder, "first", "test")
        held = pd.read_parquet(layout.test_labels).set_index("id")["label"]
        spec = DatasetSpec.load(layout.dataset)
    except (MissingInputError, FileNotFoundError):
        return f"{run.name} has no predictions on disk"
    index = {label: place for place, label in enumerate(spec.labels)}
    labels = tuple(index[label] for label in held.loc[list(record.test_ids)])
    return _Predicted(record.test_ids, labels, tuple(c.key for c in spec.classes), test)


def _paired(run: _Run, own: _Predicted | str, leader_name: str, leader: _Predicted | str) -> Paired:
    for found in (own, leader):
        if isinstance(found, str):
            return Paired(run.name, reason=found)
    assert isinstance(own, _Predicted)
    assert isinstance(leader, _Predicted)
    if (own.ids, own.labels, own.classes) != (leader.ids, leader.labels, leader.classes):
        return Paired(run.name, reason=f"other test rows or classes than {leader_name}")
    if len(own.test) != len(leader.test):
        return Paired(run.name, reason=f"{len(own.test)} seeds, {leader_name} has {len(leader.test)}")
    return _difference(run.name, own, leader)


def _difference(name: str, own: _Predicted, leader: _Predicted) -> Paired:
    labels = np.array(own.labels, dtype=np.int64)
    rows = TestRows(labels, draws=_DRAWS, generator=numpy_generator(0, "compare"))
    metric = METRICS["balanced_accuracy"]
    paired = rows.resample(metric, own.test) - rows.resample(metric, leader.test)
    interval = rows.interval(paired, resolution=1 / max(len(labels), 1))
    return Paired(name, 100 * interval.mean, 100 * interval.low, 100 * interval.high)
