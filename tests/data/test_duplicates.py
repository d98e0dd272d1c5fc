from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageOps

from gan_augment.data.duplicates import components, expected_coincidences, find_duplicates
from tests.data.pictures import photo


def stack(images: list[Image.Image], side: int = 64) -> np.ndarray:
    return np.stack([np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)) for image in images])


def labels(count: int) -> pd.Series:
    return pd.Series(["a"] * count)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def clusters(ids: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(ids == number).tolist()) for number in np.unique(ids) if (ids == number).sum() > 1}


def test_components_join_over_labellings_and_pairs() -> None:
    joined = components(6, np.array([0, 0, 1, 2, 3, 4]), np.array([0, 1, 1, 2, 3, 4]), pairs=np.array([[4, 5]]))
    assert clusters(joined) == {frozenset({0, 1, 2}), frozenset({4, 5})}


def test_exact_copies_of_images() -> None:
    pixels = stack([photo(0), photo(1), photo(0), photo(2), photo(0)])
    found = find_duplicates(pixels, labels(5))
    assert clusters(found.exact) == {frozenset({0, 2, 4})}


CHANGES = {
    "saved again": lambda image: jpeg(image, 60),
    "halved": lambda image: image.resize((32, 32), Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.08),
    "mirrored and saved again": lambda image: jpeg(ImageOps.mirror(image), 75),
    "turned left": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned right": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "turned over and mirrored": lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.92),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_picture_changed_a_little_is_a_near_copy(change: str) -> None:
    originals = [photo(seed) for seed in range(30)]
    pixels = stack(originals + [CHANGES[change](image) for image in originals])
    found = find_duplicates(pixels, labels(60))
    assert clusters(found.near) == {frozenset({seed, seed + 30}) for seed in range(30)}
    assert not clusters(find_duplicates(pixels, labels(60), near=False).near)


def test_different_pictures_are_no_near_copies() -> None:
    pixels = stack([photo(seed) for seed in range(300)])
    assert not clusters(find_duplicates(pixels, labels(300)).near)


def test_real_handwritten_digits_are_no_near_copies() -> None:
    from sklearn.datasets import load_digits

    pixels = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)[..., None]
    assert not clusters(find_duplicates(pixels, labels(len(pixels))).near)


def test_the_same_shape_in_another_colour_is_another_picture() -> None:
    grey = np.asarray(photo(0).convert("L"))
    red, blue = (np.zeros((64, 64, 3), dtype=np.uint8) for _ in range(2))
    red[..., 0], blue[..., 2] = grey, grey
    assert not clusters(find_duplicates(np.stack([red, blue]), labels(2)).near)


def test_flat_images_are_nobodys_near_copies() -> None:
    flat = np.stack([np.full((16, 16, 1), grey, dtype=np.uint8) for grey in (0, 1, 120, 120, 240)])
    assert clusters(find_duplicates(flat, labels(5)).near) == {frozenset({2, 3})}


@pytest.mark.parametrize("side", [8, 28, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_mirrored_copy_is_found_in_every_size_and_colour(side: int, channels: int) -> None:
    pixels = stack([photo(seed) for seed in range(5)], side)[..., :channels]
    found = find_duplicates(np.concatenate([pixels, pixels[[2], :, ::-1]]), labels(6))
    assert clusters(found.near) == {frozenset({2, 5})}


def numbers(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": random.normal(size=rows), "y": random.normal(size=rows) * 1e6, "c": random.choice(["u", "v"], rows)}
    ).astype({"c": "string"})


def test_copies_and_near_copies_of_rows() -> None:
    frame = pd.concat([numbers(), numbers().iloc[[3]], numbers().iloc[[5]]], ignore_index=True)
    frame.loc[61, "x"] += 1e-9  # a rounding
    found = find_duplicates(frame, labels(62))
    assert clusters(found.exact) == {frozenset({3, 60})}
    assert clusters(found.near) == {frozenset({3, 60}), frozenset({5, 61})}
    assert not found.by_chance


def wide(rows: int = 400) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(1).normal(size=(rows, 6)) * 100, columns=list("abcdef"))


def test_rows_that_were_rounded_are_near_copies_of_themselves() -> None:
    frame = pd.concat([wide(), wide().iloc[:50].round(1)], ignore_index=True)
    found = find_duplicates(frame, labels(450))
    assert not clusters(found.exact)
    assert clusters(found.near) == {frozenset({n, 400 + n}) for n in range(50)}


@pytest.mark.parametrize("columns", [1, 2, 6])
def test_independent_rows_are_no_near_copies_however_few_their_columns(columns: int) -> None:
    assert not clusters(find_duplicates(wide(3000).iloc[:, :columns], labels(3000)).near)


def test_rows_that_differ_in_a_category_or_a_missing_cell_are_no_copies() -> None:
    frame = pd.concat([numbers(), numbers().iloc[[3, 5]]], ignore_index=True)
    frame.loc[60, "c"] = "w"
    frame.loc[5, "x"] = 0.0
    frame.loc[61, "x"] = np.nan
    assert not clusters(find_duplicates(frame, labels(62)).near)


def test_missing_cells_equal_each_other() -> None:
    frame = pd.concat([numbers(), numbers().iloc[[3]]], ignore_index=True)
    frame.loc[[3, 60], "x"] = np.nan
    assert clusters(find_duplicates(frame, labels(61)).near) == {frozenset({3, 60})}


def test_equal_rows_of_a_coarse_table_are_by_chance() -> None:
    random = np.random.default_rng(0)
    coarse = pd.DataFrame({name: random.choice(["u", "v"], 200) for name in "abcd"}, dtype="string")
    found = find_duplicates(coarse, labels(200))
    assert found.by_chance
    assert clusters(found.exact)
    assert not clusters(found.near)


def test_expected_coincidences_against_simulation() -> None:
    random = np.random.default_rng(0)
    counts, expected = [], []
    for _ in range(150):
        frame = pd.DataFrame({name: random.integers(0, 6, 40) for name in "abc"})
        cells = frame.to_numpy()
        counts.append(np.triu((cells[:, None] == cells).all(axis=2), k=1).sum())
        expected.append(expected_coincidences(frame, labels(40)))
    assert np.mean(expected) == pytest.approx(np.mean(counts), rel=0.15)


def test_rows_that_a_shop_explains_are_equal_by_chance_however_much_is_said_of_it() -> None:
    random = np.random.default_rng(0)
    shop, facts = random.integers(0, 20, 300), random.integers(0, 10, (20, 6))
    frame = pd.DataFrame({f"fact {place}": [f"v{n}" for n in facts[shop, place]] for place in range(6)})
    frame = frame.assign(shop=[f"s{n}" for n in shop]).astype("string")
    found = find_duplicates(frame, pd.Series(["a", "b", "b"] * 100))
    assert found.by_chance
    assert len(set(found.near)) == 300
    measured = frame.assign(size=random.normal(size=300))
    twice = pd.concat([measured, measured[:3]], ignore_index=True)
    again = find_duplicates(twice, pd.Series(["a", "b", "b"] * 101))
    assert not again.by_chance
    assert len(set(again.near)) == 300
