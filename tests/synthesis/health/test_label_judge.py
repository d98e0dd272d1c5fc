"""A generator equal to the data is never refused, shuffled labels always are, however much the classes overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from gan_augment.synthesis.health.alarms import class_alarm
from gan_augment.synthesis.health.label_judge import LabelJudge

Rows = npt.NDArray[np.float64]
SHAPED = 2000  # real rows of a class whose distances are looked at; the judge gets all of them


class Overlap:
    """Two normal clouds whose balanced Bayes error is known; the rare class is number 1."""

    def __init__(self, error: float, rare: int, ratio: int, seed: int, width: int = 3) -> None:
        self.rng, self.width = np.random.default_rng(seed), width
        self.shift = -2 * float(norm.ppf(error))
        self.sizes = (ratio * rare, rare)
        self.train, self.train_labels = self.draw(self.sizes)
        self.held_out, self.held_out_labels = self.draw([max(1, size // 5) for size in self.sizes])
        self.judge = LabelJudge(self.train, self.train_labels, self.held_out, self.held_out_labels, seed=seed)

    def of_class(self, label: int, count: int) -> Rows:
        rows = self.rng.normal(size=(count, self.width))
        rows[:, 0] += self.shift * label
        return rows

    def draw(self, sizes: tuple[int, ...] | list[int]) -> tuple[Rows, npt.NDArray[np.int64]]:
        rows = np.concatenate([self.of_class(label, size) for label, size in enumerate(sizes)])
        return rows, np.repeat([0, 1], sizes)

    def alarm(self, synthetic: Rows, label: int = 1) -> str | None:
        own = [part[labels == label][:SHAPED] for part, labels in self.parts]
        return class_alarm(own[0], own[1], synthetic, self.judge.likeness(synthetic, label))

    @property
    def parts(self) -> list[tuple[Rows, npt.NDArray[np.int64]]]:
        return [(self.train, self.train_labels), (self.held_out, self.held_out_labels)]

    def shuffled(self, count: int) -> Rows:
        """Rows of either class, as often as it occurs: what carries a label that was dealt out at random."""
        return self.draw([round(count * size / sum(self.sizes)) for size in self.sizes])[0]


OVERLAPS = [(error, rare, ratio) for error, rare in ((0.2, 60), (0.3, 120), (0.4, 500)) for ratio in (3, 10, 50)]


@pytest.mark.parametrize(("error", "rare", "ratio"), [*OVERLAPS, (0.45, 1500, 3)])
def test_overlapping_classes(error: float, rare: int, ratio: int) -> None:
    for seed in range(3):
        data = Overlap(error, rare, ratio, seed)
        for label in (0, 1):
            assert data.alarm(data.of_class(label, 4000), label) is None
        alarm = data.alarm(data.shuffled(4000))
        assert alarm is not None
        assert alarm.startswith("wrong class")


@pytest.mark.parametrize("error", [0.2, 0.3, 0.4, 0.45])
@pytest.mark.parametrize("rare", [3, 5, 12])
def test_a_handful_of_rows_raises_no_alarm_on_noise(error: float, rare: int) -> None:
    for seed in range(12):
        data = Overlap(error, rare, 20, seed)
        assert data.alarm(data.of_class(1, 400)) is None


def test_the_rows_of_the_other_class_are_no_rows_of_a_rare_one() -> None:
    """Three validation rows say nothing: the class's train rows, cross-fitted, do."""
    data = Overlap(0.1, 15, 20, seed=0)
    assert (data.held_out_labels == 1).sum() == 3
    assert data.alarm(data.of_class(0, 400)) is not None
    assert data.alarm(data.of_class(1, 400)) is None


def test_a_class_between_others_that_is_never_the_most_probable_one_is_not_refused() -> None:
    rng = np.random.default_rng(0)

    def rows(count: int) -> Rows:
        return np.concatenate([rng.normal(shift, 1, (count, 2)) for shift in (-1, 0, 1)])

    labels = np.repeat([0, 1, 2], 200)
    train, held_out = rows(200), rows(200)
    judge = LabelJudge(train, labels, held_out, labels, seed=0)
    for label in range(3):
        synthetic = rows(400)[400 * label : 400 * (label + 1)]
        found = judge.likeness(synthetic, label)
        assert class_alarm(train[labels == label], held_out[labels == label], synthetic, found) is None


def test_one_class_alone_has_nothing_to_be_told_from() -> None:
    rows, labels = np.zeros((20, 2)), np.zeros(20, np.int64)
    assert LabelJudge(rows, labels, rows, labels, seed=0).likeness(rows, 0) is None
