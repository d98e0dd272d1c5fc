"""Train on synthetic, test on real: good rows teach as real ones do, wrong labels do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.train_on_synthetic import train_on_synthetic
from tests.curation.toys import IMAGES, TABLE, good_candidates, views

QUICK = JudgeConfig(members=1, steps=40, shifts=False, table_model="linear")
BOTH = pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])


def figures(spec: DatasetSpec, change: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]) -> dict[str, float]:
    made = good_candidates(spec)
    return train_on_synthetic(
        *views(spec), made.payload, change(made.label_indices(spec)), QUICK, seeds=1, seed=0
    )  # fmt: skip


@BOTH
def test_good_rows_teach_as_much_as_real_ones_and_wrong_labels_the_wrong_thing(spec: DatasetSpec) -> None:
    good, wrong = figures(spec, lambda labels: labels), figures(spec, lambda labels: (labels + 1) % 3)
    assert good["real"] == wrong["real"] > 0.9  # the real side is the same
    assert good["synthetic"] > 0.9
    assert wrong["synthetic"] < 0.1


def test_a_class_without_synthetic_rows_is_never_recognised() -> None:
    found = figures(TABLE, lambda labels: np.where(labels == 2, 1, labels))
    assert found["synthetic"] == pytest.approx(2 / 3, abs=0.08)


def test_each_training_is_told_and_has_a_seed_of_its_own() -> None:
    seeds: list[int] = []

    class Noted:
        def fit(self, payload: Payload, labels: npt.NDArray[np.int64], *, seed: int, shifted: bool = False) -> object:
            del labels, shifted
            seeds.append(seed)
            return lambda asked: np.eye(3, dtype=np.float32)[np.zeros(len(asked), dtype=int)]

        def spaces(self, train: TrainView, *, seed: int) -> object:
            raise NotImplementedError

    told: list[str] = []
    train, validation = views(TABLE)
    found = train_on_synthetic(
        train, validation, train.samples.payload, train.labels, QUICK,
        seeds=3, seed=5, tick=told.append, recogniser=Noted(),  # type: ignore[arg-type]
    )  # fmt: skip
    assert len(told) == 6
    assert len(set(seeds[:3])) == 3
    assert seeds[:3] == seeds[3:]  # both sides have the same seeds
    assert found == {"real": pytest.approx(1 / 3), "synthetic": pytest.approx(1 / 3)}
