"""The verdict itself: controls of known effect through the real stages, a few runs each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.samples import Samples, read_samples
from gan_augment.downstream.config import ClassicalConfig, LogisticRegressionConfig, RetrainConfig
from gan_augment.gain.calibrate import CONTROLS, Control, control_rows, split_rows
from gan_augment.gain.config import MeasureConfig
from gan_augment.mixing.config import MixConfig
from gan_augment.project.layout import Layout, Project
from gan_augment.project.search_rows import SearchRows
from gan_augment.studies.calibrate import (
    Calibration,
    _write_curated,
    _write_prepared,
    calibrate,
    demo_calibration,
    project_calibration,
    run_once,
)
from tests.stages.downstream_project import make_project


def quick(name: str = "digits") -> Calibration:
    """The embedded data under a linear model: a second and a half a run."""
    demo = demo_calibration(name, None)  # type: ignore[arg-type]
    settings = {
        "mix": MixConfig(seeds=2, ratios=(0, 2), judge_probabilities=()),
        "retrain": RetrainConfig(
            classifier=LogisticRegressionConfig(),
            second_opinion="none",
            seeds=2,
            classical=ClassicalConfig(strength=0),
            arms=("real", "cheap", "real_synthetic"),
        ),
        "measure": MeasureConfig(bootstrap_draws=200),
    }
    return Calibration(demo.spec, demo.samples, demo.params.model_copy(update=settings))


@pytest.fixture(scope="module")
def digits() -> Calibration:
    return quick()


@pytest.mark.parametrize("control", CONTROLS)
def test_each_control_is_judged_rightly(digits: Calibration, control: Control) -> None:
    verdicts = [run_once(digits, control, seed).verdict for seed in range(3)]
    if control == "oracle":
        assert verdicts == ["helps"] * 3
    else:
        assert "helps" not in verdicts


def test_the_seed_decides_a_run(digits: Calibration) -> None:
    assert run_once(digits, "null", 5) == run_once(digits, "null", 5)
    assert run_once(digits, "null", 5) != run_once(digits, "null", 6)


def test_a_table_is_calibrated_too() -> None:
    assert run_once(quick("breast_cancer"), "harmful", 0).verdict != "helps"


def test_a_search_of_thresholds_is_calibrated_with_the_curations_judge(tmp_path: Path) -> None:
    calibration = quick("breast_cancer")
    mix = calibration.params.mix.model_copy(update={"judge_probabilities": (0.5,)})
    project = Project(calibration.params.model_copy(update={"mix": mix}), Layout(tmp_path))
    split = split_rows(calibration.samples.label_indices(calibration.spec), "harmful", np.random.default_rng(0))
    _write_prepared(project.layout, calibration.spec, calibration.samples, split)
    sure = {}
    for control in ("null", "harmful"):
        rows = control_rows(control, calibration.samples, split, calibration.spec, np.random.default_rng(1))
        _write_curated(project, rows)
        sure[control] = SearchRows.read(project).accepted.counts(0.5).sum() / len(rows)
    assert sure["null"] > 0.9  # train rows under their own labels
    assert sure["harmful"] < 0.1  # and under the other class's


def test_progress_is_reported_and_a_tally_comes_for_each_control(digits: Calibration) -> None:
    steps: list[tuple[float, float, str]] = []
    controls: tuple[Control, ...] = ("harmful", "null")
    found = list(calibrate(digits, controls, runs=1, jobs=1, seed=3, advance=lambda *now: steps.append(now)))
    assert steps == [(1, 2, "harmful"), (2, 2, "null")]
    assert [one.control for one in found] == list(controls)
    assert found[0].verdicts["helps"] == 0


@pytest.mark.nightly
def test_processes_give_the_same_outcomes(digits: Calibration) -> None:
    alone, together = (
        list(calibrate(digits, ["harmful"], runs=2, jobs=jobs, seed=3, advance=lambda *_: None)) for jobs in (1, 2)
    )
    assert alone == together


def test_a_project_calibrates_on_its_train_and_validation_rows_alone(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    calibration = project_calibration(project)
    assert len(calibration.samples) == 45 + 60
    assert not set(calibration.samples.manifest["id"]) & set(read_samples(project.layout.test_inputs).manifest["id"])


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["digits", "breast_cancer"])
def test_a_null_synthesizer_helps_in_at_most_5_per_cent(name: str) -> None:
    (found,) = calibrate(quick(name), ["null"], runs=100, jobs=2, seed=0, advance=lambda *_: None)
    assert found.low <= 0.05


def test_test_inputs_say_nothing_of_their_class(tmp_path: Path) -> None:
    spec, samples = quick().spec, quick().samples
    named = samples.manifest.assign(source=samples.manifest["label"] + "/photo.png")
    split = split_rows(samples.label_indices(spec), "null", np.random.default_rng(0))
    _write_prepared(Layout(tmp_path), spec, Samples(named, samples.payload), split)
    inputs = read_samples(tmp_path / "data/prepared/test_inputs").manifest
    assert set(inputs["source"]) == {""}
    assert inputs["label"].isna().all()
    assert len(inputs) == len(split.test)
