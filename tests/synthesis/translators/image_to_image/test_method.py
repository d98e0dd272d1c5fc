"""Image to image: from pairs, from a pool, in edited masks; what travels, what is refused, exact resume."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ArrayField, ImageSpec, PoolSpec
from gan_augment.synthesis.api import Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.translators.image_to_image.method import (
    CHUNK,
    FittedImageToImage,
    ImageToImage,
    ImageToImageConfig,
    prepare_run,
)
from tests.synthesis.translators.image_to_image.toys import (
    SIDE,
    inverted,
    pool_rows,
    spec,
    squares,
    train_rows,
    validation_rows,
    with_masks,
)

SMALL: dict[str, Any] = {"kimg": 0.2, "batch_size": 8, "width": 8, "critic_width": 8, "checks": 2}
PIXELS = dict(zip(train_rows().samples.manifest["id"], np.asarray(train_rows().samples.payload), strict=True))
MASKS = squares(40, 1)[1]


def data_for(way: str) -> TrainingData:
    if way == "masks":
        return TrainingData(with_masks(train_rows(), MASKS), with_masks(validation_rows(), squares(20, 2)[1]))
    return TrainingData(train_rows(), validation_rows(), pool_rows(paired=way == "paired"))


def fit(way: str, run: Run | None = None, **settings: Any) -> FittedImageToImage:
    chosen = SMALL | ({"masks": "moved"} if way == "masks" else {}) | settings
    return ImageToImage().fit(data_for(way), ImageToImageConfig(**chosen), run or Run(0))


@functools.cache
def trained(way: str) -> FittedImageToImage:
    """Long enough to have learnt the toy."""
    settings = {"start": "as_is"} if way == "unpaired" else {"learning_rate": 3e-3}
    return fit(way, kimg=2.4, **settings)


@functools.cache
def short(way: str) -> FittedImageToImage:
    return trained(way) if way != "unpaired" else fit(way)


def drawn(model: FittedImageToImage, count: int, start: int = 0, index: int = 1) -> Any:
    return np.concatenate([np.asarray(b.payload) for b in model.sample(SampleRequest(index, count, 3, start))])


def sources_of(model: FittedImageToImage, count: int = 20) -> tuple[Any, Any]:
    (batch,) = model.sample(SampleRequest(1, count, 3))
    return np.asarray(batch.payload).astype(int), np.stack([PIXELS[one.split()[0]] for one in batch.parents or ()])


# ---- what it learns


def test_pairs_are_learnt_and_copies_are_not_handed_back() -> None:
    images, sources = sources_of(trained("paired"))
    truth = inverted(sources).astype(int)
    assert np.abs(images - truth).mean() < 0.25 * np.abs(sources.astype(int) - truth).mean()
    summary = trained("paired").summary
    assert summary["way"] == "paired"
    assert summary["l1"] < min(summary["copy_l1"], summary["nearest_pair_l1"])
    assert summary["refused_classes"] == {}


@pytest.mark.nightly
def test_from_a_pool_the_look_comes_and_the_square_stays_where_it_is() -> None:
    images, sources = sources_of(trained("unpaired"))
    assert abs(np.median(images) - 145) < 20  # the paper's light is that of the pool
    inside = np.stack([source > 100 for source in sources])
    contrast = [image[own].mean() - image[~own].mean() for image, own in zip(images, inside, strict=True)]
    assert np.mean(np.array(contrast) > 30) > 0.8
    assert trained("unpaired").summary["moved"] > 0.5
    assert trained("unpaired").summary["left"] < 0.5


def test_the_object_is_drawn_in_the_new_mask_and_the_ground_where_it_was() -> None:
    (batch,) = trained("masks").sample(SampleRequest(1, 30, 3))
    images, masks = np.asarray(batch.payload), np.asarray(batch.companions["mask"]) > 0
    places = [int(one.split()[0].rpartition("-")[2]) for one in batch.parents or ()]
    left = (MASKS[places] > 0) & ~masks
    assert images[masks].mean() > 110
    assert images[left].mean() < 60
    assert (masks != (MASKS[places] > 0)).any(axis=(1, 2, 3)).mean() > 0.9
    apart = np.abs(images.astype(int) - np.stack([PIXELS[one.split()[0]] for one in batch.parents or ()]))
    assert (apart == 0).mean() > 0.5  # what neither mask touches is the real image's
    assert trained("masks").summary["l1"] < trained("masks").summary["mean_of_the_rest_l1"]


# ---- samples


@pytest.mark.parametrize("way", ["paired", "unpaired", "masks"])
def test_the_nth_sample_does_not_depend_on_how_it_is_asked_for(way: str, tmp_path: Path) -> None:
    model, count = short(way), CHUNK + 6
    whole = drawn(model, count)
    np.testing.assert_array_equal(np.concatenate([drawn(model, 5), drawn(model, count - 5, start=5)]), whole)
    model.save(tmp_path)
    again = ImageToImage().load(tmp_path, data_for(way).train.spec)
    np.testing.assert_array_equal(drawn(again, 9), drawn(model, 9))


def test_sources_take_turns_and_a_second_use_of_one_differs() -> None:
    batches = list(trained("paired").sample(SampleRequest(0, 60, seed=3)))
    parents = [parent for batch in batches for parent in batch.parents or ()]
    assert set(Counter(parents).values()) == {3}
    images = np.concatenate([np.asarray(batch.payload) for batch in batches])
    assert len({image.tobytes() for image in images}) > 45


def test_mask_and_attributes_travel_with_their_image() -> None:
    model = fit("paired", shift=0)
    model.rows = with_masks(train_rows(), MASKS).samples
    model.__post_init__()
    for batch in model.sample(SampleRequest(1, 45, 0)):
        places = [int(parent.rpartition("-")[2]) for parent in batch.parents or ()]
        np.testing.assert_array_equal(batch.companions["mask"], MASKS[places])


def test_a_moved_source_takes_its_mask_along() -> None:
    model = fit("paired", shift=2)
    model.rows = with_masks(train_rows(), MASKS).samples
    model.__post_init__()
    batches = list(model.sample(SampleRequest(1, 60, 0)))
    places = [int(parent.rpartition("-")[2]) for batch in batches for parent in batch.parents or ()]
    masks = np.concatenate([np.asarray(batch.companions["mask"]) for batch in batches])
    np.testing.assert_array_equal(masks[:20], MASKS[places[:20]])
    steps = [
        (np.argwhere(mask)[:, :2].mean(0) - np.argwhere(MASKS[place])[:, :2].mean(0))
        for mask, place in zip(masks[20:], places[20:], strict=True)
    ]
    assert 1 <= np.abs(steps).max() <= 2


def test_a_mask_of_another_row_names_both_parents() -> None:
    model = fit("masks", masks="from_other_rows")
    (batch,) = model.sample(SampleRequest(0, 20, 0))
    for parents, mask in zip(batch.parents or (), np.asarray(batch.companions["mask"]), strict=True):
        ground, other = (int(one.rpartition("-")[2]) for one in parents.split())
        assert ground != other
        assert ground % 2 == other % 2 == 0
        np.testing.assert_array_equal(mask, MASKS[other])


def test_a_class_without_objects_is_refused_by_name() -> None:
    masks = MASKS.copy()
    masks[1::2] = 0
    data = TrainingData(with_masks(train_rows(), masks))
    model = ImageToImage().fit(data, ImageToImageConfig(**SMALL, masks="moved"), Run(0))
    assert "mask with something in it" in model.summary["refused_classes"]["1"]


# ---- the run


def test_a_killed_run_that_resumes_ends_with_the_same_weights(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"

    def kill(_: TickReport) -> None:
        if path.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("unpaired", Run(0, progress=kill, checkpoint=path), checks=4)
    resumed = fit("unpaired", Run(0, checkpoint=path), checks=4)
    again = fit("unpaired", checks=4)
    for one, other in zip(resumed.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert resumed.stats == again.stats


def test_held_out_figures_are_shown_while_it_trains() -> None:
    for way, names in (("paired", {"l1"}), ("unpaired", {"moved", "left"}), ("masks", {"l1"})):
        ticks: list[TickReport] = []
        fit(way, Run(0, progress=ticks.append))
        assert len(ticks) == 2
        assert all(names == set(tick.figures) and names <= set(tick.row or {}) for tick in ticks)


def test_a_translator_no_nearer_to_the_truth_than_a_copy_refuses_every_class() -> None:
    model = fit("paired", kimg=0.008, checks=1, learning_rate=1e-9)
    assert set(model.summary["refused_classes"]) == {"0", "1"}
    assert "no better than" in model.summary["refused_classes"]["0"]


def test_text_is_not_mirrored_and_without_crops_nothing_moves() -> None:
    config = ImageToImageConfig()
    assert config.window(spec()).flips
    read = spec(companions={"text": ArrayField(shape=(1,))}, target="text")
    assert not config.window(read).flips
    assert config.window(spec()).margin == (SIDE // 8, SIDE // 8)
    assert ImageToImageConfig(crops=False).window(spec()).margin == (0, 0)


# ---- refusals

POOL = PoolSpec(rows=40)
PAIRED = PoolSpec(rows=40, companions={"pair": ArrayField(shape=(SIDE, SIDE, 1))})


@pytest.mark.parametrize(
    ("settings", "found", "said"),
    [
        ({}, {}, "nothing to learn"),
        ({"way": "paired"}, {"pool": POOL}, "there are none"),
        ({"way": "unpaired"}, {}, "there is none"),
        ({"masks": "moved"}, {"pool": POOL}, "rows have none"),
        ({}, {"pool": PoolSpec(rows=19)}, "too small"),
        ({}, {"pool": PoolSpec(rows=99, channels=3)}, "colour"),
        ({}, {"pool": PAIRED.model_copy(update={"rows": 19})}, "too few pairs"),
        ({"patch": 34}, {"pool": POOL, "image": ImageSpec(height=8, width=8, channels=1)}, "too small for a critic"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_before_the_training(
    settings: dict[str, Any], found: dict[str, Any], said: str
) -> None:
    with pytest.raises(MethodError, match=said):
        ImageToImageConfig(**settings).check(spec(**found))


def test_data_that_can_be_learnt_from_is_not_refused() -> None:
    masks = {"mask": ArrayField(shape=(SIDE, SIDE, 1))}
    pairs = {"pair": ArrayField(shape=(SIDE, SIDE, 1))}
    for settings, found in (
        ({}, {"pool": POOL}),
        ({"way": "unpaired"}, {"pool": PAIRED}),
        ({}, {"companions": pairs}),
        ({"masks": "from_other_rows"}, {"companions": masks}),
    ):
        ImageToImageConfig(**settings).check(spec(**found))  # type: ignore[arg-type]


def test_rows_that_cannot_be_learnt_from_are_refused_at_the_training() -> None:
    for data, said in (
        (TrainingData(train_rows(), pool=pool_rows(19)), "too small"),
        (TrainingData(train_rows(), pool=pool_rows(12, paired=True)), "too few pairs"),
        (TrainingData(train_rows()), "nothing to learn"),
        (TrainingData(train_rows(pair=np.zeros((40, SIDE, SIDE, 3), np.uint8))), "pairs in colour"),
    ):
        with pytest.raises(MethodError, match=said):
            prepare_run(data, ImageToImageConfig(**SMALL), Run(0))
    empty = TrainingData(with_masks(train_rows(), np.zeros_like(MASKS)))
    with pytest.raises(MethodError, match="are empty"):
        prepare_run(empty, ImageToImageConfig(**SMALL, masks="moved"), Run(0))


@pytest.mark.parametrize(
    "settings",
    [
        {"masks": "moved", "way": "paired"},
        {"masks": "moved", "contrast_weight": 1},
        {"way": "paired", "contrast_weight": 1},
        {"way": "paired", "start": "as_is"},
    ],
)
def test_settings_without_effect_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="effect"):
        ImageToImageConfig(**settings)
