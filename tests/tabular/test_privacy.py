"""The signals tell copying from learning, on tables of every kind of column."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError
from gan_augment.tabular import TableSynthesizer
from gan_augment.tabular.privacy import privacy_signals
from tests.toys import table_frame


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, labels = table_frame(400)
    rows["y"] = labels
    order = np.random.default_rng(0).permutation(len(rows))
    return rows.iloc[order[:200]].reset_index(drop=True), rows.iloc[order[200:]].reset_index(drop=True)


def test_repeated_rows_set_off_every_signal_and_a_copula_none() -> None:
    train, heldout = frames()
    copied, learnt = (
        privacy_signals(train, heldout, TableSynthesizer(name).fit(train, "y").sample(400), "y")
        for name in ("oversample", "copula")
    )
    assert copied.copies == 400
    assert copied.heldout_copies == 0
    assert copied.distance_ratio == 0
    assert copied.membership is not None
    assert copied.membership.pvalue < 1e-6
    assert learnt.copies == 0
    assert learnt.distance_ratio > 0.7
    assert learnt.membership is not None
    assert learnt.membership.auc < copied.membership.auc - 0.2
    json.dumps(learnt.to_json(), allow_nan=False)


def test_an_empty_frame_or_another_target_is_refused() -> None:
    train, heldout = frames()
    with pytest.raises(DataError, match="heldout"):
        privacy_signals(train, heldout[:0], train, "y")
    with pytest.raises(DataError, match="target"):
        privacy_signals(train, heldout, train, "z")
