"""Problems of a data set: kept as records, raised together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.errors import DataError
from gan_augment.data.problems import SHOWN, Problem, as_problem, listing, raise_errors


def problem(severity: str = "error", what: str = "x") -> Problem:
    return Problem.model_validate(
        {"severity": severity, "what": what, "where": "t.csv", "places": ["row 1", "row 2"], "remedy": "mend it"}
    )


def test_an_error_is_the_same_as_a_record_and_as_an_exception() -> None:
    found = as_problem(problem().as_error())
    assert found == problem()
    error = found.as_error()
    assert (error.problem, error.where, error.remedy) == ("x", "t.csv", "mend it")
    assert "row 1" in str(error)
    assert as_problem(DataError("nothing more")).places == ()


def test_warnings_and_notes_raise_nothing() -> None:
    raise_errors([problem("warning"), problem("note")])
    raise_errors([])


def test_one_error_is_raised_as_it_is_and_several_together() -> None:
    with pytest.raises(DataError) as alone:
        raise_errors([problem("note", "fine"), problem(what="bad")])
    assert alone.value.problem == "bad"
    with pytest.raises(DataError, match="The data has 2 problems") as both:
        raise_errors((problem(what="bad"), problem("warning", "fine"), problem(what="worse")))
    said = str(both.value)
    assert said.index("(1)") < said.index("bad") < said.index("(2)") < said.index("worse")
    assert "fine" not in said


@given(st.integers(0, 100), st.integers(1, 30))
def test_a_listing_names_the_first_and_counts_the_rest(count: int, shown: int) -> None:
    lines = [line.strip() for line in listing([f"place {n}" for n in range(count)], shown).split("\n") if line]
    assert lines[:shown] == [f"place {n}" for n in range(min(count, shown))]
    assert lines[shown:] == ([f"... and {count - shown} more"] if count > shown else [])


def test_an_error_message_does_not_grow_without_end_and_the_record_keeps_all() -> None:
    many = problem().model_copy(update={"places": tuple(f"row {n}" for n in range(1000))})
    assert len(str(many.as_error()).splitlines()) < SHOWN + 10
    assert len(many.places) == 1000
