from __future__ import annotations

from typing import Any

import pytest

from gan_augment.sharding.content import decide_content

PLAN: dict[str, Any] = {"ratio": 1.0, "shown_ratio": 1.0, "counts": {"a": 0, "b": 7}, "shown_counts": {"a": 0, "b": 7}}
HELPS: dict[str, Any] = {"verdict": "helps", "use_synthetic": True, "sentence": "It helps."}
NOT: dict[str, Any] = {"verdict": "no measurable difference", "use_synthetic": False, "sentence": "It does not."}
NONE_CHOSEN = PLAN | {"ratio": 0.0, "counts": {"a": 0, "b": 0}}


def test_a_measured_gain_exports_the_chosen_counts() -> None:
    content = decide_content(PLAN, HELPS, force=False)
    assert (content.basis, content.counts, content.ratio) == ("measured", {"a": 0, "b": 7}, 1.0)


@pytest.mark.parametrize(("plan", "measure"), [(PLAN, NOT), (NONE_CHOSEN, HELPS), (NONE_CHOSEN, NOT)])
def test_without_a_gain_only_real_rows_are_exported_and_it_says_so(plan: Any, measure: Any) -> None:
    content = decide_content(plan, measure, force=False)
    assert (content.basis, content.counts, content.ratio) == ("real_only", {}, 0.0)
    assert content.reason.startswith("Real rows only")


@pytest.mark.parametrize(("plan", "measure"), [(PLAN, NOT), (NONE_CHOSEN, HELPS), (NONE_CHOSEN, NOT)])
def test_force_exports_what_was_shown_and_is_marked(plan: Any, measure: Any) -> None:
    content = decide_content(plan, measure, force=True)
    assert (content.basis, content.counts) == ("forced", {"a": 0, "b": 7})
    assert "Do not expect a gain" in content.reason


def test_force_changes_nothing_where_the_measurement_agrees() -> None:
    assert decide_content(PLAN, HELPS, force=True) == decide_content(PLAN, HELPS, force=False)


def test_the_adjustment_is_that_of_the_arm_whose_rows_are_exported() -> None:
    gain = {
        f"{side}_{name}": value
        for side, tau in (("synthetic", 1.5), ("baseline", 0.5))
        for name, value in {
            "arm": side,
            "variant": "v",
            "adjustment": {"tau": tau, "log_prior": {"a": 0, "b": -2}},
        }.items()
    }
    for measure, force, tau in ((HELPS, False, 1.5), (NOT, False, 0.5), (NOT, True, 1.5)):
        found = decide_content(PLAN, {**measure, "gain": gain}, force=force).adjustment
        assert found is not None
        assert (found.tau, found.log_prior["b"]) == (tau, -2)
    assert decide_content(PLAN, HELPS, force=False).adjustment is None  # measured by an older version


def test_real_rows_alone_carry_no_adjustment_of_a_rivals_arm() -> None:
    gain = {
        f"{side}_{name}": value
        for side, tau in (("synthetic", 1.5), ("baseline", 0.5), ("real", 2.0))
        for name, value in {"arm": side, "variant": "v", "adjustment": {"tau": tau, "log_prior": {"a": 0}}}.items()
    }
    found = decide_content(PLAN, NOT | {"gain": gain | {"baseline_arm": "rival: fda"}}, force=False).adjustment
    assert found is not None
    assert (found.arm, found.tau) == ("real", 2.0)


def test_what_is_said_before_the_verdict_goes_along() -> None:
    said = "Class 'bad' got no synthetic rows, because it collapsed."
    content = decide_content(PLAN, NOT | {"before": [said]}, force=False)
    assert content.before == (said,)
    assert decide_content(PLAN, HELPS, force=False).before == ()


def test_what_the_rows_are_worth_goes_along() -> None:
    worth = {"kind": "about", "sentence": "These synthetic rows are worth about 9 more real rows."}
    assert decide_content(PLAN, HELPS | {"worth": worth}, force=False).worth == worth["sentence"]
    assert decide_content(PLAN, HELPS | {"worth": None}, force=False).worth is None
