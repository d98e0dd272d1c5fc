"""Reading of text and YAML that people write: every fault of such a file is reported in a few lines.

A YAML file of a few hundred bytes can stand for gigabytes (aliases of aliases), deep nesting exhausts the interpreter's
stack, and a repeated key silently loses its first value. All of that is refused here, with the line number.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gan_augment.core.errors import MissingInputError, ParamsError, SetupError

__all__ = ["MOST_BYTES", "Document", "parse_yaml", "read_document", "read_text"]

MOST_BYTES = 1_000_000  # enough for ten thousand classes; PyYAML takes seconds for that much
MOST_DEPTH = 40  # params.yaml itself has six levels
MOST_NODES = 100_000  # keys and values, each counted as often as aliases repeat it
SHOWN = 20  # repeated keys
_KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


@dataclass(frozen=True)
class Document:
    """Contents of a YAML file, and the faults found in it although it could be read: one line each, ready to show."""

    value: Any
    mistakes: tuple[str, ...] = ()


def read_document(path: Path, remedy: str, *, check: str = "") -> Document:
    """Contents of a YAML file.

    Parameters
    ----------
    remedy
        What to do where the file does not exist.
    check
        The command that reads the file again once it is corrected.

    Raises
    ------
    MissingInputError
        The file does not exist.
    ParamsError
        It is not a regular file, not text, or not YAML.
    """
    text = read_text(path)
    if text is None:
        raise MissingInputError(f"There is no {path.name} here", where=path.absolute(), remedy=remedy)
    return parse_yaml(text, what=path.name, where=path, check=check)


def read_text(path: Path) -> str | None:
    """Text of a file that people edit; None where the file does not exist.

    Raises
    ------
    ParamsError
        It is a folder or a device, is not UTF-8, or is far too large.
    SetupError
        Its permissions forbid reading.
    """
    try:
        found = path.stat()
        if problem := _no_text(found):
            raise ParamsError(
                f"{path.name} cannot be read", where=path, got=problem, expected="a text file", remedy="move it away"
            )
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise SetupError(
            f"{path.name[:80]} cannot be read",
            where=_short(path),
            got=getattr(error, "strerror", None) or str(error),
            remedy=_REMEDIES.get(getattr(error, "errno", None) or 0, "name another folder, or make it readable"),
        ) from None
    return _decoded(path, content)


_REMEDIES = {errno.EACCES: "make it readable for your user (chmod u+r)", errno.ELOOP: "remove the circle of links"}


def _no_text(found: os.stat_result) -> str | None:
    kind = next((name for is_kind, name in _KINDS.items() if is_kind(found.st_mode)), None)
    if kind is None and found.st_size > MOST_BYTES:
        return f"{found.st_size:,} bytes, and more than {MOST_BYTES:,} are not read"
    return kind


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]} ... ({len(text)} characters)"


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise ParamsError(
            f"{path.name} is not UTF-8",
            where=f"{path}, line {content[: error.start].count(10) + 1}",
            got="UTF-16" if is_utf16 else f"the byte {content[error.start]:#04x}",
            remedy="save the file as UTF-8 in your editor",
        ) from None


# ---- YAML


def parse_yaml(text: str, *, what: str, where: str | Path, check: str = "") -> Document:
    """Value of one YAML document, of plain types only.

    Raises
    ------
    ParamsError
        It is not YAML, expands to more than a person would write, or holds an impossible value.
    """
    try:
        loader = _Loader(text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ParamsError(
            f"{what} is not valid YAML", where=where, got=_mistake(error, text), remedy=_remedy(error, check)
        ) from None
    return Document(value, _shortened(loader.twice))


def _shortened(mistakes: list[str]) -> tuple[str, ...]:
    more = [f"... and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
    return (*mistakes[:SHOWN], *more)


_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_TWO_READINGS = re.compile(
    r"[+-]?(?:0[0-7_]+|\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?)"
)  # 017 is 15 or 17; 12:30 is 750 or text


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which also counts the nodes that it composes and records repeated keys."""

    def __init__(self, text: str) -> None:
        self.twice: list[str] = []
        self._depth = self._nodes = 0
        self._sizes: dict[int, int] = {}  # size of every completed node, by its id
        super().__init__(text)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        is_alias = isinstance(event, yaml.AliasEvent)
        before, self._depth = self._nodes, self._depth + 1
        if self._depth > MOST_DEPTH:
            raise _refusal(f"more than {MOST_DEPTH} nested levels", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias and id(node) not in self._sizes:
            raise _refusal("an alias that contains itself", event.start_mark)
        self._nodes += self._sizes[id(node)] if is_alias else 1
        if self._nodes > MOST_NODES:
            raise _refusal(f"aliases that stand for more than {MOST_NODES:,} values", event.start_mark)
        self._sizes.setdefault(id(node), self._nodes - before)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
                continue
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in first:
                self.twice.append(f"line {line}: {key.value!r:.80} occurs already in line {first[name]}")
            first.setdefault(name, line)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and _TWO_READINGS.fullmatch(node.value):
            problem = (
                f"{node.value!r:.60} is another number to DVC than to YAML 1.1; write a plain number, or text in quotes"
            )
            raise _refusal(problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # A date that does not exist, a number of 5000 digits or !!int on a word: PyYAML lets Python's errors
            # through.
            kind = node.tag.rpartition(":")[2]
            raise _refusal(f"{node.value!r:.60} is no {kind}", node.start_mark) from None

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if any("\ud800" <= character <= "\udfff" for character in str(value)):
            raise _refusal(f"{value!r:.60} holds half a character", node.start_mark)
        return value


def _refusal(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _mistake(error: yaml.YAMLError, text: str) -> str:
    """Description of a YAML error, such as `line 3, column 5: expected ..., but found ...`."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or "")
        return f"line {mark.line + 1}, column {mark.column + 1}: {_bounded(problem)}"
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"line {line}: the character U+{ord(text[error.position]):04X}, which no text can hold"
    return _bounded(" ".join(str(error).split()))


def _bounded(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} ..."


def _remedy(error: yaml.YAMLError, check: str) -> str:
    problem = str(getattr(error, "problem", ""))
    if "'\\t'" in problem:
        remedy = "indent with spaces: YAML takes no tabs"
    elif "mapping values are not allowed" in problem:
        remedy = "look at the indentation, and put quotes around a text with `: ` in it"
    elif isinstance(error, yaml.reader.ReaderError):
        remedy = 'remove the character; in quotes it can be written as an escape, such as "\\x7f"'
    else:
        remedy = "look at that line and the one above: brackets, quotes, indentation"
    return f"{remedy}; `{check}` reads the file again" if check else remedy
