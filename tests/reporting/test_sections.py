"""What each section shows, as plain values."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.reporting import sections
from gan_augment.reporting.evidence import Evidence
from gan_augment.stages.report import gather
from tests.finished_project import write_project


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return gather(write_project(tmp_path_factory.mktemp("sections")))


def changed(evidence: Evidence, **figures: Any) -> Evidence:
    return dataclasses.replace(evidence, measure={**evidence.measure, **figures})


def test_the_headline_has_the_verdict_its_gain_and_between_what(whole: Evidence) -> None:
    shown = sections.headline(whole)
    assert (shown["verdict"], shown["tone"]) == ("helps", "good")
    assert shown["between"] == ("Real + classical augmentation", "Real + classical + synthetic")
    assert shown["tiles"][0] == ("+4.2", "points gained", "+1.1 to +7.3")
    assert [tile[0] for tile in shown["tiles"]][2:4] == ["2", "24"]
    assert shown["worth"].startswith("These synthetic rows are worth")


def test_no_figure_speaks_for_rows_that_were_not_tried(whole: Evidence) -> None:
    shown = sections.headline(changed(whole, verdict="not tried"))
    assert [tile[1] for tile in shown["tiles"]] == ["real train rows", "test rows"]
    assert not shown["tried"]


def test_a_measurement_without_a_smallest_gain_is_shown_all_the_same(whole: Evidence) -> None:
    gain = {key: value for key, value in whole.measure["gain"].items() if key != "smallest_detectable"}
    shown = sections.headline(changed(whole, gain=gain))
    assert shown["tiles"][1][0] == "–"


def test_a_metric_is_shown_where_every_arm_has_it(whole: Evidence) -> None:
    keys = [metric["key"] for metric in sections.arms(whole)]
    assert keys[0] == "balanced_accuracy"
    assert "log_loss" in keys
    records = [dict(record) for record in whole.measure["arms"]]
    del records[2]["macro_f1"]
    assert "macro_f1" not in [metric["key"] for metric in sections.arms(changed(whole, arms=records))]
    assert sections.arms(changed(whole, arms=[])) == []


def test_the_two_arms_of_the_gain_have_a_badge_and_synthetic_ones_a_colour(whole: Evidence) -> None:
    rows = {row.name: row for row in sections.arms(whole)[0]["rows"]}
    assert {name: row.badge for name, row in rows.items() if row.badge} == {
        "Real + classical augmentation": "best without",
        "Real + classical + synthetic": "best with",
    }
    assert {row.kind for name, row in rows.items() if "ynthetic" in name} == {"synthetic"}
    assert rows["Real data alone"].kind == "real"
    assert rows["Real data alone"].value == "84.0\u202f%"
    assert rows["Synthetic alone"].note.endswith("synthetic")


def test_a_rival_is_an_arm_without_the_colour_of_synthetic_ones(whole: Evidence) -> None:
    records = [dict(record) for record in whole.measure["arms"]]
    records[1]["arm"] = "rival: synthetic_dots"
    gain = {**whole.measure["gain"], "baseline_arm": "rival: synthetic_dots"}
    rows = {row.name: row for row in sections.arms(changed(whole, arms=records, gain=gain))[0]["rows"]}
    row = rows["Real + rows of the rival synthetic_dots"]
    assert (row.kind, row.badge) == ("real", "best without")


def test_classes_stand_by_falling_gain_with_a_word_for_it(whole: Evidence) -> None:
    shown = sections.class_gains(whole)
    assert shown is not None
    rows = shown["rows"]
    assert [row.value for row in rows] == ["+7.0", "+2.0", "\u22123.0"]
    words = {(3.0, 9.0): "gains", (-9.0, -3.0): "loses", (-1.0, 1.0): "no clear change"}
    for (low, high), word in words.items():
        one = {"key": "a", "label": "A", "gain": (low + high) / 2, "low": low, "high": high}
        (row,) = sections.class_gains(changed(whole, per_class=[one]))["rows"]  # type: ignore[index]
        assert row.note == word
    assert sections.class_gains(changed(whole, per_class=[])) is None


def test_what_would_not_stand_without_a_threshold_is_shown_in_its_unit(whole: Evidence) -> None:
    rows = {name: (gain, interval) for name, gain, interval in sections.robustness(whole)}
    tuned = rows["Balanced accuracy after both arms moved their thresholds again"]
    assert tuned == ("+2.5 points", "\u22120.4 to +5.1")
    assert rows["With another classifier (random forest): helps"][0] == "+3.3 points"
    assert sections.robustness(changed(whole, threshold_free=None, second_opinion=None)) == []


def test_arms_without_rows_are_named_with_the_reason(whole: Evidence) -> None:
    assert sections.skipped(changed(whole, skipped={"synthetic": "no row"})) == [("Synthetic alone", "no row")]
    assert sections.skipped(changed(whole, skipped=None)) == []


@pytest.mark.parametrize("folds", [0, 5])
def test_the_ratio_curve_says_on_what_it_was_chosen(whole: Evidence, folds: int) -> None:
    shown = sections.ratio_curve(dataclasses.replace(whole, mix={"folds": folds}))
    assert shown is not None
    assert shown["chosen"] == "2"
    assert [row[0] for row in shown["rows"]] == ["0", "0.5", "1", "2", "3"]
    assert ("5 folds" in shown["how"]) is (folds == 5)


@pytest.mark.parametrize("frame", [None, pd.DataFrame(), pd.DataFrame({"ratio": [1.0]})])
def test_without_a_curve_there_is_no_section(whole: Evidence, frame: pd.DataFrame | None) -> None:
    assert sections.ratio_curve(dataclasses.replace(whole, ratios=frame)) is None


def test_training_curves_begin_with_the_joint_model_and_empty_ones_are_left_out(whole: Evidence) -> None:
    shown = sections.training(whole)
    assert [one["joint"] for one in shown] == [True, False, False, False]
    assert {panel["title"].partition(":")[0] for panel in shown[0]["panels"]} == {
        "Distance to held-out rows (KID)",
        "Discriminator",
    }
    assert [panel["title"] for panel in shown[0]["more"]] == ["loss generator"]
    short = {"pretrain": pd.DataFrame({"kimg": [1.0], "kid": [0.5]})}
    assert sections.training(dataclasses.replace(whole, curves=short)) == []


def test_a_curve_of_other_columns_is_drawn_from_those(whole: Evidence) -> None:
    del whole
    shown = sections.panels(pd.DataFrame({"steps": [1, 2, 3], "loss": [3.0, 2.0, np.nan], "note": ["a", "b", "c"]}))
    assert [panel["title"] for panel in shown["panels"]] == ["loss"]
    assert shown["more"] == []
    assert shown["panels"][0]["over"] == "steps"


def test_candidates_are_counted_class_by_class_and_over_all(whole: Evidence) -> None:
    rows = sections.curation(whole)
    assert [row["name"] for row in rows] == [*whole.spec.labels, "All classes"]
    curate = {"classes": {"cat": {"candidates": 0, "accepted": 0}, "gone": {"candidates": 5}}, "overall": None}
    (row,) = sections.curation(dataclasses.replace(whole, curate=curate))
    assert (row["share"], row["reasons"]) == ("–", "none")
    curate = {"classes": {"cat": {"candidates": 40, "accepted": 10, "rejected": {"judge": 30, "copy": 0}}}}
    (row,) = sections.curation(dataclasses.replace(whole, curate=curate))
    assert (row["candidates"], row["share"], row["reasons"]) == ("40", "25\u202f%", "30 judge")


def test_columns_are_of_tables(whole: Evidence, tmp_path: Path) -> None:
    assert sections.columns(whole, 9) is None
    table = gather(write_project(tmp_path, modality="table"))
    assert sections.columns(table, 0) is None
    shown = sections.columns(table, 2)
    assert shown is not None
    assert shown["names"] == ["length", "count"]
    assert shown["hidden"] == 4
    assert len(shown["heatmaps"]) == 2
