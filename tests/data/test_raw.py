from __future__ import annotations

import pytest

from gan_augment.data.accounts import LeftOut, Reason
from gan_augment.data.raw import RawData, RawImages, make_rows


def test_a_reader_that_loses_an_entry_is_stopped() -> None:
    rows, left_out = make_rows(label=["a", "b"]), (LeftOut("x", Reason("hidden")),)
    assert RawData("d", "unknown", rows, RawImages(()), entries=3, left_out=left_out).entries == 3
    with pytest.raises(AssertionError, match="the reader counted 4 entries"):
        RawData("d", "unknown", rows, RawImages(()), entries=4, left_out=left_out)
