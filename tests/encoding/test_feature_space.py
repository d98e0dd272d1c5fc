"""One feature space for images and tables, fitted on train rows: a copy is at zero, other rows are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError
from gan_augment.core.samples import TrainView
from gan_augment.encoding.feature_space import fit_feature_space
from tests.toys import image_toy, table_toy

TOYS = {"image": image_toy()[0], "table": table_toy()[0]}
BOTH = pytest.mark.parametrize("train", TOYS.values(), ids=TOYS.keys())


@BOTH
def test_train_rows_have_one_size_on_the_average_and_classes_lie_apart(train: TrainView) -> None:
    rows = fit_feature_space(train)(train.samples.payload)
    assert rows.dtype == np.float32
    assert len(rows) == len(train)
    assert (rows**2).sum(axis=1).mean() == pytest.approx(rows.shape[1], rel=0.05)
    centres = [rows[train.labels == index].mean(axis=0) for index in (0, 1)]
    within = np.mean([rows[train.labels == index].std(axis=0).mean() for index in (0, 1)])
    assert np.abs(centres[0] - centres[1]).max() > 1.5 * within


@BOTH
def test_a_row_lies_where_it_lies_in_whatever_company(train: TrainView) -> None:
    space = fit_feature_space(train)
    whole = space(train.samples.payload)
    np.testing.assert_allclose(space(train.samples.take(slice(3, 5)).payload), whole[3:5], atol=1e-4)
    assert space(train.samples.take(slice(0, 0)).payload).shape == (0, whole.shape[1])


@BOTH
def test_later_rows_change_nothing(train: TrainView) -> None:
    """The space is that of the rows it was fitted on, however far others lie."""
    half = TrainView(train.spec, train.samples.take(np.arange(0, len(train), 2)))
    space = fit_feature_space(half)
    before = space(half.samples.payload)
    space(train.samples.payload)
    np.testing.assert_array_equal(space(half.samples.payload), before)


def test_a_table_space_takes_no_images() -> None:
    with pytest.raises(DataError, match="Table rows are needed"):
        fit_feature_space(TOYS["table"])(np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(DataError, match="Images are needed"):
        fit_feature_space(TOYS["image"])(pd.DataFrame({"x": [1]}))
