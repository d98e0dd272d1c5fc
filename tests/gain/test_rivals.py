"""A rival that the method does not beat is told first; one that could not run is told in a note."""

from __future__ import annotations

import pytest

from gan_augment.gain.measurement import headline, measure
from gan_augment.gain.rivals import rival_notes, rival_wins, rivals_untrained
from gan_augment.gain.verdict import Verdict
from tests.gain.test_better_without import LABELS, PLAN, SPEC, arm, evaluation

NET = "cnn"
MADE = {"rows": {"good": 0, "bad": 9}, "not_made": {}}


@pytest.mark.parametrize(
    ("right", "verdict", "said"),
    [(0.9, "hurts", "beats the method"), (0.7, "no measurable difference", "does as well"), (0.4, "helps", None)],
)
def test_the_verdict_is_against_the_rival_and_says_so(right: float, verdict: Verdict, said: str | None) -> None:
    arms = [
        arm("real", NET, 0.5, 0.4),
        arm("cheap", NET, 0.5, 0.45),
        arm("rival: fda", NET, right, 0.65),
        arm("rival: mirror", NET, 0.5, 0.3),
        arm("real_synthetic", NET, 0.7, 0.7),
    ]
    plan = PLAN | {"rivals": {"fda": MADE, "mirror": MADE}}
    measured = measure({"first": arms}, [], evaluation(), LABELS, plan)
    assert measured["gain"]["baseline_arm"] == "rival: fda"
    assert measured["verdict"] == verdict
    assert "real data and rows of the untrained rival fda: class weights" in measured["sentence"]
    assert measured["rivals"] == plan["rivals"]
    assert (measured["gain"]["real_arm"], "real_adjustment" in measured["gain"]) == ("cheap", True)
    assert len(measured["before"]) == (said is not None)
    if said is not None:
        (sentence,) = measured["before"]
        assert sentence.startswith(f"The rival fda, which trains nothing, {said}")
        assert "synthesis.method: fda" in sentence


def test_on_a_tie_the_simpler_arm_is_the_baseline() -> None:
    arms = [arm("rival: fda", NET, 0.5, 0.5), arm("cheap", NET, 0.5, 0.5), arm("real_synthetic", NET, 0.7, 0.7)]
    assert headline(arms)[0].record.arm == "cheap"


def test_validation_names_the_rival_whatever_the_test_rows_say() -> None:
    arms = [arm("real", NET, 0.5, 0.5), arm("rival: fda", NET, 0.95, 0.4), arm("real_synthetic", NET, 0.7, 0.7)]
    measured = measure({"first": arms}, [], evaluation(), LABELS, PLAN | {"rivals": {"fda": MADE}})
    assert measured["gain"]["baseline_arm"] == "real"
    assert "real_arm" not in measured["gain"]
    assert measured["before"] == []


def test_nothing_is_said_of_a_rival_where_the_rows_were_not_tried() -> None:
    baseline, method = arm("rival: fda", NET, 0.9, 0.65), arm("real_synthetic", NET, 0.7, 0.7)
    assert rival_wins("not tried", baseline, method, evaluation()) is None


def test_a_second_opinion_counts_rivals_too() -> None:
    first = [arm("real", NET, 0.5, 0.5), arm("real_synthetic", NET, 0.5, 0.5)]
    second = [
        arm("real", "ridge", 0.5, 0.4),
        arm("rival: fda", "ridge", 0.9, 0.9),
        arm("real_synthetic", "ridge", 0.5, 0.5),
    ]
    measured = measure({"first": first, "second": second}, [], evaluation(), LABELS, PLAN)
    assert measured["second_opinion"]["baseline_arm"] == "rival: fda"
    assert "ridge (real data and rows of the untrained rival fda: class weights)" in measured["before"][0]


def test_rivals_without_an_arm_are_told() -> None:
    plan = {"rivals": {"fda": MADE, "needy": {"refused": "no pool"}}}
    sentence = rivals_untrained(plan, ["real", "real_synthetic"])
    assert sentence is not None
    assert "(fda)" in sentence
    assert "retrain.arms" in sentence
    assert rivals_untrained(plan, ["real", "cheap", "rival: fda", "real_synthetic"]) is None
    assert rivals_untrained(PLAN, ["real"]) is None


def test_what_could_not_run_is_a_note_with_the_reason() -> None:
    plan = {"rivals": {"needy": {"refused": "no pool"}, "fda": MADE | {"not_made": {"bad": "too dark"}}}}
    assert rival_notes(SPEC, plan) == [
        "The rival needy did not run: no pool.",
        "The rival fda has no rows of class 'bad': too dark.",
    ]
    assert rival_notes(SPEC, PLAN) == []
