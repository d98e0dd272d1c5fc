from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_augment.data.images import Canonical, UnreadableImageError, read_header, read_pixels
from gan_augment.data.sources.api import ArrayImage, EncodedImage
from tests.data.pictures import bomb, noise, photo


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> EncodedImage:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return EncodedImage("test", buffer.getvalue)


def pixels(image: Image.Image, size: int = 16, kind: str = "PNG", **canonical: object) -> np.ndarray:
    return read_pixels(encoded(image, kind), Canonical(size, **canonical))  # type: ignore[arg-type]


def test_rgb_and_grey_of_the_right_size_keep_every_pixel() -> None:
    colour, grey = noise(0), noise(1, channels=1)
    assert (pixels(Image.fromarray(colour)) == colour).all()
    assert (pixels(Image.fromarray(grey)) == grey[..., None]).all()


def test_a_palette_is_looked_up() -> None:
    image = Image.fromarray(noise(0, channels=1) // 64, mode=None).convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9] + [0] * 756)
    assert (pixels(image) == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("background", [0, 255])
def test_transparent_pixels_show_the_background(background: int) -> None:
    rgba = np.dstack([noise(0), np.zeros((16, 16), dtype=np.uint8)])
    rgba[:8, :, 3] = 255
    result = pixels(Image.fromarray(rgba), background=background)
    assert (result[:8] == rgba[:8, :, :3]).all()
    assert (result[8:] == background).all()


def test_half_transparent_pixels_mix() -> None:
    rgba = np.zeros((16, 16, 4), dtype=np.uint8)
    rgba[..., 3] = 128
    assert abs(int(pixels(Image.fromarray(rgba), background=200)[0, 0, 0]) - 100) <= 1


def test_a_transparent_palette_colour_shows_the_background() -> None:
    image = Image.fromarray(np.zeros((16, 16), dtype=np.uint8)).convert("P")
    assert (read_pixels(encoded(image, transparency=0), Canonical(16)) == 255).all()


def test_16_bit_images_are_scaled_by_their_white() -> None:
    deep = np.zeros((16, 16), dtype=np.uint16)
    deep[:8], deep[8:] = 65535, 32768
    assert set(np.unique(pixels(Image.fromarray(deep)))) == {128, 255}
    twelve_bit = (deep // 16).astype(np.uint16)
    assert set(np.unique(pixels(Image.fromarray(twelve_bit), white=4095))) == {128, 255}
    assert pixels(Image.fromarray(twelve_bit)).max() == 16


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_floating_point_images_of_a_known_range(white: float) -> None:
    values = np.linspace(0, white, 256, dtype=np.float32).reshape(16, 16)
    result = pixels(Image.fromarray(values), kind="TIFF")
    assert (result[..., 0].ravel() == np.arange(256)).all()


def test_floating_point_images_of_an_unknown_range_are_refused() -> None:
    values = np.full((16, 16), -3.0, dtype=np.float32)
    with pytest.raises(UnreadableImageError, match="-3 to -3"):
        pixels(Image.fromarray(values), kind="TIFF")


def test_bilevel_and_cmyk() -> None:
    mask = Image.fromarray(noise(0, channels=1)).convert("1")
    assert set(np.unique(pixels(mask))) == {0, 255}
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert pixels(cyan, kind="TIFF")[0, 0].tolist() == [0, 255, 255]


def test_exif_orientation_is_applied_in_header_and_pixels() -> None:
    upright = Image.fromarray(noise(0, (32, 16)))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90 degrees
    handle = encoded(lying, "PNG", exif=exif)
    header = read_header(handle)
    assert (header.width, header.height) == (32, 16)
    assert (read_pixels(handle, Canonical(16)) == pixels(upright)).all()


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("L", (16, 16), 0), Image.new("L", (16, 16), 255)]
    handle = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_pixels(handle, Canonical(16)) == 0).all()


def test_crop_keeps_the_middle_pad_keeps_all_stretch_distorts() -> None:
    wide = np.zeros((16, 48), dtype=np.uint8)
    wide[:, 16:32] = 200
    image = Image.fromarray(wide)
    assert (pixels(image, resize="crop") == 200).all()
    padded = pixels(image, resize="pad", background=7)
    assert (padded[0] == 7).all()
    assert padded[8].max() > 150
    stretched = pixels(image, resize="stretch")
    assert stretched[0, 0, 0] == 0
    assert stretched[0, 8, 0] > 150


def test_shrinking_averages_rather_than_picks() -> None:
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[:, ::2] = 255
    assert abs(pixels(Image.fromarray(stripes)).astype(int) - 127).max() <= 12


def test_arrays_read_like_files() -> None:
    grey, colour = noise(0, channels=1), noise(1)
    assert (read_pixels(ArrayImage("a", grey), Canonical(16)) == grey[..., None]).all()
    assert (read_pixels(ArrayImage("a", grey[..., None]), Canonical(16)) == grey[..., None]).all()
    assert (read_pixels(ArrayImage("a", colour), Canonical(16)) == colour).all()
    assert read_header(ArrayImage("a", colour)).mode == "RGB"


# What cannot be read


def test_a_bomb_is_refused_by_its_header_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path / "bomb.png")
    handle = EncodedImage("bomb.png", path.read_bytes)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("pixels were decoded"))
    for read in (read_header, lambda h: read_pixels(h, Canonical(16))):
        with pytest.raises(UnreadableImageError, match="pixels promised"):
            read(handle)


def test_a_smaller_bomb_is_refused_by_our_own_limit(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.png", side=10_000)
    with pytest.raises(UnreadableImageError, match="10000 x 10000"):
        read_header(EncodedImage("bomb.png", path.read_bytes))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    buffer = io.BytesIO()
    photo(0).save(buffer, kind)
    half = buffer.getvalue()[: len(buffer.getvalue()) // 2]
    with pytest.raises(UnreadableImageError, match=r"damaged|no known"):
        read_pixels(EncodedImage("half", lambda: half), Canonical(16))


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"not an image at all", "no known image format")])
def test_what_is_no_image_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason):
        read_header(EncodedImage("bad", lambda: content))
