"""Pictures of strings: ink where the string is, the form of the data set, and functions of a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ImageSpec, TextSpec
from gan_augment.synthesis.kit.script.settings import ScriptConfig
from gan_augment.synthesis.kit.script.writing import Writer, check_writing
from tests.toys import text_toy


def writer(height: int = 24, width: int = 72, channels: int = 1, alphabet: str = "0123456789", **script: Any) -> Writer:
    text = TextSpec(alphabet=alphabet, shortest=1, longest=8)
    image = ImageSpec.model_validate({"height": height, "width": width, "channels": channels})
    spec = text_toy(8)[0].spec.model_copy(update={"image": image, "text": text})
    return Writer.of(ScriptConfig(**script), spec, None)


def picture(string: str, seed: int = 0, **settings: Any) -> np.ndarray:
    return writer(**settings).picture(string, np.random.default_rng(seed))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 16), (24, 72), (64, 200)])
def test_the_form_is_the_data_sets(height: int, width: int, channels: int) -> None:
    drawn = picture("407", height=height, width=width, channels=channels)
    assert drawn.shape == (height, width, channels)
    assert drawn.dtype == np.uint8
    assert drawn.max() == 255
    assert drawn.min() < 90


def test_each_character_has_ink_and_stands_where_it_belongs() -> None:
    ink = 255 - picture("1111", width=96, size=(0.7, 0.7)).astype(int)[..., 0]
    columns = ink.sum(axis=0) > 0
    strokes = int((np.diff(np.concatenate([[0], columns.astype(int)])) == 1).sum())
    assert strokes == 4
    assert abs(int(np.flatnonzero(columns)[0]) - (95 - int(np.flatnonzero(columns)[-1]))) <= 2  # in the middle


def test_a_long_string_is_squeezed_and_a_stretched_one_fills_its_width() -> None:
    eighths = (255 - picture("88888888", width=40).astype(int)).sum(axis=(0, 2)).reshape(8, 5).sum(axis=1)
    assert eighths.min() > 0.8 * eighths.max()  # none of the eights is cut off
    filled = Writer.of(ScriptConfig(width=(0.9, 0.9)), writer(width=96).spec, None)
    wide = np.flatnonzero((filled.picture("88", np.random.default_rng(0)) < 200).any(axis=(0, 2)))
    assert abs(wide[-1] - wide[0] + 1 - 0.9 * 96) <= 6


def test_size_is_the_height_of_the_tallest_characters() -> None:
    for share in (0.4, 0.8):
        rows = np.flatnonzero((picture("8", height=50, size=(share, share)) < 128).any(axis=(1, 2)))
        assert abs(len(rows) - 50 * share) <= 4


def test_ink_and_paper_are_drawn_from_the_colours() -> None:
    settings: dict[str, Any] = {"channels": 3, "ink": ("navy", "#800000"), "paper": ("#ffff00",)}
    seen = {tuple(picture("8", seed, **settings).reshape(-1, 3).min(axis=0)) for seed in range(12)}
    assert all(picture("8", seed, **settings)[0, 0].tolist() == [255, 255, 0] for seed in range(3))
    assert len(seen) >= 2


FUNCTIONS = """
import numpy as np

def good(label, rng):
    image = np.full((24, 72), 250, np.uint8)
    image[4:20, 2 + rng.integers(60)] = 10 * len(label)
    return image

def raises(label, rng):
    return {"0": 1}[label + "?"]

def floats(label, rng):
    return rng.random((24, 72))

def small(label, rng):
    return rng.integers(0, 255, (8, 8)).astype(np.uint8)

def deaf(label, rng):
    return np.full((24, 72), len(label), np.uint8)

def own_chance(label, rng):
    return np.random.default_rng().integers(0, 255, (24, 72)).astype(np.uint8)

def nothing(label, rng):
    return None
"""


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "drawing_of_mine.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    return "drawing_of_mine"


def test_a_function_of_ones_own_draws(functions: str) -> None:
    own = writer(channels=3, function=f"{functions}:good")
    check_writing(own)
    drawn = own.picture("012", np.random.default_rng(0))
    assert drawn.shape == (24, 72, 3)
    assert set(np.unique(drawn)) == {30, 250}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", "KeyError"),
        ("floats", "float64"),
        ("small", "[8, 8]"),
        ("deaf", "whatever rng is"),
        ("own_chance", "one state of rng"),
        ("nothing", "object"),
        ("absent", "no callable absent"),
    ],
)
def test_a_function_that_does_not_do_says_why(functions: str, name: str, words: str) -> None:
    with pytest.raises(MethodError) as caught:
        check_writing(writer(function=f"{functions}:{name}"))
    assert words in str(caught.value), str(caught.value)


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(MethodError, match="No module named 'no_such_module'"):
        check_writing(writer(function="no_such_module:draw"))
