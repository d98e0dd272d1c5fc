"""Why a class has no synthetic rows: written beside samples, read back, said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.not_made import not_made_sentences, read_not_made, write_not_made
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec

SPEC = DatasetSpec(
    name="t",
    modality="image",
    classes=(ClassRecord(key="red", label="Red"), ClassRecord(key="its", label="it's")),
    image=ImageSpec(height=4, width=4, channels=1),
)


def test_reasons_come_back_in_their_order(tmp_path: Path) -> None:
    reasons = {"its": "no model: ü", "red": "no candidate was accepted"}
    write_not_made(tmp_path, reasons)
    assert list(read_not_made(tmp_path).items()) == list(reasons.items())


def test_where_every_class_has_rows_there_is_no_file(tmp_path: Path) -> None:
    write_not_made(tmp_path, {})
    assert list(tmp_path.iterdir()) == []
    assert read_not_made(tmp_path) == {}


def test_a_sentence_names_the_users_label() -> None:
    assert not_made_sentences(SPEC, {"its": "it is too small"}) == [
        'Class "it\'s" got no synthetic rows, because it is too small.'
    ]
    with pytest.raises(KeyError):
        not_made_sentences(SPEC, {"blue": "of another data set"})
