from __future__ import annotations

from gan_augment.curation.nearest_records import ClosestRecord
from gan_augment.curation.privacy import privacy_notes
from gan_augment.fidelity.memorisation import CopyTest


def _closest(exact: int = 0) -> ClosestRecord:
    return ClosestRecord(1.0, 0.5, 1.0, 0.5, exact, 0.5)


def test_the_caution_always_stands_last_and_alone_when_nothing_is_wrong() -> None:
    notes = privacy_notes({"a": CopyTest(0.95, -0.5, 0.3)}, _closest(), filtered=True)
    assert len(notes) == 1
    assert "No privacy is promised" in notes[0]


def test_a_memorised_class_is_named() -> None:
    tests = {"a": CopyTest(0.2, -9, 1e-12), "b": CopyTest(0.6, -5, 1e-5), "c": CopyTest(0.9, -5, 1e-5)}
    notes = privacy_notes(tests, _closest(), filtered=True)
    assert notes[0].startswith("Class a: memorised")
    assert notes[1].startswith("Class b: nearer")
    assert len(notes) == 3  # significant, but as near as 0.9 is no cause for alarm


def test_exact_repetitions_come_first_and_say_whether_they_were_filtered() -> None:
    assert "filtered out" in privacy_notes({}, _closest(3), filtered=True)[0]
    assert "filtered out" not in privacy_notes({}, _closest(1), filtered=False)[0]


def test_repetitions_that_stay_are_compared_with_those_of_held_out_rows() -> None:
    coarse = ClosestRecord(0.0, 0.0, 0.0, 0.0, 40, 0.5)
    assert "so do held-out real rows" in privacy_notes({}, coarse, filtered=False)[0]
    assert "held-out" not in privacy_notes({}, _closest(40), filtered=False)[0]


def test_without_held_out_rows_it_says_so() -> None:
    assert "could not be tested" in privacy_notes({}, None, filtered=True)[0]
