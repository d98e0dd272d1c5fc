"""Attributes as numbers and back, and every column that is no group of exclusive values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.kit.attributes import MOST_VALUES, Attributes, check_names
from tests.toys import attribute_toy, image_toy

TRAIN, VALIDATION = attribute_toy()


def beside(frame: pd.DataFrame, view: Any = TRAIN) -> Any:
    few = view.samples.take(slice(len(frame)))
    return replace(view, samples=replace(few, companions={"attributes": frame}))


def of(frame: pd.DataFrame) -> Attributes:
    return Attributes.of(beside(frame), "attribute_gan")


def test_conditions_are_the_class_and_the_values_counted_from_one() -> None:
    attributes = Attributes.of(TRAIN, "attribute_gan")
    conditions = attributes.conditions(TRAIN, "attribute_gan")
    assert attributes.sizes == (3, 4, 3)
    np.testing.assert_array_equal(conditions[:, 0], TRAIN.labels + 1)
    frame: Any = TRAIN.samples.companions["attributes"]
    np.testing.assert_array_equal(conditions[:, 2] == 0, frame["paper"].isna())
    assert list(attributes.columns[0].values) == ["blue", "green", "red"]
    pd.testing.assert_frame_equal(attributes.frame(conditions, {}), frame)


@pytest.mark.parametrize(
    ("values", "dtype", "hidden_dtype"),
    [
        (["a", None, "b", "a"], "string", "string"),
        (["a", "c", "b", "a"], "category", "category"),
        (["a", None, "b", "a"], "object", "object"),
        ([True, False, True, True], "bool", "boolean"),
        ([True, None, False, True], "boolean", "boolean"),
        ([1, -1, 1, 1], "int64", "Int64"),
        ([3, None, 1, 3], "Int64", "Int64"),
        ([3, 2, 1, 3], "uint8", "UInt8"),
        ([0.5, None, 1.5, 0.5], "float64", "float64"),
    ],
)
def test_values_of_every_dtype_come_back_and_can_be_hidden(values: list[Any], dtype: str, hidden_dtype: str) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    attributes = of(frame)
    conditions = attributes.conditions(beside(frame), "attribute_gan")
    pd.testing.assert_frame_equal(attributes.frame(conditions, {}), frame)
    hidden = attributes.frame(conditions, {"x": {str(values[0]): "badly drawn"}})
    assert list(hidden["x"].isna()) == [value in (values[0], None) for value in values]
    assert str(hidden["x"].dtype) == hidden_dtype


def test_a_value_that_only_validation_has_is_unknown() -> None:
    attributes = of(pd.DataFrame({"x": ["a", "b"]}))
    found = attributes.conditions(beside(pd.DataFrame({"x": ["b", "new", None]}), VALIDATION), "attribute_gan")
    assert list(found[:, 1]) == [2, 0, 0]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["a"] * 4, "1 value in all train rows"),
        ([None] * 4, "0 value"),
        ([f"v{n}" for n in range(MOST_VALUES + 1)], f"at most {MOST_VALUES}"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "values of type Timestamp"),
    ],
)
def test_a_column_that_is_no_group_is_refused_by_name(column: Any, expected: str) -> None:
    with pytest.raises(MethodError) as caught:
        of(pd.DataFrame({"good": (["a", "b"] * len(column))[: len(column)], "bad": column}))
    assert "'bad'" in str(caught.value)
    assert expected in str(caught.value)


def test_rows_without_attributes_are_told_the_lines_that_give_them() -> None:
    with pytest.raises(MethodError, match=r"companions: \{attributes: \{columns: \[hair, eyes\]\}\}"):
        Attributes.of(image_toy()[0], "attribute_gan")


def test_values_are_found_by_their_texts() -> None:
    attributes = of(pd.DataFrame({"n": [1, -1], "flag": [True, False]}))
    assert attributes.numbers_of({"n": "-1", "flag": "True"}) == {1: 1, 2: 2}


@pytest.mark.parametrize(("wanted", "got"), [({"colour": "red"}, "'colour'"), ({"ink": "purple"}, "'purple'")])
def test_what_the_columns_do_not_have_is_refused(wanted: dict[str, str], got: str) -> None:
    with pytest.raises(MethodError) as caught:
        Attributes.of(TRAIN, "attribute_gan").numbers_of(wanted)
    assert got in str(caught.value)
    assert "synthesis.settings.combinations" in str(caught.value)
    assert "'blue', 'green', 'red'" in str(caught.value) or "'ink', 'paper'" in str(caught.value)


def test_names_are_checked_as_soon_as_the_columns_are_known() -> None:
    check_names({"ink": "anything"}, TRAIN.spec)
    check_names({"colour": "red"}, image_toy()[0].spec)  # not known yet
    with pytest.raises(MethodError, match="'colour'"):
        check_names({"colour": "red"}, TRAIN.spec)


def test_the_condition_of_a_part_is_that_of_the_whole() -> None:
    attributes = Attributes.of(TRAIN, "attribute_gan")
    part = TrainView(TRAIN.spec, TRAIN.samples.take(slice(5, 9)))
    whole = attributes.conditions(TRAIN, "attribute_gan")
    np.testing.assert_array_equal(attributes.conditions(part, "attribute_gan"), whole[5:9])
