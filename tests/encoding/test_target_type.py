"""A target's type is kept only where every label becomes the value again that it was made from."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from gan_augment.core.records import TargetType
from gan_augment.encoding.target_type import arrow_type, categories_of, labels_as, plain_type, target_type

TYPES = (
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.large_string()),
    *(pa.date32(), pa.timestamp("s"), pa.timestamp("us", "Europe/Berlin"), pa.decimal128(5, 2), pa.decimal256(40, 2)),
    *(pa.dictionary(pa.int8(), pa.string(), ordered=True), pa.dictionary(pa.int32(), pa.int64())),
)


@pytest.mark.parametrize("kind", TYPES)
def test_the_name_of_a_type_names_it(kind: pa.DataType) -> None:
    assert arrow_type(str(kind)) == kind


def test_a_type_is_kept_where_the_labels_become_the_values_again() -> None:
    assert target_type("int8", ["0", "1"], pd.Series([0, 1])) == TargetType(arrow="int8")
    assert target_type("int8", ["0", "x"], pd.Series([0, 1])) is None
    assert target_type("int8", ["0", "2"], pd.Series([0, 1])) is None
    assert target_type("int8", ["0", "300"], pd.Series([0, 300])) is None


def test_texts_are_kept_though_labels_are_stripped() -> None:
    assert target_type("large_string", ["a", "b"], pd.Series([" a", "b "])) == TargetType(arrow="large_string")


def test_a_dictionary_keeps_its_order_and_its_values() -> None:
    arrow = "dictionary<values=int64, indices=int8, ordered=1>"
    found = target_type(arrow, ["3", "1"], pd.Series([3, 1]), ["3", "2", "1"])
    assert found is not None
    assert plain_type(found) == pa.int64()
    assert labels_as(pa.array(["1", "3"]), found).to_pylist() == [1, 3]
    assert categories_of(found) == pd.CategoricalDtype([3, 2, 1], ordered=True)
    assert categories_of(TargetType(arrow="int8")) is None
