"""The classifiers' table encoders keep their width whatever a column holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.core.records import Column, TableSpec
from gan_augment.downstream.tables import gapless_encoder, plain_frame

TABLE = TableSpec(columns=(Column(name="w", kind="categorical", dtype="string"),), target="y")


def encoded(train: list[str], rows: list[str]) -> np.ndarray:
    encoder = gapless_encoder(TABLE).fit(plain_frame(pd.DataFrame({"w": train}), TABLE))
    return np.asarray(encoder.transform(plain_frame(pd.DataFrame({"w": rows}), TABLE)))


def test_ten_thousand_levels_are_250_columns() -> None:
    train = [f"level {n}" for n in range(10_000)] + [f"level {n}" for n in range(249)]
    rows = encoded(train, ["level 0", "level 9999", "level 9998", "never seen"])
    assert rows.shape == (4, 250)
    assert not np.array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[1], rows[2])  # the rare ones share a column


def test_few_levels_have_a_column_each_and_an_unseen_one_is_zeros() -> None:
    rows = encoded(["a", "b", "c"], ["a", "b", "c", "d"])
    assert rows.shape == (4, 3)
    assert rows[:3].sum() == 3
    assert not rows[3].any()
