"""CSV and Parquet files as frames, with the place of every row, and with errors that name lines."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.errors import DataError
from gan_augment.data.columns import NULLABLE
from gan_augment.data.number_texts import Decimal, decimal_sign
from gan_augment.data.problems import Problem, listing
from gan_augment.data.text import Text, decode_text

__all__ = ["TABLE_SUFFIXES", "TableFile", "read_table_file"]

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".parquet", ".pq"})
_DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 200  # records by which the delimiter and the decimal sign are chosen


@dataclass(frozen=True)
class TableFile:
    """Table as in the file.

    Attributes
    ----------
    frame
        Text files: every cell a stripped string, "" where empty. Parquet: the file's own types.
    places
        The place of each row: "line 7" or "row 7".
    typed
        Whether the cells have types (Parquet), so that text is not to be parsed.
    decimal_comma
        Whether the decimal sign is likely to be a comma: in text files that are not separated by commas.
    decimal
        The decimal sign, where columns with only one reading show it.
    arrow
        Of a Parquet file: the Arrow types of its columns of numbers, truth values, times and texts.
    delimiter
        Of a text file, the separator of cells.
    """

    frame: pd.DataFrame
    places: tuple[str, ...]
    typed: bool
    decimal_comma: bool
    problems: tuple[Problem, ...]
    decimal: Decimal | None = None
    arrow: dict[str, str] = field(default_factory=dict)
    delimiter: str = ","


def read_table_file(path: Path, encoding: str | None = None) -> TableFile:
    """Table of a file, read by the file's ending. Raises DataError."""
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return _read_parquet(path)
    if suffix in TABLE_SUFFIXES:
        return _read_text(path, decode_text(path, encoding))
    raise DataError(
        "This kind of file cannot be read as a table",
        where=path,
        got=suffix or "no file ending",
        expected=".csv, .tsv or .parquet",
        remedy="save the table as CSV (UTF-8) or Parquet",
    )


def _read_parquet(path: Path) -> TableFile:
    try:
        file = pq.ParquetFile(path)
        _check_names(path, file.schema_arrow.names)
        table = file.read()
        table.validate(full=True)  # texts that are not UTF-8 would otherwise be found much later
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: names that are not UTF-8
        raise DataError(
            "The Parquet file cannot be read", where=path, got=str(error).split("\n")[0], remedy="write it again"
        ) from None
    table = table.replace_schema_metadata()  # pandas' own metadata, which pyarrow parses even with `ignore_metadata`
    frame = table.to_pandas(ignore_metadata=True, date_as_object=False, types_mapper=NULLABLE.get)
    places = tuple(f"row {number}" for number in range(1, len(frame) + 1))
    _check_rows(path, frame)
    types = {item.name: str(item.type) for item in table.schema if _has_kind(item.type)}
    return TableFile(frame, places, typed=True, decimal_comma=False, problems=(), arrow=types)


def _has_kind(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary)
    return any(test(kind) for test in (*tests, *texts, pa.types.is_decimal))


def _read_text(path: Path, text: Text) -> TableFile:
    delimiter = _delimiter(path, text.content)
    records = _records(path, text.content, delimiter)
    if not records:
        raise DataError("The table is empty", where=path, expected="a line of column names, and rows below it")
    records = _without_trailing_separators(records)
    header = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(records[0][1])]
    _check_header(path, header)
    _check_widths(path, header, records)
    columns = zip(*(row for _, row in records[1:]), strict=True) if len(records) > 1 else ([] for _ in header)
    frame = pd.DataFrame(
        {
            name: pd.Series([cell.strip() for cell in cells], dtype="string")
            for name, cells in zip(header, columns, strict=True)
        }
    )
    _check_rows(path, frame)
    places = tuple(f"line {line}" for line, _ in records[1:])
    decimal = decimal_sign(frame[name].head(_LOOKED_AT) for name in frame.columns)
    problems = _encoding_note(path, text)
    return TableFile(frame, places, False, delimiter != ",", problems, decimal, delimiter=delimiter)


def _delimiter(path: Path, content: str) -> str:
    """Delimiter that cuts the first records evenly into the most columns."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    head = "".join(content.splitlines(keepends=True)[:_LOOKED_AT])

    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        usual, times = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (times / len(widths) if usual > 1 else 0.0), usual

    return max(_DELIMITERS, key=score)


def _records(path: Path, content: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Non-empty records, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    records, line = [], 1
    try:
        for row in reader:
            if (row and any(map(str.strip, row))) or len(row) > 1:
                records.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            "The CSV file is damaged",
            where=f"{path}, line {line}",
            got=str(error),
            expected="quotes in pairs, and doubled inside a quoted cell",
            remedy="correct the line",
        ) from None
    return records


def _without_trailing_separators(records: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Records cut to the named columns, where the cells to their right are empty in every row."""
    names = [name.strip() for name in records[0][1]]
    width = max((place + 1 for place, name in enumerate(names) if name), default=0)
    if width == 0 or any(any(map(str.strip, row[width:])) for _, row in records):
        return records
    return [(line, row[:width]) for line, row in records]


def _check_header(path: Path, header: list[str]) -> None:
    _check_names(path, header)
    if all(_is_number(name) for name in header):
        raise DataError(
            "The first line holds numbers where column names should be",
            where=f"{path}, line 1",
            got=", ".join(header[:5]),
            remedy="put a line of column names on top",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_names(path: Path, names: list[str]) -> None:
    twice = [f"{name!r} {count} times" for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            "Columns share a name",
            where=path,
            got=listing(twice),
            expected="a different name for every column",
            remedy="rename or remove the columns",
        )


def _check_widths(path: Path, header: list[str], records: list[tuple[int, list[str]]]) -> None:
    wrong = [f"line {line}: {len(row)} cells" for line, row in records[1:] if len(row) != len(header)]
    if wrong:
        raise DataError(
            f"{len(wrong)} rows have another number of cells than the header",
            where=path,
            got=listing(wrong),
            expected=f"{len(header)} cells",
            remedy="correct the lines; a cell that holds the separator must be quoted",
        )


def _check_rows(path: Path, frame: pd.DataFrame) -> None:
    if frame.empty:
        raise DataError("The table has no rows", where=path, got=f"{len(frame.columns)} column names only")


def _encoding_note(path: Path, text: Text) -> tuple[Problem, ...]:
    if not text.guessed:
        return ()
    return (
        Problem(
            severity="warning",
            what="The file is not UTF-8 and was read as Windows-1252 (Latin-1)",
            where=str(path),
            remedy=f"check a few names with accents, then set prepare.source.encoding: {text.encoding}",
        ),
    )
