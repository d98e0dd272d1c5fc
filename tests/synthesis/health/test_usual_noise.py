"""The same noise at each look: what differs is the generator's doing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_augment.encoding.image import PixelLevels
from gan_augment.nn.image_networks import Generator, build_generator
from gan_augment.synthesis.health.usual_noise import SHEET_COLUMNS, SHEET_ROWS, UsualNoise
from tests.toys import image_toy

LABELS = np.array([1, 0, 1], dtype=np.int64)


def generator(seed: int = 0, classes: int = 2) -> Generator:
    torch.manual_seed(seed)
    return build_generator(
        image_toy()[0].spec.images, classes=classes, architecture="mlp", width=16, latent=4, embedding=3
    )  # fmt: skip


def test_two_looks_at_one_generator_are_equal_and_at_another_differ() -> None:
    noise = UsualNoise(PixelLevels(None), seed=3)
    first = noise.draw(generator(), LABELS)
    assert first.shape == (3, 8, 8, 1)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, noise.draw(generator(), LABELS))
    assert (first != noise.draw(generator(1), LABELS)).any()
    assert (first != UsualNoise(PixelLevels(None), seed=4).draw(generator(), LABELS)).any()


def test_a_look_moves_no_other_generator_of_random_numbers() -> None:
    network = generator()
    before = torch.get_rng_state()
    UsualNoise(PixelLevels(None), seed=0).draw(network, LABELS)
    assert torch.equal(torch.get_rng_state(), before)


def test_pixels_have_the_levels_in_use() -> None:
    images = UsualNoise(PixelLevels((3, 200)), seed=0).draw(generator(), LABELS)
    assert set(np.unique(images)) <= {3, 200}


def test_a_generator_that_broke_is_drawn_grey() -> None:
    broken = generator()
    with torch.no_grad():
        for parameter in broken.parameters():
            parameter.fill_(float("nan"))
    images = UsualNoise(PixelLevels(None), seed=0).draw(broken, LABELS)
    assert (images == 128).all()


@pytest.mark.parametrize("classes", [2, SHEET_ROWS + 5])
def test_a_sheet_has_a_row_a_class_and_no_more_than_people_look_at(classes: int) -> None:
    network, noise = generator(classes=classes), UsualNoise(PixelLevels(None), seed=1)
    sheet = noise.sheet(network, np.arange(classes))
    rows = min(classes, SHEET_ROWS)
    assert sheet.shape == (rows, SHEET_COLUMNS, 8, 8, 1)
    whole = noise.draw(network, np.repeat(np.arange(rows), SHEET_COLUMNS))
    np.testing.assert_array_equal(sheet.reshape(whole.shape), whole)


def test_a_method_brings_noise_of_its_own() -> None:
    asked: list[int] = []

    def source(count: int, rng: torch.Generator) -> torch.Tensor:
        asked.append(count)
        return torch.zeros(count, 4) + torch.rand(1, generator=rng)

    images = UsualNoise(PixelLevels(None), 0, source).draw(generator(), np.zeros(5, dtype=np.int64))
    assert asked == [5]
    assert (images == images[:1]).all()
