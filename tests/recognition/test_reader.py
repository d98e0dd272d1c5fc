"""Recognisers of strings: both learn a toy, give frames that sum to one, and are the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.records import TextSpec
from gan_augment.recognition.reader import TextReader, fit_reader, read_frames
from gan_augment.recognition.supervised import pixels
from gan_augment.scoring.metrics import score
from gan_augment.scoring.reading import Reader
from gan_augment.scoring.tasks.text import Text
from tests.scoring.toys import string_samples, string_spec

SPEC = string_spec(shortest=4)
TASK = Text(SPEC)
ROWS, ASKED = string_samples(SPEC, 120), string_samples(SPEC, 60, seed=1)


def fitted(reader: Reader, seed: int = 1, **settings: Any) -> TextReader:
    images, labels = pixels(np.asarray(ROWS.payload)), torch.arange(120) % 2
    settings = {"steps": 60, "batch_size": 32, "width": 4, "learning_rate": 6e-3} | settings
    return fit_reader(
        images, labels, torch.from_numpy(TASK.targets(ROWS)), SPEC.strings, reader=reader, seed=seed, **settings
    )


@pytest.mark.parametrize("reader", ["ctc", "places"])
def test_a_toy_is_read(reader: Reader) -> None:
    model = fitted(reader, class_weight=torch.tensor([1.5, 0.5]))
    found = read_frames(model, pixels(np.asarray(ASKED.payload)), batch_size=7)
    frames = found.reshape(60, model.frames, 4)
    np.testing.assert_allclose(frames.sum(axis=2), 1, atol=1e-5)
    assert found.dtype == np.float32
    if reader == "places":
        assert (frames[:, 1:7:2, 0] == 1).all()  # an empty frame between the places
        assert (frames[:, 7:, 0] == 1).all()
    assert score(TASK.metrics["exact_match"], found, TASK.targets(ASKED)) > 0.8  # by chance 1 in 81
    assert TASK.agreement(found, TASK.targets(ASKED)).mean() > 0.8
    wrong = np.roll(TASK.targets(ASKED), 1, axis=0)
    assert TASK.agreement(found, wrong).mean() < 0.4


def test_the_seed_decides() -> None:
    first, same, other = (fitted("ctc", seed, steps=3).head.weight for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(("height", "width", "longest"), [(4, 12, 6), (24, 96, 7), (8, 9, 5), (32, 32, 1), (64, 8, 2)])
@pytest.mark.parametrize("reader", ["ctc", "places"])
def test_any_rectangle_goes_through(reader: Reader, height: int, width: int, longest: int) -> None:
    text = TextSpec(alphabet="ab", shortest=longest, longest=longest)
    model = TextReader(3, height, width, text, reader=reader, width=4, generator=torch.Generator().manual_seed(0))
    found = read_frames(model.eval(), torch.zeros(2, 3, height, width))
    assert found.shape == (2, model.frames * 3)
    assert read_frames(model, torch.zeros(0, 3, height, width)).shape == (0, model.frames * 3)
