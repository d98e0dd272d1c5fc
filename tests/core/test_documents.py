"""Whatever lies where a file of settings should be is told in a few lines, with where and what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gan_augment.core.documents import MOST_BYTES, parse_yaml, read_document, read_text
from gan_augment.core.errors import GanAugmentError, MissingInputError, ParamsError

BOMB = "x: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"x{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


def parse(text: str) -> object:
    return parse_yaml(text, what="it", where="here").value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "line 1, column 5"),
        ("a: 1\n\tb: 2", "no tabs"),
        ("a: b: c", "quotes around"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: *b", "undefined alias"),
        ("a: &b [*b]", "an alias that contains itself"),
        (BOMB, "aliases that stand for more than"),
        ("[" * 5000 + "]" * 5000, "nested levels"),
        ("- " * 5000, "nested levels"),
        ("{a: " * 5000, "nested levels"),
        ("a: 2020-13-45", "'2020-13-45' is no timestamp"),
        ("a: !!int word", "'word' is no int"),
        ("a: !!float word", "'word' is no float"),
        ("a: !!bool word", "'word' is no bool"),
        ("a: !!timestamp word", "'word' is no timestamp"),
        ("a: " + "1" * 5000, "is no int"),
        ("a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        ('a: "\\ud800"', "half a character"),
        ("? [a]\n: b", "unhashable key"),
        ("a: x\x7fy\n", "line 1: the character U+007F"),
        ("a: 1\nb: \x00", "line 2: the character U+0000"),
        ("%YAML 3.0\n---\na: 1", "line 1"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_yaml_is_told_with_line_and_remedy(text: str, said: str) -> None:
    with pytest.raises(ParamsError) as caught:
        parse(text)
    told = str(caught.value)
    assert said in told
    assert caught.value.remedy
    assert len(told) < 800


def test_yaml_as_people_write_it_is_read() -> None:
    text = "base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}\nlist: [*b, *b]\nword: 'no'\nnothing:\n"
    base = {"x": 1, "y": 2}
    assert parse(text) == {
        "base": base,
        "other": base | {"y": 3},
        "list": [base, base],
        "word": "no",
        "nothing": None,
    }
    assert parse("") is None


@pytest.mark.parametrize("value", ["017", "-0_7", "12:30", "1:30:45", "190:20:30.15"])
def test_a_number_that_dvc_reads_otherwise_is_refused_unless_it_is_text(value: str) -> None:
    with pytest.raises(ParamsError, match=r"line 2, column 4: .* is another number to DVC"):
        parse_yaml(f"a: 1\nb: {value}\n", what="params.yaml", where="params.yaml")
    read = parse_yaml(
        f"b: '{value}'\nc: [0, 10, 0.5, 1_000, 0x1F, 2020-01-31]\n", what="params.yaml", where="params.yaml"
    )
    assert read.value["b"] == value


def test_a_key_that_is_there_twice_is_told_with_both_lines_wherever_it_is() -> None:
    text = "a: 1\nb:\n  c: {d: 1, 'd': 2}\n  e: 1\n  e: 2\na: 3\n"
    assert parse_yaml(text, what="it", where="here").mistakes == (
        "line 3: 'd' occurs already in line 3",
        "line 5: 'e' occurs already in line 4",
        "line 6: 'a' occurs already in line 1",
    )
    many = "".join("a: 1\n" for _ in range(1000))
    assert len(parse_yaml(many, what="it", where="here").mistakes) < 30


def test_there_is_no_such_file(tmp_path: Path) -> None:
    assert read_text(tmp_path / "absent") is None
    (tmp_path / "file").touch()
    assert read_text(tmp_path / "file/absent") is None
    with pytest.raises(MissingInputError, match="do that"):
        read_document(tmp_path / "absent", "do that")


def a_socket(path: Path) -> None:
    os.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "a folder"),
        (os.mkfifo, "a named pipe"),
        (a_socket, "a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
        (lambda path: path.symlink_to(path), "circle of links"),
        (lambda path: path.write_bytes("a: ä".encode("utf-16")), "UTF-16"),
        (lambda path: path.write_bytes(b"\x80\x81"), "the byte 0x80"),
        (lambda path: path.write_bytes(b"a" * (MOST_BYTES + 1)), "are not read"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_never_opened(
    tmp_path: Path, make: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "p.yaml")  # type: ignore[operator]
    with pytest.raises(GanAugmentError) as caught:
        read_text(tmp_path / "p.yaml")
    assert said in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b"])
def test_a_path_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(GanAugmentError) as caught:
        read_text(tmp_path / name)
    assert len(str(caught.value)) < 800


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(tmp_path / "p.yaml", "").value == {"a": 1}
