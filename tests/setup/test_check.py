"""`params check` tells every kind of mistake at once, and what the data has not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gan_augment.core.errors import GanAugmentError, MissingInputError, ParamsError
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
    for word in ("candidates: -1", "is there already", "not those of the data", "k: unknown key", "webdataset"):
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
