"""What the image GANs share: settings by image size, networks by seed, samples in blocks, files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError

from gan_augment.core.errors import ModelError
from gan_augment.core.records import ImageSpec
from gan_augment.encoding.image import PixelLevels
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.kit.image_gan import (
    SAMPLING_BLOCK,
    ImageGanConfig,
    build_networks,
    draw_images,
    read_model,
    sample_image_blocks,
    train_run,
    write_model,
)

DIGIT, PHOTO, LARGE = (ImageSpec(height=side, width=side, channels=c) for side, c in ((8, 1), (32, 3), (96, 3)))


def small(**changes: Any) -> ImageGanConfig:
    return ImageGanConfig.model_validate({"width": 8, "latent": 4} | changes)


@pytest.mark.parametrize(
    ("image", "architecture", "operations"),
    [
        (DIGIT, "mlp", ("translation",)),
        (PHOTO, "conv", ("translation", "cutout", "colour")),
        (LARGE, "residual", ("translation", "cutout", "colour")),
    ],
)
def test_what_is_not_set_follows_from_the_size(
    image: ImageSpec, architecture: str, operations: tuple[str, ...]
) -> None:
    config = ImageGanConfig()
    assert config.chosen_architecture(image) == architecture
    settings = config.run_settings(image, kimg=1)
    assert settings.operations == operations
    assert settings.gamma_end == settings.gamma / 10
    assert settings.adaptive
    assert not settings.bfloat16  # on a CPU


def test_what_is_set_counts_down_to_zero() -> None:
    given = {"gamma": 0.0, "gamma_end": 0.0, "penalty_interval": 3, "augment": [], "augment_probability": 0.0}
    settings = small(learning_rate=0.5, **given).run_settings(PHOTO, kimg=1)
    assert (settings.gamma, settings.gamma_end, settings.penalty_interval) == (0, 0, 3)
    assert (settings.operations, settings.augment_probability, settings.adaptive) == ((), 0.0, False)
    assert settings.learning_rate == 0.5
    assert small(width=24).chosen_width(LARGE) == 24
    assert small(architecture="conv").chosen_architecture(DIGIT) == "conv"
    assert small(precision="bfloat16").run_settings(DIGIT, kimg=1).bfloat16


@pytest.mark.parametrize("wrong", [{"batch_size": 1}, {"width": 7}, {"latent": 0}, {"augment": ["zoom"]}, {"kimgs": 1}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ImageGanConfig.model_validate(wrong)


def weights(seed: int, image: ImageSpec = DIGIT) -> torch.Tensor:
    networks = build_networks(image, small(), classes=2, latent=4, embedding=3, seed=seed)
    return torch.cat([parameter.flatten() for network in networks for parameter in network.parameters()])


def test_the_seed_gives_the_weights_and_torchs_own_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    first = weights(1)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))
    assert torch.equal(torch.get_rng_state(), before)


def noise_block(rng: torch.Generator) -> npt.NDArray[np.uint8]:
    return torch.randint(0, 256, (SAMPLING_BLOCK, 1, 1, 1), generator=rng).numpy().astype(np.uint8)


@pytest.mark.parametrize(("start", "count"), [(0, 3), (250, 20), (256, 256), (700, 1), (5, 0)])
def test_a_part_is_that_part_of_the_whole(start: int, count: int) -> None:
    def drawn(start: int, count: int) -> npt.NDArray[np.uint8]:
        request = SampleRequest(index=1, count=count, seed=4, start=start)
        parts = [np.asarray(batch.payload) for batch in sample_image_blocks(request, noise_block)]
        return np.concatenate([np.zeros((0, 1, 1, 1), np.uint8), *parts])

    np.testing.assert_array_equal(drawn(start, count), drawn(0, 800)[start : start + count])


def test_images_are_those_of_the_class_on_the_levels_in_use() -> None:
    class Bright(torch.nn.Module):
        def forward(self, noise: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return (labels.float() * 2 - 1).reshape(-1, 1, 1, 1) * 0.9 + 0 * noise.reshape(-1, 1, 2, 2)

    for index, level in ((0, 10), (1, 250)):
        images = draw_images(Bright(), torch.zeros(3, 4), index, PixelLevels((10, 100, 250)), "cpu")  # type: ignore[arg-type]
        assert images.shape == (3, 2, 2, 1)
        assert (images == level).all()


@pytest.mark.parametrize(("architecture", "threads"), [("mlp", 1), ("conv", None)])
def test_an_mlp_trains_on_one_thread_and_what_was_trained_may_be_trained_on(
    architecture: Any, threads: int | None
) -> None:
    seen: list[int] = []
    frozen = [torch.nn.Linear(1, 1).requires_grad_(False) for _ in range(2)]
    run = SimpleNamespace(train=lambda: seen.append(torch.get_num_threads()), best=frozen[0], discriminator=frozen[1])
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert train_run(run, architecture) is run  # type: ignore[type-var]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [threads or 3]
    assert all(parameter.requires_grad for network in frozen for parameter in network.parameters())


@pytest.mark.parametrize("levels", [None, (0, 255)])
def test_a_models_facts_come_back(tmp_path: Path, levels: tuple[int, ...] | None) -> None:
    model = SimpleNamespace(summary={"images_seen": 9}, stats=[{"kid": 0.5}])
    write_model(tmp_path, "x", small(gamma=2.0), PixelLevels(levels), model, label=1)
    about, config, found = read_model(tmp_path, "x", ImageGanConfig)
    assert (about["summary"], about["stats"], about["label"]) == ({"images_seen": 9}, [{"kid": 0.5}], 1)
    assert config == small(gamma=2.0)
    assert found == PixelLevels(levels)
    with pytest.raises(ModelError, match="another method"):
        read_model(tmp_path, "y", ImageGanConfig)
