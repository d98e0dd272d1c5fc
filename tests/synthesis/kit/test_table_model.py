"""What table methods share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MethodError, ModelError
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.kit.table_model import (
    FittedRows,
    FittedTable,
    TableConfig,
    read_head,
    row_hashes,
    table_head,
)
from tests.toys import table_toy


class Rows(FittedRows):
    """A method that does nothing but keep rows."""

    name = "rows"


def kept(train: TrainView) -> tuple[pd.DataFrame, Rows]:
    frame, head = table_head(train, TableConfig(), "rows")
    return frame, Rows(*head, head.codec.encode(frame), train.labels, tuple(train.samples.manifest["id"]))


def test_train_rows_are_copies_and_others_are_not() -> None:
    frame, model = kept(table_toy()[0])
    assert model._copies(frame).all()
    assert not model._copies(frame.assign(length=frame["length"] + 1000)).any()


def test_the_share_of_a_class_that_repeats_is_of_its_own_rows() -> None:
    train = table_toy()[0]
    doubled = train.samples.take(np.r_[np.arange(len(train)), np.flatnonzero(train.labels == 1)])
    doubled.manifest["id"] = [f"train-{place}" for place in range(len(doubled))]
    assert kept(train)[1].repeats.tolist() == [0, 0]
    assert kept(TrainView(train.spec, doubled))[1].repeats.tolist() == [0, 1]


def test_places_are_those_of_the_class() -> None:
    train = table_toy()[0]
    _, model = kept(train)
    np.testing.assert_array_equal(model.places(1), np.flatnonzero(train.labels == 1))
    with pytest.raises(MethodError, match="has not learnt"):
        model.places(2)


def test_a_saved_head_is_read_back_by_its_method_alone(tmp_path: Path) -> None:
    train = table_toy()[0]
    frame, model = kept(train)
    model.save_rows(tmp_path, {"rows": 120})
    about, head = read_head(tmp_path, train.spec, "rows", TableConfig)
    again = FittedTable(*head)
    assert about["summary"] == {"rows": 120}
    assert (again.codec, again.config) == (model.codec, model.config)
    assert again._copies(frame).all()
    assert again.support.holds(frame[list(again.codec.names)], row_hashes).all()
    np.testing.assert_array_equal(Rows.read_rows(tmp_path)["matrix"], model.matrix)
    with pytest.raises(ModelError, match="another method"):
        read_head(tmp_path, train.spec, "copula", TableConfig)


def test_equal_rows_have_equal_hashes_and_others_have_not() -> None:
    frame = pd.DataFrame(
        {
            "x": [0.0, -0.0, np.nan, 0.1, 0.1 + 1e-12, 0.2, 1e300],
            "n": pd.array([1, 1, None, 2, 2, 2, 2], dtype="Int64"),
            "t": pd.to_datetime(["2020-01-01"] * 6 + ["2020-01-02"]),
            "k": pd.Categorical(["a", "a", None, "b", "b", "b", "a"]),
        }
    )
    hashes = row_hashes(frame)
    assert hashes[0] == row_hashes(frame[1:2])[0]
    assert hashes[3] == hashes[4]
    assert len(set(hashes.tolist())) == 5
    # The hash of a row does not depend on the rows beside it, nor on the order of a category's levels.
    alone = frame[2:3].assign(k=pd.Categorical([None], categories=["b", "a"]))
    assert row_hashes(alone)[0] == hashes[2]
    assert (
        row_hashes(frame[["k"]].assign(k=frame["k"].cat.reorder_categories(["b", "a"])))[3]
        == row_hashes(frame[["k"]])[3]
    )


def test_hashes_are_the_same_on_every_machine() -> None:
    frame = pd.DataFrame({"x": [1.5, np.nan], "n": [3, -4], "k": pd.Series(["a", "b"], dtype="string")})
    assert row_hashes(frame).tolist() == [3640530052477875989, 18439901747700817232]
