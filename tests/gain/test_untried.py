"""No verdict on synthetic rows where the classes that need them got none."""

from __future__ import annotations

import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.gain.untried import explain_untried, not_tried

SPEC = DatasetSpec(
    name="three",
    modality="image",
    classes=tuple(ClassRecord(key=key, label=key.upper()) for key in "abc"),
    image=ImageSpec(height=8, width=8, channels=1),
)


@pytest.mark.parametrize(
    ("counts", "missing", "untried"),
    [
        ((90, 60, 5), "c", True),  # the rare class got none
        ((90, 60, 5), "b", False),
        ((90, 60, 50), "bc", True),  # none is rare; all that are smaller than the largest
        ((90, 60, 50), "c", False),
        ((90, 60, 50), "a", False),  # the largest class needs none
        ((50, 50, 50), "ab", False),
        ((50, 50, 50), "abc", True),
        ((90, 60, 5), "", False),
    ],
)
def test_what_counts_is_the_classes_that_need_rows(counts: tuple[int, ...], missing: str, untried: bool) -> None:
    plan = {"not_made": dict.fromkeys(missing, "it failed")}
    assert not_tried(SPEC, counts, plan) == untried
    assert not not_tried(SPEC, counts, {})


def test_the_sentence_names_class_and_reason() -> None:
    said = explain_untried(SPEC, {"not_made": {"c": "it collapsed"}})
    assert said.startswith("Not tried: ")
    assert said.endswith("Class 'C' got no synthetic rows, because it collapsed.")
