from __future__ import annotations

import numpy as np
import pytest

from gan_augment.fidelity.likeness import Likeness, likeness, standing


def test_a_standing_is_the_mean_over_classes_of_the_share_of_their_rows_below() -> None:
    others = {1: np.array([0.0, 1.0]), 2: np.array([1.0, 1.0, 3.0, 3.0]), 3: np.zeros(0)}
    np.testing.assert_allclose(standing(np.array([-1.0, 1.0, 5.0]), others), [0, (0.75 + 0.25) / 2, 1])
    np.testing.assert_array_equal(standing(np.array([4.0, 2.0]), {}), [0.5, 0.5])


def test_ten_times_as_many_rows_of_a_class_change_no_standing() -> None:
    few, many = {1: np.arange(3.0), 2: np.arange(4.0)}, {1: np.arange(3.0), 2: np.tile(np.arange(4.0), 10)}
    np.testing.assert_allclose(standing(np.array([0.5, 2.5]), few), standing(np.array([0.5, 2.5]), many))


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        (Likeness(0.8, 0.8, 0.02, 0.03), False),
        (Likeness(0.8, 0.9, 0.02, 0.03), False),  # more like it than real rows are: that is another alarm's matter
        (Likeness(0.8, 0.55, 0.02, 0.03), True),
        (Likeness(0.8, 0.55, 0.02, 0.09), False),  # chance
        (Likeness(0.8, 0.72, 0.005, 0.008), False),  # no chance, but a quarter of the way only
        (Likeness(0.53, 0.45, 0.02, 0.02), False),  # a judge that does not know the class
    ],
)
def test_a_class_is_wrong_where_a_sure_judge_sees_more_than_a_third_of_other_rows(
    found: Likeness, refused: bool
) -> None:
    assert (found.problem is not None) == refused


def test_rows_that_agree_by_luck_are_not_known_to_agree() -> None:
    found = likeness(np.ones(3), np.zeros(400), [100])
    assert found is not None
    assert found.problem is None
    assert likeness(np.ones(1), np.zeros(400), [100]) is None
    assert likeness(np.ones(10), np.zeros(400), [0]) is None
