"""mix, retrain and measure on real digits and a real table, with rows that need no GAN: what they write, that no test
label is in reach before `measure`, and that the same inputs give the same bytes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.errors import GanAugmentError, MissingInputError
from gan_augment.core.not_made import write_not_made
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.samples import count_samples, read_samples, write_samples
from gan_augment.core.verbosity import VERBOSITY
from gan_augment.downstream.config import ARMS
from gan_augment.project.layout import Project
from gan_augment.stages import learning_curve, measure, mix, retrain
from tests.stages.measured import image_project, run_all, table_project


def test_a_table_reports_groups_of_a_feature(table: tuple[Project, dict[str, Any]]) -> None:
    project, before = table
    grouped = project.params.measure.model_copy(update={"groups": ("size",)})
    other = Project(project.params.model_copy(update={"measure": grouped}), project.layout)
    try:
        measure.run(other)
        found = json.loads(project.layout.measure_report.read_text())
    finally:
        measure.run(project)
    groups = found.pop("groups")["size"]["groups"]
    assert found | {"sha256": ""} == before | {"sha256": ""}
    assert before == json.loads(project.layout.measure_report.read_text())
    inputs = project.test_inputs().samples.payload
    assert {group["value"]: group["test_rows"] for group in groups} == inputs["size"].value_counts().to_dict()  # type: ignore[call-overload]


# --- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["image", "table"])
def test_the_report_holds_every_arm_with_its_intervals(which: str, request: pytest.FixtureRequest) -> None:
    _, measured = request.getfixturevalue(which)
    assert [arm["arm"] for arm in measured["arms"]] == list(ARMS)
    for arm in measured["arms"]:
        for name in (
            "balanced_accuracy",
            "accuracy",
            "macro_f1",
            "worst_class_recall",
            "log_loss",
            "average_precision",
        ):
            assert arm[name]["low"] <= arm[name]["mean"] <= arm[name]["high"]
        recalls = list(arm["per_class_recall"].values())
        assert np.mean(recalls) == pytest.approx(arm["balanced_accuracy"]["mean"], abs=1e-4)
    gains = [item["gain"] for item in measured["per_class"]]
    assert np.mean(gains) == pytest.approx(measured["gain"]["points"], abs=0.01)
    assert measured["gain"]["low"] < measured["gain"]["points"] < measured["gain"]["high"]
    assert measured["verdict"] in ("helps", "no measurable difference", "hurts")
    assert measured["use_synthetic"] == (measured["verdict"] == "helps")


def test_quiet_leaves_the_sentence(
    table: tuple[Project, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project, measured = table
    measure.run(project)
    assert len(capsys.readouterr().out.splitlines()) > 5
    monkeypatch.setenv(VERBOSITY, "quiet")
    measure.run(project)
    assert capsys.readouterr().out == measured["sentence"] + "\n"


def test_labels_are_joined_by_id(table: tuple[Project, Any]) -> None:
    accuracy = {arm["arm"]: arm["balanced_accuracy"]["mean"] for arm in table[1]["arms"]}
    assert accuracy["real"] > 0.8  # the labels' file is shuffled


def test_the_gain_is_the_difference_of_the_two_arms_that_validation_named(image: tuple[Project, Any]) -> None:
    project, measured = image
    arms = {arm["arm"]: arm for arm in measured["arms"]}
    gain = measured["gain"]
    pair = arms[gain["synthetic_arm"]], arms[gain["baseline_arm"]]
    difference = pair[0]["balanced_accuracy"]["mean"] - pair[1]["balanced_accuracy"]["mean"]
    assert gain["points"] == pytest.approx(100 * difference, abs=0.01)
    baseline = min(("real", "real_classical", "cheap"), key=lambda arm: arms[arm]["validation_loss"])
    assert gain["baseline_arm"] == baseline
    record = read_arm(project.layout.predictions(baseline))
    losses = [variant.validation_loss for variant in record.families["first"].variants]
    assert record.families["first"].chosen == int(np.argmin(losses))


@pytest.mark.parametrize("which", ["image", "table"])
def test_every_arm_answers_after_its_own_adjustment(which: str, request: pytest.FixtureRequest) -> None:
    project, measured = request.getfixturevalue(which)
    labels = measure.evaluation_of(project, read_arm(project.layout.predictions("real")))[0].labels
    taus = set()
    for arm in measured["arms"]:
        best = read_arm(project.layout.predictions(arm["arm"])).families["first"].best
        test = read_probabilities(project.layout.predictions(arm["arm"]), "first", "test")
        prior = np.asarray(best.adjustment.log_prior or [0.0] * test.shape[2])
        answers = (np.log(np.maximum(test.astype(float), best.adjustment.floor)) - best.adjustment.tau * prior).argmax(
            axis=2
        )
        recalls = [(answers[:, labels == index] == index).mean() for index in range(test.shape[2])]
        assert arm["balanced_accuracy"]["mean"] == pytest.approx(np.mean(recalls), abs=1e-4)
        assert (f"tau {best.adjustment.tau:g}" in arm["variant"]) == (arm["tau"] > 0)
        taus.add(arm["tau"])
    assert max(taus) > 0  # or this test says nothing
    unadjusted = measured["threshold_free"]["balanced_accuracy_unadjusted"]
    assert unadjusted["low"] <= unadjusted["mean"] <= unadjusted["high"]


def test_rare_classes_and_the_second_opinion(image: tuple[Project, Any], table: tuple[Project, Any]) -> None:
    measured = image[1]  # 20, 20 and 5 rows: the third class is rare
    for arm in measured["arms"]:
        assert arm["rare_class_recall"]["mean"] == pytest.approx(arm["per_class_recall"]["digit-2"], abs=1e-4)
        assert 0 <= arm["rare_class_precision"]["low"] <= arm["rare_class_precision"]["high"] <= 1
    assert measured["second_opinion"]["classifier"] == "logistic_regression"
    assert measured["second_opinion"]["verdict"] in ("helps", "no measurable difference", "hurts")
    assert table[1]["second_opinion"] is None


def test_the_table_and_the_sentence_are_printed(image: tuple[Project, Any], capsys: pytest.CaptureFixture[str]) -> None:
    project, measured = image
    measure.run(project)
    printed = capsys.readouterr().out
    assert all(arm in printed for arm in ARMS)
    assert measured["sentence"][:40] in printed
    assert "export" in printed
    frame = pd.read_csv(project.layout.arms_table)
    assert frame["arm"].tolist() == list(ARMS)
    assert {
        "balanced_accuracy",
        "balanced_accuracy_low",
        "macro_f1",
        "rare_class_recall",
        "rare_class_precision",
    } <= set(frame.columns)


# --- leaks ----------------------------------------------------------------------------------------------------------


def test_mix_and_retrain_run_where_no_test_label_exists(tmp_path: Path) -> None:
    project = table_project(tmp_path)
    project.layout.test_labels.unlink()
    shutil.move(project.layout.test_inputs, tmp_path / "aside")
    mix.run(project)  # needs no test row at all
    shutil.move(tmp_path / "aside", project.layout.test_inputs)
    retrain.run(project, "real_synthetic")
    with pytest.raises(MissingInputError, match="test labels"):
        for arm in ARMS:
            retrain.run(project, arm)
        measure.run(project)


def test_test_labels_change_the_measurement_and_nothing_before_it(tmp_path: Path, table: tuple[Project, Any]) -> None:
    project = table_project(tmp_path)
    labels = pd.read_parquet(project.layout.test_labels)
    swapped = labels["label"].map({"malignant": "benign", "benign": "malignant"})
    labels.assign(label=swapped).to_parquet(project.layout.test_labels, index=False)
    measured = run_all(project)
    for part in ("data/mixed", "predictions", "reports/mix.json", "reports/ratio_curve.csv"):
        assert file_hash(project.layout.root / part) == file_hash(table[0].layout.root / part)
    accuracy = {arm["arm"]: arm["balanced_accuracy"]["mean"] for arm in measured["arms"]}
    for arm in table[1]["arms"]:
        assert accuracy[arm["arm"]] == pytest.approx(1 - arm["balanced_accuracy"]["mean"], abs=1e-4)


# --- repeatability and odd cases ------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, image: tuple[Project, Any]) -> None:
    project = image_project(tmp_path)
    mix.run(project)
    retrain.run(project, "real_classical_synthetic")
    for part in ("data/mixed", "predictions/real_classical_synthetic", "reports/mix.json"):
        assert file_hash(project.layout.root / part) == file_hash(image[0].layout.root / part)


def test_nothing_accepted_leaves_a_plain_answer(tmp_path: Path) -> None:
    measured = run_all(table_project(tmp_path, "none"))
    assert measured["verdict"] == "not tried"
    assert not measured["use_synthetic"]
    assert list(measured["skipped"]) == ["synthetic"]
    assert "No synthetic row was accepted" in measured["notes"][0]
    assert measured["ratio"] == measured["shown_ratio"] == 0


def test_a_class_without_rows_is_told_and_why_even_if_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows of the larger class alone are compared: that says nothing of rows for the smaller one."""
    project = table_project(tmp_path)
    layout, spec = project.layout, project.spec()
    rare = min(spec.classes, key=lambda record: count_samples(layout.train(record.key)))
    accepted = read_samples(layout.curated)
    kept = (accepted.manifest["label"] != rare.label).to_numpy()
    shutil.rmtree(layout.curated)
    layout.curated.mkdir()
    write_samples(layout.curated, accepted.take(kept))
    sureness = pd.DataFrame({"judge_probability": np.full(int(kept.sum()), 0.95, np.float32)})
    sureness.to_parquet(layout.curated / "sureness.parquet", index=False)
    write_not_made(layout.curated, {rare.key: "it collapsed"})
    monkeypatch.setenv(VERBOSITY, "quiet")
    measured = run_all(project)
    assert (measured["verdict"], measured["use_synthetic"]) == ("not tried", False)
    assert measured["not_made"] == {rare.key: "it collapsed"}
    said = f"Class {rare.label!r} got no synthetic rows, because it collapsed."
    assert said in measured["sentence"]
    assert said in capsys.readouterr().out


def test_predictions_of_another_split_are_refused(tmp_path: Path, table: tuple[Project, Any]) -> None:
    shutil.copytree(table[0].layout.root, tmp_path / "p")
    project = Project.open(tmp_path / "p")
    labels = pd.read_parquet(project.layout.test_labels)
    labels.iloc[3:].to_parquet(project.layout.test_labels, index=False)
    with pytest.raises(GanAugmentError, match="do not belong together"):
        measure.run(project)


def test_why_there_is_no_curve_is_said(tmp_path: Path, image: tuple[Project, Any]) -> None:
    shutil.copytree(image[0].layout.root, tmp_path / "p")
    project = Project.open(tmp_path / "p")
    learning_curve.run(project)
    measure.run(project)
    said = read_json(project.layout.measure_report)["worth"]["sentence"]
    assert "was not measured: class '2' has 5 train rows, and a curve needs 8" in said
