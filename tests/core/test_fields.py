"""Whatever is done to rows is done the same way in both storage forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gan_augment.core import fields
from gan_augment.core.errors import DataError
from gan_augment.core.fields import PAYLOAD, Files, Payload
from gan_augment.core.records import ArrayField, Column, Field, FrameField

COLUMNS = (
    Column(name="id", kind="numeric", dtype="Int64", integer=True),
    Column(name="pixels", kind="categorical", dtype="string"),
    Column(name="b/ü", kind="numeric", dtype="float64"),
)
FRAME, ARRAY = FrameField(columns=COLUMNS), ArrayField(shape=(2, 3, 1))


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    count = draw(st.integers(0, 20))
    if draw(st.booleans()):
        return draw(arrays.arrays(np.uint8, (count, *draw(st.tuples(st.integers(1, 3), st.integers(1, 3))))))
    texts = draw(
        st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=4), min_size=count, max_size=count)
    )
    numbers = draw(st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=count, max_size=count))
    frame = {"id": pd.array(numbers, dtype="Int64"), "x.id": pd.array(texts, dtype="string")}
    return pd.DataFrame(frame, index=pd.RangeIndex(count))


def same(one: Payload, other: Payload) -> None:
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, fields.frame_of(other))
    else:
        np.testing.assert_array_equal(one, fields.images_of(other))
        assert other.dtype == np.uint8


@given(payloads(), st.data())
def test_parts_that_were_taken_make_the_whole(values: Payload, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(values)))
    parts = [fields.take(values, slice(0, cut)), fields.take(values, np.arange(cut, len(values)))]
    same(fields.concat(parts), values)


@given(payloads())
def test_what_goes_to_arrow_comes_back(values: Payload) -> None:
    table = fields.to_arrow(values)
    assert table.column_names == fields.arrow_names(values)
    same(fields.from_arrow(table, fields.take(values, slice(0, 0))), values)


@settings(deadline=None, max_examples=30)
@given(values=payloads(), step=st.integers(1, 7))
def test_pieces_are_written_and_read_as_the_whole_is(
    values: Payload, step: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole, pieces = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("pieces")
    fields.write(whole, PAYLOAD, values)
    writer = fields.writer(pieces, PAYLOAD, values)
    for start in range(0, max(len(values), 1), step):
        writer.append(fields.take(values, slice(start, start + step)))
    writer.close()
    first, second = PAYLOAD.find(whole), PAYLOAD.find(pieces)
    assert first is not None
    assert second is not None
    assert first.read_bytes() == second.read_bytes()
    same(fields.read(first), values)
    reader = fields.reader(second)
    same(fields.concat([reader.take(step) for _ in range(-(-len(values) // step) + 1)]), values)


@pytest.mark.parametrize(("field", "width"), [(FRAME, 48), (ARRAY, 6)])
def test_no_rows_have_the_shape_and_dtypes(field: Field, width: int) -> None:
    none = fields.empty(field)
    assert len(none) == 0
    assert fields.bytes_per_row(field) == width
    if isinstance(none, pd.DataFrame):
        assert list(map(str, none.dtypes)) == ["Int64", "string", "float64"]
    else:
        assert none.shape == (0, 2, 3, 1)


def test_code_for_one_form_says_so_of_the_other() -> None:
    with pytest.raises(DataError, match="Table rows are needed"):
        fields.frame_of(np.zeros((2, 4, 4, 1), np.uint8))
    with pytest.raises(DataError, match="Images are needed"):
        fields.images_of(pd.DataFrame({"x": [1]}))


def test_cells_are_missing_in_tables_only() -> None:
    assert fields.missing_cells(pd.DataFrame({"a": [1.0, None], "b": [None, None]})) == 3
    assert fields.missing_cells(np.zeros((2, 4, 4, 1), np.uint8)) == 0


def test_a_file_is_found_in_either_form(tmp_path: Path) -> None:
    files = Files.of_role("mask")
    assert files.find(tmp_path) is None
    (tmp_path / "mask.npy").touch()
    assert files.find(tmp_path) == tmp_path / "mask.npy"


def test_the_form_of_a_file_is_told_from_the_file(tmp_path: Path) -> None:
    fields.write(tmp_path, fields.Files.of_role("mask"), np.zeros((3, 4, 5, 1), np.uint8))
    frame = pd.DataFrame(
        {"sequence": pd.array(["a", None], dtype="string"), "frame": pd.array([1, None], dtype="Int64")}
    )
    fields.write(tmp_path, fields.Files.of_role("sequence"), frame)
    assert fields.describe(tmp_path / "mask.npy") == ArrayField(shape=(4, 5, 1))
    found = fields.describe(tmp_path / "sequence.parquet")
    assert isinstance(found, FrameField)
    assert [(column.name, column.kind, column.dtype) for column in found.columns] == [
        ("sequence", "categorical", "string"),
        ("frame", "numeric", "Int64"),
    ]
