"""Decoding of text files: the encoding of a file, and the places where it mixes two."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from gan_augment.core.errors import DataError
from gan_augment.data.problems import listing

__all__ = ["Text", "decode_text"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SHOWN = 5
_MOSTLY = 0.3  # share of NUL bytes at even or odd places, as of the upper halves of Latin letters in UTF-16
_UNFIT = re.compile("[\\0\ud800-\udfff]")


@dataclass(frozen=True)
class Text:
    """Text of a file, its encoding, and whether that encoding is a guess."""

    content: str
    encoding: str
    guessed: bool = False


def decode_text(path: Path, declared: str | None) -> Text:
    """Text of a file: in the declared encoding, by its byte-order mark, as UTF-8, or else as Windows-1252.

    Raises
    ------
    DataError
        The file is binary, is not in the declared encoding, or mixes UTF-8 with another encoding; lines are named.
    """
    content = _bytes(path)
    if declared is not None:
        return Text(_clean(path, _strict(path, content, declared)), declared)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Text(_clean(path, _strict(path, content, encoding)), encoding)
    if b"\0" in content:
        raise _binary(path, content)
    try:
        return Text(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _legacy(path, content)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError("The file cannot be read", where=path, got=error.strerror or str(error)) from None


def _binary(path: Path, content: bytes) -> DataError:
    """Error for NUL bytes: two-byte text without a mark, where nearly every second byte is one, or no text at all."""
    head = content[:4096]
    zeros = [head[start::2].count(0) / max(1, len(head[start::2])) for start in (0, 1)]
    guess = "utf-16-le" if zeros[1] > _MOSTLY > zeros[0] else "utf-16-be" if zeros[0] > _MOSTLY > zeros[1] else None
    return DataError(
        "This is a binary file, not a text table",
        where=f"{path}, line {_line(content, content.index(0))}",
        got="a NUL byte",
        expected="CSV text, or .parquet",
        remedy=f"if it is text in UTF-16, set prepare.source.encoding: {guess}" if guess else "write the file again",
    )


def _clean(path: Path, text: str) -> str:
    """Text without the byte-order mark. Raises DataError for characters no table can hold: NUL, lone surrogates."""
    text = text.removeprefix("\ufeff")
    wrong = _UNFIT.search(text)
    if wrong is None:
        return text
    raise DataError(
        "The text holds a character that no table can hold",
        where=f"{path}, line {text.count(chr(10), 0, wrong.start()) + 1}",
        got="NUL" if wrong[0] == "\0" else f"half a character (U+{ord(wrong[0]):04X})",
        remedy="correct prepare.source.encoding, or write the file again as UTF-8",
    )


def _legacy(path: Path, content: bytes) -> Text:
    """Text that is not UTF-8: in one old encoding throughout, or in a mixture, which is an error."""
    utf8: list[int] = []
    other: list[int] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.isascii():
            (utf8 if _is_utf8(line) else other).append(number)
    if utf8:
        raise DataError(
            "The file mixes two encodings",
            where=path,
            got=listing([f"line {n}: not UTF-8" for n in other[:_SHOWN]] + [f"line {n}: UTF-8" for n in utf8[:_SHOWN]]),
            expected="one encoding throughout",
            remedy="write the file again as UTF-8, or name its encoding in prepare.source.encoding",
        )
    try:
        return Text(content.decode("cp1252"), "cp1252", guessed=True)
    except UnicodeDecodeError as error:
        raise DataError(
            "The encoding of the file cannot be determined",
            where=f"{path}, line {_line(content, error.start)}",
            got=f"byte 0x{content[error.start]:02x}, which neither UTF-8 nor Windows-1252 has",
            remedy="name the encoding in prepare.source.encoding, or write the file again as UTF-8",
        ) from None


def _line(content: bytes, position: int) -> int:
    return content[:position].count(b"\n") + 1


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _strict(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"The file is not {encoding} throughout",
            where=f"{path}, line {_line(content, error.start)}",
            got=f"byte 0x{content[error.start]:02x}" if error.start < len(content) else "the file ends too early",
            remedy="correct prepare.source.encoding, or write the file again as UTF-8",
        ) from None
    except (LookupError, ValueError):  # `undefined`, a NUL in the name, and codecs that are for host names only
        raise DataError(
            "There is no such encoding",
            where="prepare.source.encoding in params.yaml",
            got=repr(encoding[:80]),
            expected="utf-8, cp1252, latin-1, utf-16, or another that Python supports",
        ) from None
