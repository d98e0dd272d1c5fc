from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.data.config import ImageFolderSource, PrepareConfig
from gan_augment.data.images import Header
from gan_augment.data.loading import LoadedData, choose_size, load_data
from gan_augment.data.problems import raise_errors
from tests.data.pictures import bomb, deep_png, deep_tiff, noise, save, write_folder


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
        ([(33, 90), (90, 33)], 32),
        ([(3, 5)], 8),
        ([(300, 200)] * 9, 64),  # 3:2, as photographs have
        ([(200, 100)] * 7 + [(100, 100)] * 3, 64),  # too few of them are long
        ([(33, 90)], (88, 32)),
        ([(94, 24)] * 3, (24, 96)),
        ([(40, 8)], (8, 40)),
        ([(30, 10)], (12, 32)),
        ([(300, 100), (320, 100), (310, 110)], (36, 112)),
        ([(200, 100)] * 8 + [(100, 100)] * 2, (44, 88)),
        ([(1920, 1080)] * 5, (48, 84)),
        ([(9000, 10)], (8, 1024)),
    ],
)
def test_the_size_is_near_that_of_the_images_and_fits_a_network(
    sizes: list[tuple[int, int]], side: int | tuple[int, int]
) -> None:
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


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_dark_16_bit_colour_comes_with_the_white_to_set_too(tmp_path: Path, channels: int) -> None:
    for number in range(4):
        deep = np.random.default_rng(number).integers(0, 4096, size=(16, 16, channels), dtype=np.uint16)
        if channels != 3:
            deep[..., -1] = 65535
        write(tmp_path / f"a/{number}.png", deep_png(deep))
    (problem,) = load(tmp_path).problems
    assert "16-bit" in problem.what
    assert "prepare.white: 4095" in str(problem.remedy)
    data = load(tmp_path, white=4095)
    assert not data.problems
    assert data.payload.max() > 250  # type: ignore[operator]


def test_floats_are_scaled_by_the_data_set_and_not_picture_by_picture(tmp_path: Path) -> None:
    """A picture of 0 to 1 among others of 0 to 200 is nearly black."""
    for number, white in enumerate((1, 200, 200)):
        values = np.full((16, 16), white, dtype=np.float32)
        write(tmp_path / f"a/{number}.tif", deep_tiff(values))
    data = load(tmp_path)
    assert [int(pixels.max()) for pixels in data.payload] == [1, 200, 200]  # type: ignore[union-attr]


def test_signed_pictures_are_scaled_from_the_lowest_to_the_highest_of_all_with_a_warning(tmp_path: Path) -> None:
    for number, low in enumerate((-1000, 0)):
        values = np.linspace(low, 1000, 256).astype(np.int16).reshape(16, 16)
        write(tmp_path / f"a/{number}.tif", deep_tiff(values))
    data = load(tmp_path)
    assert [int(pixels.min()) for pixels in data.payload] == [0, 128]  # type: ignore[union-attr]
    (problem,) = data.problems
    assert "prepare.black: -1000 and prepare.white: 1000" in str(problem.remedy)
    fixed = load(tmp_path, black=-1000, white=1000)
    assert not fixed.problems
    assert (fixed.payload == data.payload).all()  # type: ignore[attr-defined]


def test_stacks_and_animations_are_said(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 2})
    first, *others = (Image.fromarray(noise(number)) for number in range(3))
    first.save(tmp_path / "a/stack.tif", save_all=True, append_images=others)
    (problem,) = load(tmp_path).problems
    assert problem.places == ("a/stack.tif: 3 pictures",)
    assert problem.severity == "warning"


def test_every_entry_is_a_row_or_left_out_whatever_became_of_it(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3, "c": 2})
    (tmp_path / "a/000.png").write_bytes(b"broken")
    write(tmp_path / "b/.DS_Store", b"x")
    write(tmp_path / "b/notes.txt", b"x")
    data = load(tmp_path, corrupt="skip", exclude=["c"])
    assert len(data.rows) == 5
    assert {entry.place: entry.reason.text.partition(",")[0] for entry in data.left_out} == {
        "a/000.png": "images that cannot be read",
        "b/.DS_Store": "left there by a program or an operating system",
        "b/notes.txt": "files without the ending of an image",
        "c/000.png": "of a class that prepare.exclude leaves out",
        "c/001.png": "of a class that prepare.exclude leaves out",
    }


def test_what_is_no_file_is_refused_whatever_is_to_be_done_with_corrupt_ones(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3})
    os.mkfifo(tmp_path / "a/pipe.png")
    with pytest.raises(DataError, match=r"a/pipe\.png: a named pipe"):
        raise_errors(load(tmp_path, corrupt="skip").problems)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_ids_are_unique_and_do_not_depend_on_other_rows(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 3, "b": 3})
    before = load(tmp_path).rows.set_index("source")["id"]
    write_folder(tmp_path, {"0": 3})
    after = load(tmp_path).rows.set_index("source")["id"]
    assert after.is_unique
    assert (after[before.index] == before).all()
