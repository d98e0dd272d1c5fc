from __future__ import annotations

import pytest

from gan_augment.data.accounts import LeftOut, Reason, check_account, entry_figures, left_out_problems

HIDDEN, BAD, LITTER = Reason("hidden"), Reason("bad", "error", remedy="mend"), Reason("litter", "note")
LEFT_OUT = [LeftOut("a", HIDDEN), LeftOut("b", BAD, "empty"), LeftOut("c", LITTER), LeftOut("d", HIDDEN)]


def test_entries_that_are_neither_samples_nor_left_out_are_a_fault_of_the_reader() -> None:
    check_account(10, 6, LEFT_OUT)
    with pytest.raises(AssertionError, match="10 entries, but 5 became samples and 4"):
        check_account(10, 5, LEFT_OUT)


def test_a_finding_for_each_reason_with_every_place_and_none_for_what_is_never_a_sample() -> None:
    hidden, bad = left_out_problems("data", 10, LEFT_OUT)
    assert (hidden.severity, hidden.what, hidden.places) == (
        "warning",
        "2 of 10 entries are left out: hidden",
        ("a", "d"),
    )
    assert (bad.severity, bad.what, bad.places, bad.remedy) == (
        "error",
        "1 of 10 entries cannot be used: bad",
        ("b: empty",),
        "mend",
    )


def test_the_figures_hold_every_entry_and_add_up() -> None:
    figures = entry_figures(6, LEFT_OUT)
    assert figures["found"] == figures["samples"] + sum(part["count"] for part in figures["left_out"]) == 10
    assert {part["reason"]: part["places"] for part in figures["left_out"]} == {
        "hidden": ["a", "d"],
        "bad": ["b: empty"],
        "litter": ["c"],
    }
