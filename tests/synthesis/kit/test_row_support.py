"""Which pairs of values train rows hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gan_augment.synthesis.kit.row_support import MAX_NUMBERS, MAX_VALUES, RowSupport
from gan_augment.synthesis.kit.table_model import row_hashes


def test_support_is_of_every_two_values_of_columns_with_few() -> None:
    frame = pd.DataFrame({"a": [0, 0, 1], "b": ["u", "v", None], "x": [0.5, 1.5, 2.5]})
    wide = pd.concat([frame] * 8, ignore_index=True).assign(x=np.arange(24.0))
    support = RowSupport.fit(wide, row_hashes)
    asked = pd.DataFrame({"a": [0, 1, 1, 0, 2], "b": ["v", None, "u", None, "u"], "x": [99.0] * 5})
    assert support.holds(asked, row_hashes).tolist() == [True, True, False, False, False]
    assert support.holds(wide, row_hashes).all()


def test_columns_of_many_values_and_numbers_take_no_part() -> None:
    rows = 2 * MAX_VALUES
    frame = pd.DataFrame(
        {
            "few": np.arange(rows) % MAX_NUMBERS,
            "numbers": np.arange(rows) % (MAX_NUMBERS + 1),
            "words": [str(place % MAX_VALUES) for place in range(rows)],
            "many": [str(place % (MAX_VALUES + 1)) for place in range(rows)],
        }
    )
    assert RowSupport.fit(frame, row_hashes).columns.tolist() == [0, 2]


def test_what_a_file_holds_makes_the_same_support() -> None:
    frame = pd.DataFrame({"a": [0, 0, 1], "b": ["u", "v", "u"]})
    support = RowSupport.fit(frame, row_hashes)
    again = RowSupport(**support.arrays())  # type: ignore[arg-type]
    asked = pd.DataFrame({"a": [0, 1, 1], "b": ["u", "u", "v"]})
    assert again.holds(asked, row_hashes).tolist() == [True, True, False]
