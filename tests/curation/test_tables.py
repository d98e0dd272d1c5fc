from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.samples import Payload
from gan_augment.curation.tables import table_quality
from tests.curation.toys import TABLE, draw

Labels = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def _rows(counts: tuple[int, int, int], seed: int) -> tuple[Payload, Labels]:
    frames = [draw(TABLE, label, count, seed) for label, count in enumerate(counts)]
    return pd.concat(frames, ignore_index=True), np.repeat(np.arange(3), counts)  # type: ignore[arg-type]


def test_a_set_balanced_on_purpose_is_not_blamed_for_it() -> None:
    assert TABLE.table is not None
    found = table_quality(_rows((80, 40, 10), 1), _rows((80, 40, 10), 2), _rows((200, 200, 200), 3), TABLE.table)
    assert found is not None
    assert found["shape"] == pytest.approx(found["shape_floor"], abs=0.06)
    assert found["shape"] > 0.85
    assert found["trend"] == pytest.approx(found["trend_floor"], abs=0.08)
    assert set(found["columns"]) == {"x", "y", "colour"}


def test_a_wrong_column_stands_out_from_its_floor() -> None:
    assert TABLE.table is not None
    payload, labels = _rows((60, 60, 60), 3)
    assert isinstance(payload, pd.DataFrame)
    payload["x"] = 100.0
    found = table_quality(_rows((60, 60, 60), 1), _rows((60, 60, 60), 2), (payload, labels), TABLE.table)
    assert found is not None
    assert found["columns"]["x"]["shape"] < 0.1
    assert found["columns"]["x"]["outside"] == 1
    assert found["columns"]["x"]["shape_floor"] > 0.8
    assert found["columns"]["y"]["shape"] > 0.8
    assert "x" in found["worst_pairs"][0]["columns"]


def test_no_rows_give_nothing() -> None:
    assert TABLE.table is not None
    full = _rows((5, 5, 5), 1)
    none = full[0].iloc[:0], full[1][:0]  # type: ignore[union-attr]
    assert table_quality(full, full, none, TABLE.table) is None
