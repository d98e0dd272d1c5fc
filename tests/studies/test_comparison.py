from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.predictions import ArmRecord, FamilyRecord, VariantRecord, write_arm, write_probabilities
from gan_augment.project.layout import Layout
from gan_augment.reporting.leaderboard import Leaderboard
from gan_augment.studies.comparison import compare as compare_folders
from tests.finished_project import write_project

ARM = "real_classical_synthetic"


def compare(names: list[str], root: Path) -> Leaderboard:
    return compare_folders({name: root / name for name in names})


def finished(root: Path, name: str, right: float, gain: float, seeds: int = 3, **recipe: Any) -> None:
    """A run whose classifiers are right on this share of each class's test rows."""
    project = write_project(root / name, gain=(gain, gain - 2, gain + 2), **recipe)
    layout: Layout = project.layout
    held = pd.read_parquet(layout.test_labels)
    truth = held["label"].map({c.label: n for n, c in enumerate(project.spec().classes)}).to_numpy(int)
    place = held.groupby("label").cumcount().to_numpy()
    guess = np.where(place < right * 6, truth, (truth + 1) % 3)
    folder = layout.predictions(ARM)
    folder.mkdir(parents=True)
    variant = VariantRecord(name="balanced", validation_loss=0.3, validation_balanced_accuracy=0.9)
    family = FamilyRecord(classifier="cnn", effort={}, variants=(variant,), chosen=0)
    record = ArmRecord(
        arm=ARM, rows_real=24, rows_synthetic=48, seeds=seeds, train_counts=(12, 8, 4),
        test_ids=tuple(held["id"]), families={"first": family},
    )  # fmt: skip
    write_arm(folder, record)
    write_probabilities(folder, "first", "test", np.repeat(np.eye(3)[guess][None], seeds, 0).astype(np.float32))


def test_runs_stand_by_falling_gain_with_paired_differences(tmp_path: Path) -> None:
    finished(tmp_path, "weak", right=0.5, gain=1.0)
    finished(tmp_path, "strong", right=1.0, gain=6.0)
    board = compare(["weak", "strong"], tmp_path)
    assert [score.name for score in board.scores] == ["strong", "weak"]
    pair = board.pairs[0]
    assert pair.name == "weak"
    assert pair.mean == pytest.approx(-50)  # half of the rows against all of them
    assert pair.low is not None
    assert pair.high is not None
    assert pair.low < -50 < pair.high < 0


def test_equal_runs_differ_by_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        finished(tmp_path, name, right=0.5, gain=2.0)
    pair = compare(["a", "b"], tmp_path).pairs[0]
    assert pair.mean == 0
    assert pair.low is not None
    assert pair.high is not None
    assert pair.low < 0 < pair.high


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"seeds": 2}, "2 classifier seeds"), ({"labels": ("x", "y", "z"), "keys": ("x", "y", "z")}, "other classes")],
)
def test_what_cannot_be_paired_is_said(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    finished(tmp_path, "a", right=1.0, gain=5.0)
    finished(tmp_path, "b", right=1.0, gain=1.0, **change)
    pair = compare(["a", "b"], tmp_path).pairs[0]
    assert pair.mean is None
    assert reason in pair.reason


def test_runs_without_predictions_are_listed_all_the_same(tmp_path: Path) -> None:
    write_project(tmp_path / "a")
    write_project(tmp_path / "b", gain=(1.0, 0.1, 2.0))
    board = compare(["b", "a"], tmp_path)
    assert [score.name for score in board.scores] == ["a", "b"]
    assert "no predictions" in board.pairs[0].reason


def test_other_seeds_are_not_paired(tmp_path: Path) -> None:
    for name in ("a", "b"):
        finished(tmp_path, name, right=0.5, gain=2.0)
    params = tmp_path / "b/params.yaml"
    params.write_text(params.read_text().replace("seed: 3", "seed: 4"))
    assert compare(["a", "b"], tmp_path).pairs[0].reason == "base.seed is 4, that of a is 3"


@pytest.mark.parametrize("seed", ["[1]", "abc", "null", "{a: 1}"])
def test_a_seed_that_is_none_is_not_guessed(tmp_path: Path, seed: str) -> None:
    for name in ("a", "b"):
        finished(tmp_path, name, right=0.5, gain=2.0)
    params = tmp_path / "b/params.yaml"
    params.write_text(params.read_text().replace("seed: 3", f"seed: {seed}"))
    assert "not a number" in compare(["a", "b"], tmp_path).pairs[0].reason


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefgh")
)


@pytest.mark.parametrize("text", ["a: [", "[" * 3000, "\x00", BOMB])
def test_settings_that_cannot_be_read_are_refused(tmp_path: Path, text: str) -> None:
    for name in ("a", "b"):
        finished(tmp_path, name, right=0.5, gain=2.0)
    (tmp_path / "b/params.yaml").write_text(text)
    with pytest.raises(ParamsError, match=r"params\.yaml is not valid YAML"):
        compare(["a", "b"], tmp_path)


@pytest.mark.parametrize("text", ["", "- a\n", "base: 3\nsynthesis: [a]\n"])
def test_sections_that_are_none_are_left_blank(tmp_path: Path, text: str) -> None:
    for name in ("a", "b"):
        finished(tmp_path, name, right=0.5, gain=2.0)
        (tmp_path / name / "params.yaml").write_text(text)
    assert [score.method for score in compare(["a", "b"], tmp_path).scores] == ["", ""]


def test_mistakes_are_named(tmp_path: Path) -> None:
    write_project(tmp_path / "a")
    with pytest.raises(ParamsError, match="two different runs"):
        compare(["a"], tmp_path)
    with pytest.raises(MissingInputError, match="nowhere"):
        compare(["a", "nowhere"], tmp_path)
