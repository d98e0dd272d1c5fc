from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.perspective import (
    EVEN_SPACING,
    compare_perspective,
    cross_ratio,
    line_cues,
    line_segments,
)
from tests.fidelity.pictures import grids


def test_the_cross_ratio_survives_every_perspective() -> None:
    rng = np.random.default_rng(0)
    line = np.column_stack([np.arange(4.0), np.zeros(4), np.ones(4)])
    for _ in range(500):
        seen = line @ (np.eye(3) + rng.uniform(-0.15, 0.15, (3, 3)))
        points = seen[:, :2] / seen[:, 2:]
        along = (points - points[0]) @ (points[3] - points[0])
        assert cross_ratio(along[None])[0] == pytest.approx(EVEN_SPACING, abs=1e-6)
    assert cross_ratio(np.array([[0.0, 1.0, 2.6, 3.0]]))[0] != pytest.approx(EVEN_SPACING, abs=0.05)


def test_a_line_is_found_where_it_is() -> None:
    image = np.full((64, 64, 1), 20, dtype=np.uint8)
    image[:, 32:] = 200
    segments = line_segments(image)
    assert len(segments) >= 1
    np.testing.assert_allclose(segments[:, [0, 2]], 0.5, atol=0.03)
    assert np.abs(segments[:, 1] - segments[:, 3]).max() > 0.8
    assert line_segments(np.full((40, 40, 3), 90, dtype=np.uint8)).shape == (0, 4)


def test_cues_of_a_straight_window() -> None:
    grid = grids(1, seed=0)[0]
    cues = line_cues(line_segments(grid), seed=0)
    assert cues.shape == (22,)
    assert cues[:18].sum() == pytest.approx(1)
    assert cues[20] > 0.35  # half of the bars share a vanishing point
    np.testing.assert_array_equal(line_cues(np.zeros((0, 4)), seed=0)[-2:], -1)


def test_spacing_is_even_in_every_view_and_uneven_where_bars_are() -> None:
    even = [line_cues(line_segments(image), seed=0)[-1] for image in grids(40, seed=3)]
    bent = [line_cues(line_segments(image), seed=0)[-1] for image in grids(40, seed=3, fault="waves")]
    assert np.median(even) < np.median([cue for cue in bent if cue >= 0] or [1])


def test_real_against_real_is_not_told_apart() -> None:
    found = compare_perspective(grids(150, seed=1), grids(150, seed=2), seed=0)
    assert found is not None
    assert found.auc is not None
    assert found.pvalue is not None
    assert found.auc == pytest.approx(0.5, abs=0.12)
    assert found.pvalue > 0.01
    assert found.real_with_lines > 0.9


@pytest.mark.parametrize("fault", ["quadrants", "waves"])
def test_broken_and_bent_lines_are_told_apart(fault: str) -> None:
    found = compare_perspective(grids(150, seed=1), grids(150, seed=2, fault=fault), seed=0)
    assert found is not None
    assert found.auc is not None
    assert found.pvalue is not None
    assert found.auc > 0.65
    assert found.pvalue < 0.001


def test_without_lines_nothing_is_compared() -> None:
    noise = np.random.default_rng(0).integers(0, 30, (40, 32, 32, 1), dtype=np.uint8)
    found = compare_perspective(noise[:20], noise[20:], seed=0)
    assert found is not None
    assert found.auc is None
    assert compare_perspective(noise[:10], noise[20:], seed=0) is None
