"""The controls are what their names say, and the tally counts the right verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.gain.calibrate import CONTROLS, Control, Outcome, control_rows, split_rows, tally
from gan_augment.gain.verdict import Verdict
from tests.downstream.toys import IMAGE_SPEC, TABLE_SPEC
from tests.toys import LABELS, table_frame


def many(rows: int = 300) -> Samples:
    """Images whose every pixel says which row they are."""
    images = np.zeros((rows, 8, 8, 1), dtype=np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.arange(rows) // 250, np.arange(rows) % 250
    labels = [LABELS[row % 2] for row in range(rows)]
    ids = [str(row) for row in range(rows)]
    return Samples(make_manifest(rows, id=ids, label=labels, split="train", origin="real"), images)


def row_numbers(samples: Samples) -> np.ndarray[Any, Any]:
    pixels = np.asarray(samples.payload).astype(int)
    return pixels[:, 0, 0, 0] * 250 + pixels[:, 0, 1, 0]


@pytest.mark.parametrize("control", CONTROLS)
def test_parts_are_apart_balanced_where_they_judge_and_long_tailed_where_they_teach(control: Control) -> None:
    labels = many().label_indices(IMAGE_SPEC)
    split = split_rows(labels, control, np.random.default_rng(0))
    everything = np.concatenate([split.train, split.validation, split.test, split.held])
    assert sorted(everything) == list(range(300))
    assert np.ptp(np.bincount(labels[split.test])) == 0
    assert np.ptp(np.bincount(labels[split.validation])) == 0
    common, rare = np.bincount(labels[split.train])
    assert 2 <= rare < common / 2


def test_too_little_data_is_refused() -> None:
    with pytest.raises(DataError, match="at least 40"):
        split_rows(np.repeat([0, 1], [100, 39]), "null", np.random.default_rng(0))


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_hands_out_what_its_name_says(control: Control) -> None:
    samples = many()
    labels = samples.label_indices(IMAGE_SPEC)
    split = split_rows(labels, control, np.random.default_rng(0))
    made = control_rows(control, samples, split, IMAGE_SPEC, np.random.default_rng(1))
    claimed = made.label_indices(IMAGE_SPEC)
    assert set(claimed) == ({1} if control == "prior" else {0, 1})
    assert (made.manifest["origin"] == "synthetic").all()
    assert made.manifest["id"].is_unique
    if control == "near_null":
        pixels = np.asarray(made.payload).astype(int)[:, 4:]  # black in every source
        assert 0 < pixels.max() < 12
        return
    rows = row_numbers(made)
    assert set(rows) <= set(split.held if control == "oracle" else split.train)
    assert ((labels[rows] == claimed).all()) == (control != "harmful")
    assert ((labels[rows] != claimed).all()) == (control == "harmful")


def test_near_null_tables_move_by_a_hundredth_of_a_column_and_keep_the_rest() -> None:
    frame, labels = table_frame(300)
    samples = Samples(make_manifest(300, label=labels, split="train", origin="real"), frame)
    split = split_rows(samples.label_indices(TABLE_SPEC), "near_null", np.random.default_rng(0))
    made = control_rows("near_null", samples, split, TABLE_SPEC, np.random.default_rng(1)).payload
    assert isinstance(made, pd.DataFrame)
    assert (made.dtypes == frame.dtypes).all()
    distances = np.abs(made["length"].to_numpy()[:, None] - frame["length"].to_numpy()[None]).min(axis=1)
    assert 0 < distances.max() < 0.06 * frame["length"].std()
    assert set(made["count"]) <= set(frame["count"])
    assert set(made["colour"].dropna()) <= set(frame["colour"].dropna())


def outcomes(control: Control, gain: float = 0.0, **counts: int) -> list[Outcome]:
    names: dict[str, Verdict] = {"helps": "helps", "nothing": "no measurable difference", "hurts": "hurts"}
    return [
        Outcome(control, names[name], 1.0, gain, gain - 1, gain + 1, 2.0) for name, count in counts.items()
        for _ in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "share", "passed"),
    [
        (outcomes("null", helps=5, nothing=90, hurts=5), 0.05, True),
        (outcomes("null", helps=6, nothing=94), 0.06, False),
        (outcomes("near_null", nothing=10), 0.0, True),
        (outcomes("prior", helps=6, nothing=94), 0.06, False),
        (outcomes("oracle", 5.0, helps=90, nothing=10), 0.9, True),
        (outcomes("oracle", 5.0, helps=89, nothing=11), 0.89, False),
        (outcomes("oracle", 3.0, helps=10, nothing=90), 0.1, None),  # too small a gain to be expected
        (outcomes("harmful", -5.0, hurts=60, nothing=35, helps=5), 0.95, True),
        (outcomes("harmful", -5.0, hurts=94, helps=6), 0.94, False),
    ],
)
def test_tally(found: list[Outcome], share: float, passed: bool | None) -> None:
    counted = tally(found)
    assert counted.share == pytest.approx(share)
    assert counted.passed is passed
    assert counted.low <= share <= counted.high
    assert sum(counted.verdicts.values()) == counted.runs == len(found)


def test_the_binomial_interval_is_exact() -> None:
    counted = tally(outcomes("null", helps=0, nothing=200))
    assert counted.low == 0
    assert counted.high == pytest.approx(1 - 0.025 ** (1 / 200))  # Clopper and Pearson's closed form for no event
