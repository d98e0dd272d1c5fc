"""Rectangles from every source: the pixels, what lies beside them with the same geometry, and copies among them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_augment.data.config import PrepareConfig
from gan_augment.data.duplicates import find_duplicates
from gan_augment.data.images import Canonical, read_pixels
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.problems import raise_errors
from gan_augment.data.raw import ArrayImage
from tests.data import beside
from tests.data.pictures import noise, photo, save

sides = st.integers(1, 10).map(lambda fourth: 4 * fourth)


def load(root: Path, source: dict[str, Any], companions: dict[str, Any] | None = None, **more: Any) -> LoadedData:
    config = {"source": source, "companions": companions or {}, **more}
    data = load_data(PrepareConfig.model_validate(config), root)
    raise_errors(data.problems)
    return data


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(beside.SOURCES), sides, sides, st.sampled_from(["crop", "pad", "stretch"]))
def test_an_image_of_the_rectangle_survives_every_source(kind: str, height: int, width: int, resize: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name, channels in (("image", 3), ("mask", 0), ("pair", 3)):
            patch.setattr(beside, name, lambda n, c=channels: pixels(n, height, width, c))
        for role in ("mask", "pair"):
            root = Path(folder, role)
            root.mkdir()
            source, companion = beside.write_source(kind, root, role)  # type: ignore[arg-type]
            data = load(root, source, {role: companion}, image_size=[height, width], resize=resize)
            assert data.payload.shape == (8, height, width, 3)
            for place, found in enumerate(np.asarray(data.payload)):
                number = int(found[0, 0, 0])
                assert (found == pixels(number, height, width, 3)).all()
                own = np.asarray(data.companions[role])[place]  # type: ignore[index]
                assert (own == pixels(number, height, width, 0 if role == "mask" else 3).reshape(own.shape)).all()


def pixels(number: int, height: int, width: int, channels: int) -> npt.NDArray[np.uint8]:
    """Noise that says its number in its first pixel."""
    shape = (height, width, channels) if channels else (height, width)
    drawn = np.random.default_rng(number).integers(0, 256, shape, np.uint8)
    drawn[0, 0] = number
    return drawn


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 60), st.integers(5, 60), sides, sides)
def test_the_three_ways_to_another_shape(height: int, width: int, high: int, wide: int) -> None:
    """Padding gives bars where the shape differs, cropping gives none, and a square by either name is the same."""
    assume(min(high / height, wide / width) * min(height, width) >= 1)  # of less nothing is left
    picture = np.full((height, width, 3), 200, np.uint8)
    handle = ArrayImage("x", picture)
    shown = {how: read_pixels(handle, Canonical((high, wide), how, 10)) for how in ("crop", "pad", "stretch")}
    assert {one.shape for one in shown.values()} == {(high, wide, 3)}
    assert (read_pixels(handle, Canonical((high, high))) == read_pixels(handle, Canonical(high))).all()
    bars = (shown["pad"] == 10).all(axis=2)
    across, down = bars.all(axis=0).sum(), bars.all(axis=1).sum()
    assert min(across, down) == 0  # what is too wide gets bars above and below, what is too high gets them beside
    if width * high > height * wide:
        assert abs(down - (high - height * wide / width)) <= 1.5
    else:
        assert abs(across - (wide - width * high / height)) <= 1.5
    assert not (shown["crop"] == 10).all(axis=2).all(axis=0).any()


def strip(seed: int) -> Image.Image:
    return photo(seed, 96).resize((96, 24), Image.Resampling.BICUBIC)


CHANGES = {
    "as it is": lambda image: image,
    "halved": lambda image: image.resize((48, 12), Image.Resampling.BICUBIC).resize((96, 24), Image.Resampling.BICUBIC),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned and stretched": lambda image: image.transpose(Image.Transpose.ROTATE_90).resize((96, 24)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_copies_of_rectangles_are_found_and_others_are_not(change: str) -> None:
    images = [strip(seed) for seed in range(20)]
    found = find_duplicates(
        np.stack([np.asarray(one) for one in images + [CHANGES[change](one) for one in images]]), pd.Series(["a"] * 40)
    )
    for place in range(20):
        assert np.flatnonzero(found.near == found.near[place]).tolist() == [place, place + 20]


def test_a_pool_takes_the_rectangle_of_the_rows(tmp_path: Path) -> None:
    from gan_augment.data.pool import load_pool

    for number in range(6):
        save(tmp_path / f"raw/{'ab'[number % 2]}/{number}.png", noise(number, (30, 10)))
        save(tmp_path / f"more/{number}.png", noise(100 + number, (50, 50)))
    config = PrepareConfig.model_validate(
        {"source": {"kind": "image_folder", "path": "raw"}, "pool": {"kind": "image_folder", "path": "more"}}
    )
    data = load_data(config, tmp_path)
    pool = load_pool(config, tmp_path, data)
    assert pool is not None
    assert data.payload.shape[1:] == pool.payload.shape[1:] == (12, 32, 3)
