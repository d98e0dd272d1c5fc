from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.text import decode_text


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_recognised(tmp_path: Path, encoding: str) -> None:
    text = decode_text(written(tmp_path, "größe,猫\n".encode(encoding)), None)
    assert text.content == "größe,猫\n"
    assert not text.guessed


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_an_old_western_encoding_is_guessed_and_said_to_be(tmp_path: Path, encoding: str) -> None:
    text = decode_text(written(tmp_path, "größe\nAdélie\n".encode(encoding)), None)
    assert text.content == "größe\nAdélie\n"
    assert text.guessed


def test_two_encodings_in_one_file_are_refused_with_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n" + "größe,1\n".encode() + "Adélie,2\n".encode("cp1252"))
    with pytest.raises(DataError, match="mixes two encodings") as error:
        decode_text(path, None)
    assert "line 3: not UTF-8" in str(error.value)
    assert "line 2: UTF-8" in str(error.value)


def test_a_declared_encoding_is_held_to(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + "größe\n".encode("cp1252"))
    assert decode_text(path, "cp1252").content == "a\ngröße\n"
    with pytest.raises(DataError, match="not utf-8 throughout") as error:
        decode_text(path, "utf-8")
    assert "line 2" in str(error.value)


def test_an_unknown_encoding_and_a_binary_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such encoding"):
        decode_text(written(tmp_path, b"a"), "klingon")
    with pytest.raises(DataError, match="binary"):
        decode_text(written(tmp_path, b"PK\x03\x04\0\0"), None)


def test_a_byte_that_no_guess_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0x81") as error:
        decode_text(written(tmp_path, b"a\nb\n\x81\n"), None)
    assert "line 3" in str(error.value)


@pytest.mark.parametrize(
    "encoding",
    ["undefined", "a\0b", "idna", "punycode", "rot13", "hex", "zlib", "", "\u00e9", "x" * 5000, "../a", "mbcs"],
)
def test_codecs_that_are_no_encodings_of_files_are_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xc3\xa9,2\n")
    with pytest.raises(DataError, match=r"no such encoding|throughout"):
        decode_text(tmp_path / "t.csv", encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_mark_before_a_declared_encoding_is_no_part_of_the_first_name(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_text("\ufeffa,b\n", encoding=encoding)
    assert decode_text(tmp_path / "t.csv", encoding).content == "a,b\n"


def test_nul_bytes_are_told_with_their_line_and_utf_16_without_a_mark_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\0\n")
    for declared in (None, "latin-1"):
        with pytest.raises(DataError, match="NUL") as error:
            decode_text(tmp_path / "t.csv", declared)
        assert "line 2" in str(error.value)
    for encoding in ("utf-16-le", "utf-16-be"):
        (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding=encoding)
        with pytest.raises(DataError, match=f"prepare.source.encoding: {encoding}"):
            decode_text(tmp_path / "t.csv", None)


def test_half_characters_and_cut_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a\n\\ud800\n")
    with pytest.raises(DataError, match=r"half a character \(U\+D800\)"):
        decode_text(tmp_path / "t.csv", "unicode_escape")
    (tmp_path / "t.csv").write_bytes("a\n1".encode("utf-16-le")[:-1])
    with pytest.raises(DataError, match="not utf-16-le throughout"):
        decode_text(tmp_path / "t.csv", "utf-16-le")


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        decode_text(tmp_path, None)
