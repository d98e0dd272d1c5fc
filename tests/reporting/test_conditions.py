"""What was asked for beside what was drawn: figures in words, bars, pictures of the right rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.fields import frame_of
from gan_augment.reporting.conditions import attributes, guard, guard_problems
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.pictures import data_uri
from gan_augment.reporting.scales import percent
from tests.toys import LABELS, attribute_toy

TRAIN, _ = attribute_toy(40)
ASKED = frame_of(TRAIN.samples.companions["attributes"])


def figure(value: float, problem: str | None = None) -> dict[str, Any]:
    return {"value": value, "error": 0.02, "real": 0.9, "real_error": 0.03, "problem": problem}


GUARD = {
    "classes": {"first": {"kept": figure(0.9), "moved": figure(0.0, "not moved: 0.00")}},
    "columns": {"ink": {"kept": figure(0.8), "values": {"red": figure(0.95), "blue": figure(0.2, "not kept: 20%")}}},
    "mixed": figure(0.1, "mixed: 10%"),
}


@pytest.fixture
def evidence() -> Evidence:
    key = TRAIN.spec.classes[0].key
    found = GUARD | {"classes": {key: GUARD["classes"]["first"]}}
    accepted = TRAIN.samples.with_roles(())
    return Evidence(TRAIN.spec, accepted, accepted, accepted, pd.DataFrame(), {}, {"guard": found}, asked=ASKED)


def test_figures_stand_in_a_row_a_class_and_a_column_and_problems_are_sentences(evidence: Evidence) -> None:
    found = guard(evidence)
    assert found is not None
    assert [name for name, _ in found["names"]] == ["Moved", "Kept"]  # the others were not measured
    assert found["rows"] == [
        (LABELS[0], ["0 ± 0.02 (real rows: 0.9)", "0.9 ± 0.02 (real rows: 0.9)"]),
        ("attribute ink", ["–", "0.8 ± 0.02 (real rows: 0.9)"]),
    ]
    assert found["problems"] == [
        f"class {LABELS[0]}: not moved: 0.00",
        "attribute ink = blue: not kept: 20%",
        "all classes: mixed: 10%",
    ]


def test_without_a_guard_there_is_nothing_to_say(evidence: Evidence) -> None:
    assert guard(replace(evidence, curate={"guard": None})) is None
    assert guard(replace(evidence, curate={})) is None
    assert guard_problems({"guard": None}, {}) == []


def test_each_value_has_its_bars_and_pictures_of_rows_that_were_asked_for_it(evidence: Evidence) -> None:
    (column,) = attributes(evidence)
    assert column["name"] == "ink"
    red, blue = column["values"]
    assert (red["value"], blue["value"]) == ("red", "blue")
    assert red["bars"] == [("real", "held-out real", 90.0), ("synthetic", "drawn", 95.0)]
    images = np.asarray(evidence.accepted.payload)[(ASKED["ink"] == "red").to_numpy()]
    assert len(red["pictures"]) == 8
    assert set(red["pictures"]) <= {data_uri(image) for image in images}


def test_what_the_model_says_of_itself_goes_first_with_the_reason_for_a_value_that_is_not_claimed(
    evidence: Evidence,
) -> None:
    precision = {"paper": {"black": {"share": 0.25, "drawn": 0.1, "real": 1.0}, "white": {"drawn": None, "real": None}}}
    told = replace(evidence, precision=precision, unknown={"paper": {"black": "read from 10%"}})
    (column,) = attributes(told)
    black, white = column["values"]
    assert (black["share"], black["unknown"]) == (percent(0.25, 0), "read from 10%")
    assert white["bars"] == []


def test_many_values_are_cut_and_counted(evidence: Evidence) -> None:
    precision = {"number": {str(number): {"drawn": 0.5, "real": 0.5} for number in range(50)}}
    (column,) = attributes(replace(evidence, precision=precision))
    assert (len(column["values"]), column["more"]) == (20, 30)
