from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.png import decode_png, encode_png


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.integers(0, 99))
def test_pixels_survive(height: int, width: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    assert np.array_equal(decode_png(encode_png(pixels)), pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_file_holds_no_text_and_no_time(channels: int) -> None:
    data = encode_png(np.zeros((4, 4, channels), dtype=np.uint8))
    assert not any(chunk in data for chunk in (b"tEXt", b"tIME", b"zTXt", b"iTXt"))
