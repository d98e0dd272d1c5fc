"""Files of a saved table model: they come back, the same content gives the same bytes, and damage is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.checksums import list_checksums
from gan_augment.core.errors import GanAugmentError, ModelError
from gan_augment.encoding.table import TableCodec
from gan_augment.synthesis.kit.files import (
    read_about,
    read_arrays,
    read_codec,
    write_about,
    write_arrays,
    write_codec,
)
from tests.toys import table_frame, table_spec

ARRAYS = {"b": np.arange(6.0).reshape(2, 3).T, "a": np.array([True, False]), "empty": np.zeros((0, 4), np.float32)}


def test_facts_come_back_to_the_method_that_wrote_them(tmp_path: Path) -> None:
    write_about(tmp_path, "copula", summary={"rows": 3}, ü=None)
    assert read_about(tmp_path, "copula") == {"method": "copula", "summary": {"rows": 3}, "ü": None}
    with pytest.raises(ModelError, match="of another method") as told:
        read_about(tmp_path, "smote")
    assert (told.value.got, told.value.expected) == ("'copula'", "'smote'")


@pytest.mark.parametrize("text", [None, "", "[]", '{"method": 3}', "{half", "\xff"])
def test_what_is_no_model_is_told_with_what_to_delete(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "model.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError) as told:
        read_about(tmp_path, "copula")
    assert "dvc repro" in str(told.value.remedy)


def test_a_codec_comes_back_and_stands_a_line_a_column(tmp_path: Path) -> None:
    frame, _ = table_frame(40)
    codec = TableCodec.fit(frame, table_spec())
    write_codec(tmp_path, codec)
    assert read_codec(tmp_path) == codec
    assert len((tmp_path / "codec.json").read_text().splitlines()) == len(codec.columns) + 2
    pd.testing.assert_frame_equal(read_codec(tmp_path).decode(codec.encode(frame)), codec.decode(codec.encode(frame)))


def test_arrays_come_back_whatever_their_order_in_memory(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x", ARRAYS)
    write_arrays(tmp_path / "y", dict(reversed(ARRAYS.items())))
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    found = read_arrays(tmp_path / "x", ("a", "b"))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_absent_incomplete_and_damaged_arrays_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_arrays(tmp_path / "x", ())
    write_arrays(tmp_path / "x", ARRAYS)
    with pytest.raises(ModelError, match="incomplete") as told:
        read_arrays(tmp_path / "x", ("a", "c", "d"))
    assert told.value.got == "no 'c'"
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes()[:20])
    with pytest.raises(ModelError, match="cannot be read"):
        read_arrays(tmp_path / "x", ("a",))


def test_a_byte_that_changed_is_told_where_checksums_are_kept(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x", ARRAYS)
    list_checksums(tmp_path)
    data = bytearray((tmp_path / "x").read_bytes())
    data[-1] ^= 1
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(GanAugmentError):
        read_arrays(tmp_path / "x", ("a",))
