"""fit_classifier: fixed exposure, determinism, and toys whose answer is forced."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from gan_augment.recognition.supervised import (
    Sampling,
    draw_rows,
    fit_classifier,
    pixels,
    predict_probabilities,
    real_rows_last,
)

Labels = npt.NDArray[np.int64]


def bright_and_dark(counts: tuple[int, int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Class 0 is dark, class 1 bright, both noisy."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], counts)
    images = np.clip(rng.normal(90 + 80 * labels[:, None, None, None], 40, (len(labels), 8, 8, 1)), 0, 255)
    return pixels(images.astype(np.uint8)), torch.from_numpy(labels)


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    count=st.integers(0, 200),
    seed=st.integers(0, 10),
)
@settings(max_examples=60)
def test_exposure_is_even_over_rows_or_over_classes(labels: list[int], count: int, seed: int) -> None:
    array = np.asarray(labels, dtype=np.int64)
    natural = draw_rows(array, count, "natural", np.random.default_rng(seed))
    balanced = draw_rows(array, count, "balanced", np.random.default_rng(seed))
    assert len(natural) == len(balanced) == count
    shown_rows = np.bincount(natural, minlength=len(array))
    assert shown_rows.max() - shown_rows.min() <= 1
    present = np.unique(array)
    shown_classes = np.bincount(array[balanced], minlength=5)[present]
    assert shown_classes.max() - shown_classes.min() <= 1
    for index in present:
        within = np.bincount(balanced, minlength=len(array))[array == index]
        assert within.max() - within.min() <= 1


def test_pixels_reach_both_ends() -> None:
    image = np.array([0, 255], dtype=np.uint8).reshape(1, 1, 2, 1)
    assert pixels(image).flatten().tolist() == [-1.0, 1.0]


def test_same_seed_same_weights_and_another_seed_others() -> None:
    images, labels = bright_and_dark((20, 20))

    def head(seed: int) -> torch.Tensor:
        return fit_classifier(images, labels, 2, seed=seed, steps=5, batch_size=8, width=4).head.weight

    assert torch.equal(head(1), head(1))
    assert not torch.equal(head(1), head(2))


def test_learns_what_can_be_learned() -> None:
    model = fit_classifier(*bright_and_dark((30, 30)), 2, seed=0, steps=40, batch_size=16, width=4)
    images, labels = bright_and_dark((50, 50), seed=1)
    probabilities = predict_probabilities(model, images, batch_size=7)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels.numpy()).mean() > 0.95


@pytest.mark.parametrize(
    "settings_", [{"sampling": "balanced"}, {"class_weight": torch.tensor([0.55, 5.5])}], ids=["sampling", "weight"]
)
def test_balance_raises_the_rare_classes_probability(settings_: dict[str, Any]) -> None:
    images = torch.zeros(110, 1, 8, 8)  # all alike: only the base rate can be learned
    labels = torch.from_numpy(np.repeat([0, 1], [100, 10]))

    def rare(**kwargs: Any) -> float:
        model = fit_classifier(
            images, labels, 2, seed=0, steps=80, batch_size=32, learning_rate=0.05, width=4, **kwargs
        )
        return float(predict_probabilities(model, images[:1])[0, 1])

    assert rare() == pytest.approx(1 / 11, abs=0.07)
    assert rare(**settings_) == pytest.approx(1 / 2, abs=0.12)


def test_augment_sees_the_true_pixels_and_its_answer_is_trained_on() -> None:
    images, labels = bright_and_dark((20, 20))
    stored = {row.tobytes() for row in ((images + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()}
    seen: list[npt.NDArray[np.uint8]] = []

    def to_black(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        seen.append(batch.copy())
        return np.zeros_like(batch)

    model = fit_classifier(images, labels, 2, seed=0, steps=10, batch_size=8, width=4, augment=to_black)
    assert len(seen) == 10
    assert all(batch.shape == (8, 8, 8, 1) and batch.dtype == np.uint8 for batch in seen)
    assert {row.tobytes() for batch in seen for row in batch} <= stored
    probabilities = predict_probabilities(model, torch.full((1, 1, 8, 8), -1.0))
    assert abs(probabilities[0, 0] - 0.5) < 0.3  # all black under both labels: nothing to tell them apart by


def test_no_images_give_no_rows() -> None:
    model = fit_classifier(*bright_and_dark((8, 8)), 2, seed=0, steps=1, batch_size=4, width=4)
    assert predict_probabilities(model, torch.zeros(0, 1, 8, 8)).shape == (0, 2)


def test_a_few_images_a_class_are_enough_where_they_move() -> None:
    """Real digits anywhere on a larger ground, 20 a class. A network that strides from its first layer had .31."""
    digits = load_digits()
    places = np.random.default_rng(0).integers(0, 9, (len(digits.target), 2))
    ground = np.zeros((len(digits.target), 24, 24, 1), dtype=np.uint8)
    for image, place, (top, left) in zip(ground, digits.images, places, strict=True):
        image[top : top + 16, left : left + 16, 0] = np.kron(place * 255 / 16, np.ones((2, 2)))
    order = np.random.default_rng(1).permutation(len(digits.target))
    train = np.concatenate([order[digits.target[order] == c][:20] for c in range(10)])
    test = np.setdiff1d(order, train)[:600]
    labels = torch.from_numpy(digits.target[train].astype(np.int64))
    model = fit_classifier(pixels(ground[train]), labels, 10, seed=0, steps=200)
    right = predict_probabilities(model, pixels(ground[test])).argmax(1) == digits.target[test]
    assert right.mean() > 0.6


@pytest.mark.parametrize("sampling", ["natural", "balanced"])
def test_fine_tuning_shows_real_rows_as_often_and_at_the_end(sampling: Sampling) -> None:
    labels, real = np.repeat([0, 1, 0, 1], [30, 6, 10, 34]), np.repeat([True, False], [36, 44])
    rows = draw_rows(labels, 400, sampling, np.random.default_rng(0))
    moved = real_rows_last(rows, labels, real, sampling, np.random.default_rng(1))
    assert len(moved) == 400
    assert real[moved].sum() == real[rows].sum()
    last = real[rows].sum() // 2
    assert real[moved[-last:]].all()
    shares = [real[phase].mean() for phase in np.array_split(moved[:-last], 4)]
    assert np.ptp(shares) < 0.2  # the mixture stays one to its end
    if sampling == "balanced":
        assert abs(np.bincount(labels[moved[-last:]]) - last / 2).max() <= 1
    for same in (np.ones(80, dtype=bool), np.zeros(80, dtype=bool)):
        np.testing.assert_array_equal(real_rows_last(rows, labels, same, sampling, np.random.default_rng(1)), rows)


def test_a_training_of_two_phases_takes_as_many_steps_and_as_many_real_rows() -> None:
    images, labels, real = np.zeros((60, 8, 8, 1), np.uint8), np.repeat([0, 1], 30), np.arange(60) % 3 == 0
    seen: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for fine_tuned, batches in seen.items():

        def show(rows: np.ndarray, batches: list[np.ndarray] = batches) -> np.ndarray:
            batches.append(rows)
            return images[rows]

        fit_classifier(
            pixels(images), torch.from_numpy(labels), 2,
            seed=3, steps=12, batch_size=10, width=2, show=show, finish_on=real if fine_tuned else None,
        )  # fmt: skip
    pooled, tuned = (np.concatenate(batches) for batches in seen.values())
    assert len(seen[False]) == len(seen[True]) == 12
    assert real[pooled].sum() == real[tuned].sum() == 40
    assert real[tuned[-20:]].all()
