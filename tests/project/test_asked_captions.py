"""A user's captions: from a text file or a table, and every mistake in one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import DataError, MethodError, ParamsError
from gan_augment.project.asked_captions import captions_to_draw, read_captions
from gan_augment.synthesis.api import AskedCaption
from gan_augment.synthesis.config import GenerateConfig
from gan_augment.synthesis.registry import resolve_method
from tests.toys import caption_toy

SPEC = caption_toy()[0].spec


def read(tmp_path: Path, name: str, text: str) -> tuple[AskedCaption, ...]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_captions(path, SPEC)


def test_a_text_file_has_one_caption_a_line(tmp_path: Path) -> None:
    found = read(tmp_path, "captions.txt", "\ufeffa red half, on black\n\n  赤い  \r\n")
    assert found == (AskedCaption("a red half, on black"), AskedCaption("赤い"))


def test_a_table_says_more(tmp_path: Path) -> None:
    text = 'caption,class,ink\n"red, left",red,\nsomething,green-blue,blue\nthe left one,,\n'
    assert read(tmp_path, "captions.csv", text) == (
        AskedCaption("red, left", "red"),
        AskedCaption("something", "green-blue", {"ink": "blue"}),
        AskedCaption("the left one"),
    )
    assert read(tmp_path, "one.csv", "caption\nred\n") == (AskedCaption("red"),)
    assert read(tmp_path, "label.csv", "label;caption\nred;x\n") == (AskedCaption("x", "red"),)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", " \n\n", "holds none"),
        ("a.csv", "caption\n", "holds none"),
        ("a.csv", "captoin,class\nx,red\n", "'captoin', 'class'"),
        ("a.csv", "caption,colour\nx,red\n", "at most 'class', 'ink', 'paper'"),
        ("a.csv", "caption,class,label\nx,red,red\n", "other columns"),
        ("a.csv", "caption,class\nx,red\n,red\n", "row 2"),
        ("a.docx", "x", r"\.docx"),
    ],
)
def test_what_is_no_file_of_captions_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, name, text)


def asked(root: Path, method: str, captions: str | None) -> tuple[AskedCaption, ...]:
    return captions_to_draw(root, GenerateConfig(captions=captions), resolve_method(method), SPEC)


def test_what_generate_captions_names(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("red\n")
    assert asked(tmp_path, "text_to_image", "mine.txt") == asked(tmp_path, "retrieve", "mine.txt") != ()
    assert asked(tmp_path, "conditional", None) == ()
    with pytest.raises(MethodError, match="'conditional' draws no captions"):
        asked(tmp_path, "conditional", "mine.txt")
    with pytest.raises(DataError, match=r"did you mean 'mine\.txt'"):
        asked(tmp_path, "text_to_image", "mien.txt")


def test_dvc_has_to_know_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("red\n")
    (tmp_path / "dvc.yaml").write_text("stages: {generate: {deps: [data]}}\n")
    with pytest.raises(ParamsError, match=r"- \$\{generate\.captions\}"):
        asked(tmp_path, "text_to_image", "mine.txt")
    (tmp_path / "dvc.yaml").write_text("stages: {generate: {deps: ['${generate.captions}']}}\n")
    assert asked(tmp_path, "text_to_image", "mine.txt")
