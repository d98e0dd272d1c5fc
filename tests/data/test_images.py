from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_augment.data.images import Canonical, UnreadableImageError, read_extent, read_header, read_pixels
from gan_augment.data.raw import ArrayImage, EncodedImage
from tests.data.pictures import bomb, deep_png, deep_tiff, noise, photo


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


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_of_every_kind_of_png_are_scaled_by_their_white(channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 4096, size=(16, 16, channels), dtype=np.uint16)
    if channels in (2, 4):
        values[..., -1] = 65535
    handle = EncodedImage("deep", lambda: deep_png(values[..., 0] if channels == 1 else values))
    result = read_pixels(handle, Canonical(16, white=4095))
    colours = values[..., :3] if channels > 2 else np.repeat(values[..., :1], 3, axis=2)
    assert (result == np.rint(colours / 4095 * 255)).all()
    assert read_header(handle).deep
    assert read_extent(handle) == (values[..., :3].min(), values[..., : 3 if channels > 2 else 1].max())


@pytest.mark.parametrize("background", [0, 255])
def test_what_is_transparent_in_16_bits_shows_the_background(background: int) -> None:
    values = np.full((16, 16, 4), 30000, dtype=np.uint16)
    values[:8, :, 3], values[8:, :, 3] = 0, 65535
    result = read_pixels(EncodedImage("deep", lambda: deep_png(values)), Canonical(16, background=background))
    assert (result[:8] == background).all()
    assert (result[8:] == round(30000 / 257)).all()


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint32"])
def test_integers_beyond_the_scale_are_refused_and_never_cut_off(kind: str) -> None:
    limits = np.iinfo(kind)
    values = np.linspace(max(limits.min, -1000), min(limits.max, 100_000), 256).astype(kind).reshape(16, 16)
    handle = EncodedImage("deep", lambda: deep_tiff(values))
    with pytest.raises(UnreadableImageError, match="is black and"):
        read_pixels(handle, Canonical(16, white=50))
    whole = read_pixels(handle, Canonical(16, integers=read_extent(handle)))
    assert (whole.min(), whole.max()) == (0, 255)
    assert ((whole == 0) | (whole == 255)).mean() < 0.05


def test_pixels_that_are_no_numbers_are_refused() -> None:
    values = np.full((16, 16), np.nan, dtype=np.float32)
    with pytest.raises(UnreadableImageError, match="not numbers"):
        read_pixels(EncodedImage("nan", lambda: deep_tiff(values)), Canonical(16, floats=(0, 1)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "I;16"), ("TIFF", "RGB"), ("TIFF", "I;16"), ("JPEG", "RGB")]
)
def test_every_orientation_in_every_format_shows_the_same_picture(kind: str, mode: str, orientation: int) -> None:
    """Seen from its corners: the first is the brightest, the last the darkest."""
    upright = np.add.outer(np.linspace(200, 60, 32), np.linspace(40, 0, 16)).astype(np.uint8)
    back = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM}
    back |= {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE}
    back |= {8: Image.Transpose.ROTATE_270}
    image = Image.fromarray(upright)
    stored = image.transpose(back[orientation]) if orientation in back else image
    if mode == "I;16":
        stored = Image.fromarray(np.asarray(stored).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = orientation
    handle = encoded(stored if mode == "I;16" else stored.convert("RGB"), kind, exif=exif)
    header = read_header(handle)
    assert (header.width, header.height) == (16, 32)
    shown = read_pixels(handle, Canonical(16, resize="stretch"))[..., 0].astype(int)
    expected = np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC)).astype(int)
    assert abs(shown - expected).max() <= 6


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_files_with_several_pictures_say_so(kind: str) -> None:
    frames = [Image.fromarray(noise(number)) for number in range(3)]
    handle = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert read_header(handle).frames == 3
    assert read_header(encoded(frames[0], kind)).frames == 1


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
