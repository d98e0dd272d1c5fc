"""`params check` tells every kind of mistake at once, and what the data has not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from gan_augment.cli.setup import check_params
from gan_augment.core.errors import GanAugmentError, MissingInputError, ParamsError
from gan_augment.core.records import ImageSpec
from gan_augment.data import loading
from gan_augment.data.config import ImageFolderSource, PrepareConfig, SplitConfig
from gan_augment.data.raw import RawImages
from gan_augment.data.sources import read_source
from gan_augment.setup.check import check_project
from tests.cli.command import run
from tests.data.pictures import write_folder


def write(root: Path, **sections: Any) -> None:
    whole = {
        "classes": {"a": {"label": "a"}, "b": {"label": "b"}},
        "prepare": {"source": {"kind": "table", "path": "t.csv", "target": "y"}},
        "synthesis": {"method": "smote"},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(whole | sections), encoding="utf-8")
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60), "y": ["a", "b"] * 30})
    frame.to_csv(root / "t.csv", index=False)


def said(root: Path, *, read_data: bool = True) -> list[str]:
    return [str(error) for error in check_project(root, read_data=read_data).errors]


def prepare(**split: Any) -> dict[str, Any]:
    return {"source": {"kind": "table", "path": "t.csv", "target": "y"}, **split}


def test_what_is_right_is_right(tmp_path: Path) -> None:
    write(tmp_path)
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("sections", "word"),
    [
        ({"classes": {"a": {"label": "a"}, "c": {"label": "c"}}}, "not those of the data"),
        ({"classes": {"a": {"label": "a"}}}, "at least two classes, and one alone is here"),
        ({"classes": {}}, "at least two classes, and there is none here"),
        ({"prepare": {"source": {"kind": "demo", "name": "breast_cancer"}}}, "not those of the data"),
        ({"prepare": {"source": {"kind": "demo", "name": "penguins"}, "exclude": ["Emu"]}}, "left out"),
        ({"prepare": prepare(split={"column": "part"})}, "part"),
        ({"prepare": prepare(split={"group": "patient"})}, "patient"),
        ({"prepare": prepare(exclude=["c"])}, "left out"),
        ({"prepare": {"source": {"kind": "table", "path": "t.csv", "target": "z"}}}, "'z'"),
        ({"prepare": {"source": {"kind": "table", "path": "u.csv", "target": "y"}}}, "not there"),
        ({"prepare": {"source": {"kind": "table", "path": "u" * 5000, "target": "y"}}}, "File name too long"),
        ({"synthesis": {"method": "conditional"}}, "cannot make tables"),
        ({"synthesis": {"method": "smote", "settings": {"neighbours": 10**30}}}, "at most 10000"),
    ],
)
def test_what_the_data_or_the_method_has_not(tmp_path: Path, sections: dict[str, Any], word: str) -> None:
    write(tmp_path, **sections)
    assert any(word in text for text in said(tmp_path))


def test_all_kinds_are_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        generate={"candidates": -1},
        classes={"a": {"label": "a"}, "c": {"label": "c"}},
        synthesis={"method": "smote", "settings": {"k": 3}},
        export={"formats": ["webdataset"]},
    )
    (tmp_path / "params.yaml").open("a").write("measure: {}\nmeasure: {}\n")
    with pytest.raises(ParamsError) as caught:
        check_project(tmp_path, read_data=True).refuse()
    for word in ("candidates: -1", "occurs already", "not those of the data", "k: unknown key", "webdataset"):
        assert word in str(caught.value)


def test_a_wrong_section_hides_only_what_depends_on_it(tmp_path: Path) -> None:
    write(tmp_path, classes={"A b": {"label": "a"}}, prepare=prepare(split={"column": "part"}))
    texts = "\n".join(said(tmp_path))
    assert "A b" in texts
    assert "part" in texts
    assert "not those of the data" not in texts


def test_images_are_listed_and_their_classes_compared(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 8, "dog": 8})
    source = {"source": {"kind": "image_folder", "path": "photos"}}
    write(tmp_path, prepare=source, synthesis={"method": "conditional"})
    assert "not those of the data" in said(tmp_path)[0]
    assert said(tmp_path, read_data=False) == []
    shutil.rmtree(tmp_path / "photos")
    assert "not there" in said(tmp_path, read_data=False)[0]


def test_no_params(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError):
        check_project(tmp_path, read_data=True)
    (tmp_path / "params.yaml").write_text("- a\n")
    with pytest.raises(GanAugmentError):
        check_project(tmp_path, read_data=True)


@pytest.mark.parametrize("words", [("params", "check"), ("prepare",), ("mix",), ("retrain", "real"), ("publish",)])
def test_too_few_classes_are_refused_alike_by_whoever_reads_the_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    write(tmp_path, classes={"a": {"label": "a"}})
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "classes: a classifier needs at least two classes" in done.stderr


def test_a_check_never_imports_the_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "door.py").write_text(f"open({str(tmp_path / 'RAN')!r}, 'w')\n")
    write(tmp_path, retrain={"classifier": {"kind": "custom", "factory": "door:f"}})
    assert said(tmp_path) == []
    assert run("retrain", "real", "--dry-run", cwd=tmp_path).returncode == 0
    assert not (tmp_path / "RAN").exists()


@pytest.mark.parametrize("word", ["a; touch RAN", "$(touch RAN)", "a\nb", "`x`", "a b", "-C", "a'b"])
def test_a_check_refuses_what_a_shell_would_run(tmp_path: Path, word: str) -> None:
    write(tmp_path, classes={word: {"label": "a"}, "b": {"label": "b"}})
    assert said(tmp_path) != []
    write(tmp_path, retrain={"arms": ["real", "real_synthetic", word]})
    assert said(tmp_path) != []


def images(root: Path, side: int, method: dict[str, Any], **prepare: Any) -> None:
    """A project of image files with sides of so many pixels."""
    write_folder(root / "photos", {"a": 3, "b": 3}, (side, side))
    write(root, prepare={"source": {"kind": "image_folder", "path": "photos"}, **prepare}, synthesis=method)


ENLARGED = {"method": "super_resolution", "settings": {"factor": 4}}


@pytest.mark.parametrize(
    ("side", "size", "right"),
    [(8, None, False), (16, None, True), (64, 8, False), (8, 16, True), (12, None, False)],
)
def test_settings_are_held_against_the_images_that_prepare_will_make(
    tmp_path: Path, side: int, size: int | None, right: bool
) -> None:
    images(tmp_path, side, ENLARGED, image_size=size)
    errors = said(tmp_path)
    assert errors == [] if right else ["too small to be reduced by 4" in text for text in errors] == [True]


def test_a_demo_of_small_images_is_refused_before_prepare(tmp_path: Path) -> None:
    digits = {f"c{digit}": {"label": str(digit)} for digit in range(10)}
    source = {"kind": "demo", "name": "digits"}
    write(tmp_path, classes=digits, prepare={"source": source}, synthesis=ENLARGED)
    assert ["too small to be reduced by 4" in text for text in said(tmp_path)] == [True]
    write(tmp_path, classes=digits, prepare={"source": source}, synthesis={"method": "super_resolution"})
    assert said(tmp_path) == []


def test_where_too_many_images_would_have_to_be_read_the_check_says_what_is_left_to_prepare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "_MOST_HEADERS", 5)
    images(tmp_path, 8, ENLARGED)
    assert not check_project(tmp_path, read_data=True).whole
    check_params(tmp_path, as_json=False)
    assert "is checked once `prepare` has run" in capsys.readouterr().out
    images(tmp_path, 8, ENLARGED, image_size=8)  # then a few say enough
    assert "too small" in said(tmp_path)[0]


def test_without_a_look_at_the_data_nothing_is_made_up_about_it(tmp_path: Path) -> None:
    images(tmp_path, 8, ENLARGED)
    checked = check_project(tmp_path, read_data=False)
    assert (checked.errors, checked.whole, checked.modality) == ((), False, "image")
    images(tmp_path, 8, {"method": "smote"})
    assert "cannot make images" in said(tmp_path, read_data=False)[0]


def test_grey_images_are_told_by_their_headers(tmp_path: Path) -> None:
    images(tmp_path, 16, ENLARGED)
    source = ImageFolderSource(path="photos")
    for mode, channels in (("RGB", 3), ("L", 1), ("I;16", 1)):
        for place in (tmp_path / "photos").rglob("*.png"):
            Image.new(mode, (16, 16)).save(place)
        content = read_source(source, tmp_path, SplitConfig()).content
        assert isinstance(content, RawImages)
        found = loading.expected_image(content, PrepareConfig(source=source))
        assert found == ImageSpec(height=16, width=16, channels=channels)
