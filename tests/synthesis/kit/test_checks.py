"""What every generator refuses, in one wording."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_train, table_rows
from tests.toys import image_toy, table_toy

TABLE = table_toy()[0]


def test_rows_are_needed() -> None:
    check_train(TABLE, "x")
    none = TrainView(TABLE.spec, TABLE.samples.take(slice(0, 0)))
    for ask in (check_train, table_rows):
        with pytest.raises(MethodError, match="'x' was given no train row"):
            ask(none, "x")


def test_a_table_gives_its_rows_and_images_are_refused() -> None:
    frame, table = table_rows(TABLE, "x")
    pd.testing.assert_frame_equal(frame, pd.DataFrame(TABLE.samples.payload))
    assert table is TABLE.spec.table
    with pytest.raises(MethodError, match="'x' makes table rows only") as told:
        table_rows(image_toy()[0], "x")
    assert "gan-augment methods list" in str(told.value.remedy)


def test_the_place_of_a_class_is_among_those_that_were_learnt() -> None:
    assert check_index(1, np.array([0, 1]), TABLE.spec, "x") == 1
    assert check_index(1, np.array([1]), TABLE.spec, "x") == 0


@pytest.mark.parametrize(("index", "named"), [(0, "class 'red'"), (9, "class number 9"), (-1, "class number -1")])
def test_a_class_that_was_not_learnt_is_named_by_its_label(index: int, named: str) -> None:
    with pytest.raises(MethodError) as told:
        check_index(index, np.array([1]), TABLE.spec, "x")
    assert (told.value.got, told.value.expected) == (named, "one of 'green/blue'")


def test_a_method_without_models_of_one_class_says_what_to_set() -> None:
    class Own(JointOnly):
        pass

    with pytest.raises(MethodError, match="Own has no specialised model"):
        Own().specialise(1, "anything", key=None)
