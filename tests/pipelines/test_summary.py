"""What the artifacts say is what the stages wrote."""

from __future__ import annotations

import json
from pathlib import Path

from gan_augment.cli.costs import Cost
from pipelines.drive import Run
from pipelines.lane import LaneError, LaneResult, StageRun
from pipelines.plan import Lane, Plan
from pipelines.summary import read_measure, stage_rows, verdict_markdown, verdict_sentence
from tests.pipelines.fake_stage import MEASURE


def test_the_verdict_names_gain_interval_and_every_arm() -> None:
    text = verdict_markdown(MEASURE)
    assert text.startswith("# Helps\n\nSynthetic data helps: +3.1 points.\n")
    assert "**+3.1 points** (95% interval +1.0 to +5.2), `real_synthetic` against `real`." in text
    assert "The interval covers classifier seeds." in text
    assert "| arm | variant | real rows | synthetic rows | balanced accuracy |" in text
    assert "| real | natural | 30 | 0 | 80.0 (75.0 to 85.0) |" in text


def test_log_loss_is_no_percentage_and_a_missing_figure_is_left_blank() -> None:
    arms = [
        {"arm": "real", "log_loss": {"mean": 0.5, "low": 0.4, "high": 0.6}, "rare_class_recall": None},
        {"arm": "cheap|er", "rare_class_recall": {"mean": 0.25, "low": None, "high": None}},
    ]
    rows = verdict_markdown({**MEASURE, "arms": arms}).splitlines()[-2:]
    assert rows == ["| real |  |  |  |  | 0.500 (0.400 to 0.600) |", "| cheap\\|er |  |  |  | 25.0 |  |"]


def test_the_sentence_is_read_from_the_stages_file(tmp_path: Path) -> None:
    assert read_measure(tmp_path) is None
    assert "No verdict" in verdict_sentence(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/measure.json").write_text(json.dumps(MEASURE))
    assert verdict_sentence(tmp_path) == MEASURE["sentence"]


def test_what_is_more_important_than_the_verdict_is_said_before_it(tmp_path: Path) -> None:
    said = ["Another classifier is clearly better.", "Class 'bad' got no synthetic rows, because it collapsed."]
    measure = {**MEASURE, "before": said, "verdict": "not tried"}
    assert verdict_markdown(measure).startswith(f"# Not tried\n\n{said[0]}\n\n{said[1]}\n\nSynthetic data helps")
    assert "percentage" not in verdict_markdown(measure)
    assert "points**" not in verdict_markdown(measure)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/measure.json").write_text(json.dumps(measure))
    assert verdict_sentence(tmp_path) == " ".join([*said, MEASURE["sentence"]])


def test_what_the_rows_are_worth_is_said_after_it() -> None:
    worth = {"kind": "flat", "sentence": "It cannot be said."}
    assert f"{MEASURE['sentence']}\n\nIt cannot be said.\n" in verdict_markdown({**MEASURE, "worth": worth})
    assert verdict_markdown({**MEASURE, "worth": None}) == verdict_markdown(MEASURE)


def test_every_stage_has_a_row_that_says_what_became_of_it() -> None:
    lanes = (
        Lane("prepare", ("prepare",), stale=False),
        Lane("cat", ("train_gan@cat", "generate@cat"), ("prepare",)),
        Lane("dog", ("train_gan@dog", "generate@dog"), ("prepare",)),
        Lane("curate", ("curate",), ("cat", "dog")),
    )
    runs = (StageRun("train_gan@dog", "ran", 2.04), StageRun("generate@dog", "restored", 0.0))
    run = Run([lanes[0]], {"dog": LaneResult("dog", runs, 3)}, {"cat": LaneError("cat", "generate@cat", 1)}, [lanes[3]])
    rows = {row["stage"]: (row["outcome"], row["seconds"]) for row in stage_rows(Plan(lanes, frozenset()), run)}
    assert rows == {
        "prepare": ("up to date", None),
        "train_gan@cat": ("not run", None),
        "generate@cat": ("failed", None),
        "train_gan@dog": ("ran", 2.0),
        "generate@dog": ("restored", 0.0),
        "curate": ("not run", None),
    }


def test_a_stage_that_ran_has_its_processor_time(tmp_path: Path) -> None:
    lanes = (Lane("cat", ("train_gan@cat", "generate@cat")),)
    runs = (StageRun("train_gan@cat", "ran", 2.0), StageRun("generate@cat", "restored", 0.1))
    run = Run([], {"cat": LaneResult("cat", runs, 3)}, {}, [])
    costs = {name: Cost(name, 2.0, 7.5, 0.5) for name in ("train_gan@cat", "generate@cat")}
    first, second = stage_rows(Plan(lanes, frozenset()), run, costs)
    assert (first["cpu seconds"], first["gpu seconds"]) == (7.5, 0.5)
    assert "cpu seconds" not in second  # what another run took
