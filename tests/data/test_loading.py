from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import ImageFolderSource, PrepareConfig
from gan_augment.data.images import Header
from gan_augment.data.loading import LoadedData, choose_size, load_data
from gan_augment.data.problems import raise_errors
from tests.data.pictures import bomb, noise, save, write_folder


def load(root: Path, **config: object) -> LoadedData:
    return load_data(PrepareConfig.model_validate({"source": ImageFolderSource(path="."), **config}), root)


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(28, 28)], 28),
        ([(64, 64)], 64),
        ([(8, 8)], 8),
        ([(30, 30)], 28),
        ([(640, 480), (100, 90), (57, 900)], 64),
        ([(50, 70)], 48),
        ([(33, 90)], 32),
        ([(3, 5)], 8),
    ],
)
def test_the_size_is_near_that_of_the_images_and_fits_a_network(sizes: list[tuple[int, int]], side: int) -> None:
    assert choose_size([Header(width, height, "RGB", "PNG") for width, height in sizes]) == side


def test_mixed_sizes_become_one(tmp_path: Path) -> None:
    save(tmp_path / "a/1.png", noise(0, (40, 30)))
    save(tmp_path / "b/1.png", noise(1, (20, 20)))
    data = load(tmp_path)
    assert isinstance(data.payload, np.ndarray)
    assert data.payload.shape == (2, 24, 24, 3)
    assert data.image is not None
    assert (data.image.height, data.image.width, data.image.channels) == (24, 24, 3)


def test_grey_if_all_are_grey_whatever_their_mode(tmp_path: Path) -> None:
    grey = noise(0, channels=1)
    save(tmp_path / "a/1.png", grey)
    save(tmp_path / "a/2.png", np.dstack([grey] * 3))
    Image.fromarray(grey).convert("P").save(tmp_path / "a/3.png")
    assert isinstance(payload := load(tmp_path).payload, np.ndarray)
    assert payload.shape == (3, 16, 16, 1)
    assert (payload == grey[..., None]).all()
    save(tmp_path / "b/1.png", noise(1))
    assert load(tmp_path).payload.shape == (4, 16, 16, 3)


def test_unreadable_images_are_named_one_by_one_and_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3})
    whole = (tmp_path / "a/000.png").read_bytes()
    (tmp_path / "b/half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "a/text.jpg").write_text("hello")
    (tmp_path / "b/zero.png").touch()
    bomb(tmp_path / "b/bomb.png")
    data = load(tmp_path)
    assert len(data.rows) == len(data.payload) == 6
    with pytest.raises(DataError, match="4 of 10 images") as error:
        raise_errors(data.problems)
    for name in ("b/half.png: damaged", "a/text.jpg: no known", "b/zero.png: empty", "b/bomb.png: more than"):
        assert name in str(error.value)


def test_unreadable_images_can_be_skipped_and_rows_stay_in_step(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3})
    (tmp_path / "a/001.png").write_bytes(b"broken")
    data = load(tmp_path, corrupt="skip")
    raise_errors(data.problems)
    assert [problem.severity for problem in data.problems] == ["warning"]
    for row, pixels in zip(data.rows["source"], data.payload, strict=True):
        assert (pixels == np.asarray(Image.open(tmp_path / row))).all()


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.png").write_text("no")
    with pytest.raises(DataError, match="1 of 1 images"):
        load(tmp_path, corrupt="skip")


def test_a_class_can_be_left_out(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 2, "b": 2, "c": 2})
    data = load(tmp_path, exclude=["b"])
    assert data.rows["label"].tolist() == ["a", "a", "c", "c"]
    assert len(data.payload) == 4
    with pytest.raises(ParamsError, match="did you mean 'b'"):
        load(tmp_path, exclude=["bb"])


def test_dark_16_bit_images_come_with_the_white_to_set(tmp_path: Path) -> None:
    for number in range(4):
        deep = np.random.default_rng(number).integers(0, 4096, size=(16, 16), dtype=np.uint16)
        (tmp_path / "a").mkdir(exist_ok=True)
        Image.fromarray(deep).save(tmp_path / f"a/{number}.png")
    (problem,) = load(tmp_path).problems
    assert "prepare.white: 4095" in str(problem.remedy)
    data = load(tmp_path, white=4095)
    assert not data.problems
    assert data.payload.max() > 250  # type: ignore[operator]


def test_ids_are_unique_and_do_not_depend_on_other_rows(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3})
    before = load(tmp_path).rows.set_index("source")["id"]
    write_folder(tmp_path, {"0": 3})
    after = load(tmp_path).rows.set_index("source")["id"]
    assert after.is_unique
    assert (after[before.index] == before).all()
