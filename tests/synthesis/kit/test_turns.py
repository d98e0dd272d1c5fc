"""Rows in turn: each as often as can be, and the same whatever part is asked for."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gan_augment.synthesis.kit.turns import in_turn


def test_every_row_is_used_as_often_as_can_be() -> None:
    assert set(Counter(in_turn(7, 0, 21, 1, 0, "rows").tolist()).values()) == {3}
    assert set(Counter(in_turn(7, 0, 24, 1, 0, "rows").tolist()).values()) == {3, 4}


def test_a_part_is_the_part_of_the_whole_and_the_seed_decides() -> None:
    whole = in_turn(5, 0, 40, 1, 0, "rows")
    np.testing.assert_array_equal(in_turn(5, 13, 9, 1, 0, "rows"), whole[13:22])
    for other in (in_turn(5, 0, 40, 2, 0, "rows"), in_turn(5, 0, 40, 1, 1, "rows"), in_turn(5, 0, 40, 1, 0, "styles")):
        assert (other != whole).any()
