"""Numbers as people write them: 1,234.50, 1.234,50, 1 234, $12, 45 %, 12.5 kg, (300), and any minus sign.

A text with one reading is read. A text with two (1,234 may be about a thousand or about one) is decided by the spelling
of the whole column, or is left as text with the reason; assumptions are reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = ["Decimal", "Numbers", "Unclear", "decimal_sign", "looks_like_number", "read_numbers"]

Decimal = Literal[".", ","]

_MINUS = dict.fromkeys(map(ord, "\u2212\ufe63\uff0d\u2013"), "-")
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\t"), " ")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u02bc"), "'")
_ODD = "(" + "".join(map(chr, _MINUS))
_SIGNS = _MINUS | _BLANKS | _APOSTROPHES

_CURRENCY = (
    r"(?:[A-Z]{0,3}[$€£¥₹₽₩₪₫₺₴₦₱฿¢]|USD|EUR|GBP|JPY|CHF|CNY|INR|RUB|BRL|AUD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|TRY|KRW|MXN|ZAR"
    r"|SGD|HKD|NZD|Fr\.|SFr\.|kr\.?|zł|Kč|Ft|Rs\.?)"
)
_UNIT = r"(?!\s)[^\d\s.,'+()\-:][^\d\s,'+():]{0,9}"
_CELL = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?\s*(?P<before>{_CURRENCY})?\s*(?P<opened>\()?(?P<inner>[+-])?\s*"
    rf"(?P<body>(?:\d[\d.,' ]*\d|\d|[.,]\d+)[.,]?(?:[eE][+-]?\d+)?)\s*(?P<closed>\))?\s*"
    rf"(?P<after>{_CURRENCY}|[%‰]|{_UNIT})?(?P<last>-)?(?P<close>\))?"
)
_BODY = {
    decimal: re.compile(
        rf"(?:(?P<whole>\d*)|(?P<grouped>[1-9]\d{{0,2}}(?P<mark>[{group} '])\d{{3}}(?:(?P=mark)\d{{3}})*))"
        rf"(?P<rest>{re.escape(decimal)}\d*)?(?P<power>[eE][+-]?\d+)?"
    )
    for decimal, group in ((".", ","), (",", "."))
}
_THREE = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")

ENOUGH = 5  # numbers with a mark before three digits: decimals would not all have three digits by chance
FEW_LEVELS = 10  # 32GB, 64GB, 128GB: levels rather than amounts


@dataclass(frozen=True)
class Numbers:
    """Numbers in plain spelling (-1234.5), with the assumptions, if any."""

    texts: pd.Series
    note: str | None


@dataclass(frozen=True)
class Unclear:
    """Numbers with two readings: `reason` names them, and the remedy."""

    reason: str


@dataclass(frozen=True)
class _Cell:
    body: str
    negative: bool
    unit: str
    signs: str


def read_numbers(values: pd.Series, *, decimal: Decimal | None, decimal_comma: bool) -> Numbers | Unclear | None:
    """Texts in plain spelling, or None where they are not numbers.

    `decimal` is the decimal sign where it is known; `decimal_comma` whether a comma is likely to be it.
    """
    cells: dict[str, _Cell] = {}
    for text in values.dropna().unique():
        cell = _cell(text)
        if cell is None:
            return None
        cells[text] = cell
    if not cells:
        return None
    units = {cell.unit for cell in cells.values()}
    unclear = _unclear_units(units, cells)
    if unclear or _are_levels(units, cells):
        return unclear
    found = _decimal_of([cell.body for cell in cells.values()], decimal, decimal_comma=decimal_comma)
    if found is None or isinstance(found, Unclear):
        return found
    sign, taken = found
    plain = {text: _plain(cell, sign) for text, cell in cells.items()}
    return Numbers(values.map(plain).astype("string"), _note(units, cells.values(), taken))


def looks_like_number(text: str) -> bool:
    """Whether a text is a number, with or without a currency, a per cent sign or thousands separators."""
    cell = _cell(text)
    return cell is not None and not _is_word(cell.unit) and any(_fits(cell.body, sign) for sign in _BODY)


def decimal_sign(columns: Iterable[pd.Series]) -> Decimal | None:
    """Decimal sign on which all columns with only one reading agree."""
    found: set[Decimal] = set()
    for column in columns:
        bodies = []
        for text in column.unique():
            cell = _cell(text) if text else None
            if text and cell is None:
                break
            bodies += [cell.body] if cell else []
        else:
            fitting = [sign for sign in _BODY if all(_fits(body, sign) for body in bodies)]
            marks = {mark for body in bodies for mark in ".," if mark in body}
            if marks and len(fitting) == 1:
                found.add(fitting[0])  # type: ignore[arg-type]
    return found.pop() if len(found) == 1 else None


def _cell(text: str) -> _Cell | None:
    match = _CELL.fullmatch(text.translate(_SIGNS).strip())
    if match is None or not _brackets_fit(match):
        return None
    signs = [match[name] for name in ("sign", "inner", "last", "open", "opened") if match[name]]
    if len(signs) > 1 or (match["before"] and match["after"]) or re.match(r"0\d", match["body"]):
        return None  # 007 is a code
    odd = "".join(sign for sign in _ODD if sign in text)
    return _Cell(match["body"], bool(signs) and signs != ["+"], match["before"] or match["after"] or "", odd)


def _brackets_fit(match: re.Match[str]) -> bool:
    """Whether brackets are paired, and around the number alone only beside a currency or a per cent sign."""
    opened, closed = ([name for name in names if match[name]] for names in (("open", "opened"), ("closed", "close")))
    alone = match["closed"] and _is_word(match["after"] or "")  # (1) low, (2) high
    return len(opened) == len(closed) and not alone


def _fits(body: str, sign: str) -> bool:
    return _BODY[sign].fullmatch(body) is not None


def _is_word(unit: str) -> bool:
    return bool(unit) and unit not in ("%", "‰") and re.fullmatch(_CURRENCY, unit) is None


def _are_levels(units: set[str], cells: dict[str, _Cell]) -> bool:
    return len(cells) <= FEW_LEVELS and any(map(_is_word, units))


def _unclear_units(units: set[str], cells: dict[str, _Cell]) -> Unclear | None:
    named = sorted(units - {""})
    if len(named) > 1:
        shown = ", ".join(named[:4])
        return Unclear(f"numbers in several units ({shown}); write one unit, or the unit in a column of its own")
    if named and "" in units and re.fullmatch(_CURRENCY, named[0]) is None:
        bare = sum(not cell.unit for cell in cells.values())
        return Unclear(f"numbers of which {bare} have no {named[0]!r} and the others do; write all in the same way")
    return None


def _decimal_of(
    bodies: list[str], decimal: Decimal | None, *, decimal_comma: bool
) -> tuple[str, str | None] | Unclear | None:
    """Decimal sign and the assumptions; None: these are not numbers."""
    fitting = [sign for sign in _BODY if all(_fits(body, sign) for body in bodies)]
    if decimal is not None:
        fitting = [sign for sign in fitting if sign == decimal]
    if not fitting:
        return None
    marked = [body for body in bodies if "," in body or "." in body]
    if len(fitting) == 1 or not marked:
        other = "." if fitting[0] == "," else ","
        grouped = any(other in body for body in marked)
        taken = f"{other!r} is a thousands mark" if grouped else None
        if marked and not grouped and fitting == [","] and not (decimal_comma or decimal):
            taken = "',' stands before decimals"
        return fitting[0], taken
    return _by_habit(marked, [body for body in bodies if body not in set(marked)], decimal_comma=decimal_comma)


def _by_habit(marked: list[str], bare: list[str], *, decimal_comma: bool) -> tuple[str, str | None] | Unclear:
    """Reading of 1.234 or 1,234 throughout: thousands where shorter numbers have no mark, else unclear."""
    marks = {mark for body in marked for mark in ".," if mark in body}
    thousands = len(marked) >= ENOUGH and bool(bare) and all(re.fullmatch(r"\d{1,3}", body) for body in bare)
    mark = marks.pop()
    usual = "," if decimal_comma else "."
    if not marks and mark != usual and thousands:
        return usual, f"{mark!r} is a thousands mark, as in {marked[0]} beside {bare[0]}"
    if not marks and mark == ".":
        doubt = thousands or decimal_comma
        taken = f"'.' stands before decimals ({marked[0]} may be a thousand: then set prepare.source.decimal: ',')"
        return ".", taken if doubt else None
    if not marks and decimal_comma:
        return ",", f"',' stands before decimals ({marked[0]} may be a thousand: then set prepare.source.decimal: '.')"
    return Unclear(
        f"numbers of which {marked[0]} may be a thousand or a decimal; set prepare.source.decimal to '.' or ','"
    )


def _plain(cell: _Cell, sign: str) -> str:
    match = _BODY[sign].fullmatch(cell.body)
    assert match is not None
    whole = re.sub(r"[., ']", "", match["grouped"]) if match["grouped"] else match["whole"]
    rest = (match["rest"] or "").replace(",", ".")
    return f"{'-' if cell.negative else ''}{whole or '0'}{rest.removesuffix('.')}{match['power'] or ''}"


def _note(units: set[str], cells: Collection[_Cell], taken: str | None) -> str | None:
    named, odd = sorted(units - {""}), {sign for cell in cells for sign in cell.signs}
    marks = {mark for cell in cells for mark in " '" if mark in cell.body}
    parts = [f"{named[0]!r} is left out"] if named else []
    parts += ["brackets mean negative"] if "(" in odd else []
    parts += [f"{sign!r} is a minus sign" for sign in sorted(odd - {"("})]
    parts += [f"{mark!r} is a thousands mark" for mark in sorted(marks)]
    parts += [taken] if taken else []
    return "numbers: " + ", ".join(parts) if parts else None
