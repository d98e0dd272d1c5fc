from __future__ import annotations

import pytest

from gan_augment.data.config import DemoSource, PrepareConfig
from gan_augment.data.deep_images import Numbers
from gan_augment.data.depth import choose_scale

Found = list[tuple[Numbers, tuple[float, float]]]


def config(**settings: float) -> PrepareConfig:
    return PrepareConfig.model_validate({"source": DemoSource(name="digits"), **settings})


@pytest.mark.parametrize(
    ("extents", "floats"),
    [
        ([(0, 1), (0, 0.1)], (0, 1)),
        ([(0, 0.9), (3, 200)], (0, 255)),
        ([(0, 1), (0, 1.02)], (0, 1.02)),
        ([(-1, 1), (0, 0.5)], (-1, 1)),
        ([(-1000, 10), (0, 2000)], (-1000, 2000)),
        ([(0, 60_000)], (0, 65535)),
        ([(0, 70_000)], (0, 70_000)),
        ([(3, 3)], (3, 4)),
    ],
)
def test_floats_have_one_scale_for_the_data_set(
    extents: list[tuple[float, float]], floats: tuple[float, float]
) -> None:
    scale = choose_scale([("float", extent) for extent in extents], config())
    assert scale.floats == floats
    assert bool(scale.problems) == (floats not in ((0, 1), (0, 255), (0, 65535)))


def test_integers_go_by_the_named_scale_where_it_holds_them_and_else_by_their_own_with_a_warning() -> None:
    found: Found = [("integer", (-1000, 300)), ("integer", (0, 1000))]
    scale = choose_scale(found, config())
    assert scale.integers == (-1000, 1000)
    (problem,) = scale.problems
    assert "prepare.black: -1000 and prepare.white: 1000" in str(problem.remedy)
    assert choose_scale(found, config(black=-1000, white=1000)).problems == ()
    assert choose_scale(found, config(black=-1024, white=3071)).integers == (-1024, 3071)


def test_large_numbers_are_said_as_yaml_reads_them() -> None:
    (problem,) = choose_scale([("integer", (0, 1e6))], config()).problems
    assert "prepare.white: 1000000" in str(problem.remedy)


def test_16_bits_that_use_few_of_them_or_more_than_white() -> None:
    (dark,) = choose_scale([("16-bit", (0, 100)), ("16-bit", (0, 4000))], config()).problems
    assert "prepare.white: 4095" in str(dark.remedy)
    (bright,) = choose_scale([("16-bit", (0, 5000))], config(white=4095)).problems
    assert "prepare.white: 5000" in str(bright.remedy)
    assert choose_scale([("16-bit", (0, 4000))], config(white=4095)).problems == ()


def test_kinds_do_not_disturb_each_other() -> None:
    scale = choose_scale([("16-bit", (0, 65535)), ("float", (0, 1)), ("integer", (-5, 5))], config())
    assert (scale.integers, scale.floats) == ((-5, 5), (0, 1))
    assert len(scale.problems) == 1
