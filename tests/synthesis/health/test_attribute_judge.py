"""The judge of attributes: precise where real rows are, refusing only what real rows say is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_augment.synthesis.health.attribute_judge import AttributeJudge, ValuePrecision

LEVELS = np.array([30, 130, 230])


def rows(values: list[int], noise: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Grey images whose level is the value of the first column; the second column cannot be seen."""
    random = np.random.default_rng(seed)
    shown = LEVELS[np.array(values) - 1][:, None, None, None] + random.integers(
        -noise, noise + 1, (len(values), 8, 8, 1)
    )
    return shown.astype(np.uint8), np.stack([values, random.integers(1, 3, len(values))], axis=1)


@pytest.fixture(scope="module")
def judge() -> AttributeJudge:
    return AttributeJudge(*rows([1, 2, 3] * 40 + [1] * 40), (4, 3), seed=0, steps=80)


def test_right_images_are_precise_and_wrong_ones_are_refused_by_value(judge: AttributeJudge) -> None:
    images, wanted = rows([1] * 40 + [2] * 40 + [3] * 40, seed=1)
    wanted[80:, 0], wanted[:40, 0] = 1, 1  # what was asked for as 1 shows 1 or 3
    found = judge.precisions((images, wanted), rows([1, 2, 3] * 10, seed=2), 0)
    assert found[2].drawn == 1
    assert found[2].problem(0.8) is None
    assert found[1].drawn == 0.5
    assert found[1].problem(0.8) == "read from 50% of its drawn images, and from 100% of held-out real ones"
    assert found[1].problem(0.4) is None
    assert found[3].drawn is None  # it was not asked for
    assert found[1].share == pytest.approx(0.5)


def test_a_value_that_cannot_be_read_from_real_rows_is_held_against_nothing(judge: AttributeJudge) -> None:
    images, wanted = rows([1] * 60, seed=3)
    wanted[:, 1] = 1
    found = judge.precisions((images, wanted), rows([1, 2, 3] * 40, seed=4), 1)
    assert not any(one.judged for one in found.values())
    assert all(one.problem(1.0) is None for one in found.values())


def test_without_held_out_rows_nothing_is_judged(judge: AttributeJudge) -> None:
    found = judge.precisions(rows([1, 3]), None, 0)
    assert found[3].real is None
    assert found[3].problem(1.0) is None


def test_unknown_values_teach_nothing_and_are_never_read() -> None:
    images, values = rows([1, 2, 3] * 30)
    values[2::3, 0] = 0
    judge = AttributeJudge(images, values, (4, 3), seed=0, steps=60)
    assert set(judge.read(images, 0)) <= {1, 2}
    assert set(judge.precisions((images, values), None, 0)) == {1, 2}


def test_torchs_own_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    AttributeJudge(*rows([1, 2, 3]), (4, 3), seed=0, steps=1)
    assert torch.equal(torch.get_rng_state(), before)


def precision(drawn: float, real: float, real_rows: int, elsewhere: float) -> ValuePrecision:
    return ValuePrecision(
        rows=10,
        share=0.1,
        drawn_rows=64,
        drawn=drawn,
        real_rows=real_rows,
        real=real,
        other_rows=100,
        elsewhere=elsewhere,
    )


@pytest.mark.parametrize(
    ("drawn", "real", "real_rows", "elsewhere", "refused"),
    [
        (0.2, 1.0, 5, 0.0, True),  # a rare value, plainly not drawn
        (0.2, 1.0, 1, 0.0, False),  # one row proves nothing
        (0.7, 1.0, 5, 0.0, False),  # five rows do not prove so little
        (0.7, 1.0, 100, 0.0, True),
        (0.85, 1.0, 100, 0.0, False),  # enough
        (0.5, 0.55, 100, 0.1, False),  # real rows are read no better: no absolute level counts
        (0.3, 0.55, 100, 0.1, True),
        (0.1, 0.2, 100, 0.1, False),  # the judge hardly knows the value
        (0.1, 0.6, 20, 0.4, False),
        (0.5, 1.0, 100, 1.0, False),  # a judge that always reads this value knows nothing of it
    ],
)
def test_few_rows_and_a_poor_judge_refuse_nothing(
    drawn: float, real: float, real_rows: int, elsewhere: float, refused: bool
) -> None:
    assert (precision(drawn, real, real_rows, elsewhere).problem(0.8) is not None) == refused
