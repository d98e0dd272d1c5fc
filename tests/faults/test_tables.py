"""Whatever a table holds, it is read right or it is told: no other exception than the project's, no value changed.

40 cases of each kind by default, 2,000 in `make nightly`. A case is a table of columns of which the right reading is
known; texts are then damaged as well, when only "told, or as many rows as were found" is asked.
"""

from __future__ import annotations

import datetime
import decimal
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gan_augment.core.errors import GanAugmentError
from gan_augment.core.records import Column, TableSpec
from gan_augment.data.config import SplitConfig, TableSource
from gan_augment.data.raw import RawData, RawTable
from gan_augment.data.sources.table import read
from gan_augment.encoding.table import TableCodec

pytestmark = pytest.mark.timeout(1800)  # against a hang alone
CASES = pytest.mark.parametrize("cases", [40, pytest.param(2000, marks=pytest.mark.nightly)])
DAY = datetime.datetime(2020, 1, 31)
WORDS = (
    "red",
    "blue",
    "naïve",
    "猫",
    "a,b",
    'say "x"',
    "two\nlines",
    "semi;colon",
    "=1+1",
    "-",
    "x" * 300,
    "İ",
    "e\u0301",
)


def whole(chance: random.Random) -> int:
    return chance.choice([-1, 1]) * chance.randrange(10 ** chance.randint(1, 18))


def real(chance: random.Random) -> float:
    return chance.choice(
        [chance.gauss(0, 1), round(chance.gauss(0, 100), 2), chance.gauss(0, 1) * 10 ** chance.randint(-9, 9)]
    )


def moment(chance: random.Random) -> datetime.datetime:
    return DAY + datetime.timedelta(seconds=chance.randrange(-(10**8), 10**9))


def some(chance: random.Random, make: Callable[[random.Random], Any], rows: int, *, gaps: bool = True) -> list[Any]:
    """Values, of which some may be missing and some repeated."""
    few = [make(chance) for _ in range(chance.choice([3, 6, rows]))]
    missing = chance.choice([0, 0, 0.1, 0.5]) if gaps else 0
    return [None if chance.random() < missing else chance.choice(few) for _ in range(rows)]


# CSV: how a value is written, and what it must be read as.
CELLS: dict[str, tuple[Callable[[random.Random], Any], Callable[[Any], str]]] = {
    "whole": (whole, str),
    "real": (real, repr),
    "word": (lambda chance: chance.choice(WORDS), str),
    "truth": (lambda chance: chance.random() < 0.5, lambda value: str(value).lower()),
    "day": (lambda chance: datetime.datetime.combine(moment(chance), datetime.time()), lambda value: str(value.date())),
    "moment": (moment, lambda value: value.isoformat()),
}


def quoted(cell: str, delimiter: str, chance: random.Random) -> str:
    must = any(sign in cell for sign in (delimiter, '"', "\n"))
    return '"' + cell.replace('"', '""') + '"' if must or chance.random() < 0.1 else cell


def csv_case(chance: random.Random) -> tuple[str, dict[str, list[Any]]]:
    """A text, and the values of its columns beside the target."""
    rows, delimiter = chance.randint(12, 60), chance.choice([",", ",", ";", "\t", "|"])
    names = [f"{chance.choice(['x', 'Größe', 'a b', '猫'])}{n}" for n in range(chance.randint(1, 5))]
    kinds = {name: chance.choice(list(CELLS)) for name in names}
    values = {name: some(chance, CELLS[kind][0], rows) for name, kind in kinds.items()}
    empty = chance.choice(["", "NA", "null"])
    lines = [[*names, "y"]]
    for row in range(rows):
        cells = [empty if values[n][row] is None else CELLS[kinds[n]][1](values[n][row]) for n in names]
        lines.append([*cells, "pq"[row % 2]])
    end = chance.choice(["\n", "\r\n"])
    return end.join(delimiter.join(quoted(cell, delimiter, chance) for cell in line) for line in lines) + end, values


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Bytes are flipped, cut, or doubled, or something strange stands between them."""
    changed = bytearray(content)
    strange = [
        b'"',
        b"\0",
        b"\xff",
        b"\r",
        b"\n\n",
        b",,,",
        b"1,234.5",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
        b"NaN",
        b"1e999",
    ]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        what = chance.random()
        if what < 0.4:
            changed[at] = chance.randrange(256)
        elif what < 0.8:
            changed[at:at] = chance.choice(strange)
        else:
            del changed[at : at + chance.randint(1, 50)]
    return bytes(changed) or b"\n"


def told_or_read(path: Path, about: str) -> RawData | None:
    """What the reader gives, or None where it tells what is wrong."""
    told: GanAugmentError | None = None
    try:
        data = read(TableSource(path=path.name, target="y"), path.parent, SplitConfig())
    except GanAugmentError as error:
        told = error
    except Exception as error:
        raise AssertionError(about) from error
    if told is not None:
        assert told.where, about
        assert len(str(told)) < 10_000, about
        return None
    assert isinstance(data.content, RawTable), about
    assert len(data.content.frame) == len(data.rows) == data.entries, about
    assert all(problem.where for problem in data.problems), about
    return data


def same(read_value: Any, value: Any) -> bool:
    if value is None or read_value is None or pd.isna(read_value):
        return bool(value is None and (read_value is None or pd.isna(read_value)))
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    if isinstance(value, str):
        return str(read_value) == value.strip()
    if isinstance(value, decimal.Decimal):
        value = float(value)
    if isinstance(value, datetime.datetime):
        value = pd.Timestamp(value)  # Python's own equals none of another zone in the hour that clocks repeat
    return bool(read_value == value)


def check_values(data: RawData, values: dict[str, list[Any]], about: str) -> None:
    """Each column has its values, or is named in a problem."""
    assert isinstance(data.content, RawTable)
    named = {problem.subject for problem in data.problems}
    for name, wanted in values.items():
        if name not in data.content.frame:
            assert name in named, f"{about}: {name} is gone without a word"
            continue
        for row, (found, value) in enumerate(zip(data.content.frame[name].tolist(), wanted, strict=True)):
            assert same(found, value), f"{about}: {name}, row {row}: {found!r} for {value!r}"


@CASES
def test_a_csv_is_read_right_or_told(cases: int, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for case in range(cases):
        chance = random.Random(f"csv {cases} {case}")
        text, values = csv_case(chance)
        path.write_bytes(text.encode())
        about = f"case {case} of {cases}: {text[:2000]!r}"
        data = told_or_read(path, about)
        if data is not None:
            check_values(data, values, about)
        content = damaged(text.encode(), chance)
        path.write_bytes(content)
        told_or_read(path, f"case {case} of {cases}, damaged: {content[:2000]!r}")


def exact(kind: pa.DataType) -> Callable[[random.Random], Any]:
    """Values of an Arrow type, its ends among them."""
    if pa.types.is_integer(kind):
        low, high = (
            (0, 2**kind.bit_width - 1)
            if "u" in str(kind)
            else (-(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1)
        )
        return lambda chance: chance.choice([low, high, chance.randint(low, high), chance.randint(0, 100)])
    if pa.types.is_floating(kind):
        dtype = np.dtype(
            str(kind).replace("float", "float32")
            if str(kind) == "float"
            else "float64"
            if str(kind) == "double"
            else "float16"
        )
        return lambda chance: float(dtype.type(chance.gauss(0, 10)))
    if pa.types.is_decimal(kind):
        return lambda chance: decimal.Decimal(chance.randint(-(10**6), 10**6)).scaleb(-kind.scale)
    if pa.types.is_date(kind):
        return lambda chance: moment(chance).date()
    if pa.types.is_timestamp(kind):
        zone = datetime.UTC if kind.tz else None
        return lambda chance: moment(chance).replace(tzinfo=zone)
    if pa.types.is_boolean(kind):
        return lambda chance: chance.random() < 0.5
    return lambda chance: chance.choice(WORDS)


KINDS = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64(), pa.decimal128(12, 3), pa.decimal256(40, 2), pa.decimal32(9, 1)),
    *(pa.bool_(), pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())),
    *(pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "UTC")),
    *(pa.timestamp("ms", "Europe/Berlin"), pa.null(), pa.binary(), pa.list_(pa.int8()), pa.duration("s")),
    *(pa.time32("s"), pa.struct([("a", pa.int8())]), pa.map_(pa.string(), pa.int8())),
)
ODD: dict[str, Callable[[random.Random], Any]] = {
    "null": lambda _: None,
    "binary": lambda _: b"\xff",
    "list<item: int8>": lambda _: [1],
    "duration[s]": lambda chance: datetime.timedelta(chance.randrange(9)),
    "time32[s]": lambda chance: datetime.time(chance.randrange(24)),
    "struct<a: int8>": lambda _: {"a": 1},
    "map<string, int8>": lambda _: [("a", 1)],
}


@CASES
def test_a_parquet_file_is_read_right_or_told(cases: int, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    for case in range(cases):
        chance = random.Random(f"parquet {cases} {case}")
        rows = chance.randint(12, 60)
        kinds = {f"c{n}": chance.choice(KINDS) for n in range(chance.randint(1, 5))}
        values = {name: some(chance, ODD.get(str(kind)) or exact(kind), rows) for name, kind in kinds.items()}
        columns = {name: pa.array(values[name], type=kind) for name, kind in kinds.items()}
        pq.write_table(pa.table(columns | {"y": ["pq"[n % 2] for n in range(rows)]}), path)
        about = f"case {case} of {cases}: {kinds} {values}"[:3000]
        data = told_or_read(path, about)
        if data is not None:
            check_values(data, values, about)
            assert isinstance(data.content, RawTable)
            for column in data.content.spec.columns:
                if column.arrow is not None:
                    assert column.arrow == str(pq.read_schema(path).field(column.name).type), about
        content = path.read_bytes()
        path.write_bytes(content[: chance.randrange(len(content))])
        told_or_read(path, f"{about}, cut")


SERIES: dict[str, Callable[[random.Random, int], pd.Series]] = {
    "Int64": lambda chance, rows: pd.Series(some(chance, whole, rows), dtype="Int64"),
    "UInt64": lambda chance, rows: pd.Series(some(chance, lambda c: c.randrange(2**64), rows), dtype="UInt64"),
    "int8": lambda chance, rows: pd.Series(
        some(chance, lambda c: c.randint(-128, 127), rows, gaps=False), dtype="int8"
    ),
    "float64": lambda chance, rows: pd.Series(some(chance, real, rows), dtype="float64"),
    "float32": lambda chance, rows: pd.Series(some(chance, real, rows), dtype="float32"),
    "boolean": lambda chance, rows: pd.Series(some(chance, lambda c: c.random() < 0.3, rows), dtype="boolean"),
    "string": lambda chance, rows: pd.Series(some(chance, lambda c: c.choice(WORDS), rows), dtype="string"),
    "category": lambda chance, rows: pd.Series(some(chance, lambda c: c.choice(WORDS), rows)).astype("category"),
    "datetime64[ns]": lambda chance, rows: pd.Series(some(chance, moment, rows), dtype="datetime64[ns]"),
    "datetime64[s]": lambda chance, rows: pd.Series(some(chance, moment, rows), dtype="datetime64[s]"),
    "datetime64[us, UTC]": lambda chance, rows: pd.Series(some(chance, moment, rows), dtype="datetime64[us, UTC]"),
    "days": lambda chance, rows: pd.Series(
        some(chance, lambda c: int(moment(c).strftime("%Y%m%d")), rows), dtype="Int64"
    ),
}


def columns_of(frame: pd.DataFrame, kinds: dict[str, str]) -> tuple[Column, ...]:
    words = {"boolean": "boolean", "string": "categorical", "category": "categorical", "days": "datetime"}
    columns = []
    for name, kind in kinds.items():
        word: Any = words.get(kind, "datetime" if kind.startswith("datetime") else "numeric")
        integer = "int" in kind.lower() or kind == "days"
        columns.append(Column(name=name, kind=word, dtype=str(frame[name].dtype), integer=integer))
    return tuple(columns)


@CASES
@pytest.mark.parametrize("scale", ["quantile", "standard"])
def test_a_row_comes_back_from_the_codec(scale: Any, cases: int) -> None:
    for case in range(cases):
        chance = random.Random(f"codec {cases} {case}")
        rows = chance.randint(1, 60)
        kinds = {f"c{n}": chance.choice(list(SERIES)) for n in range(chance.randint(1, 6))}
        frame = pd.DataFrame({name: SERIES[kind](chance, rows) for name, kind in kinds.items()})
        about = f"case {case} of {cases}: {kinds} {frame.to_dict('list')}"[:3000]
        table = TableSpec(columns=columns_of(frame, kinds), target="y")
        together = chance.random() < 0.5
        try:
            codec = TableCodec.fit(frame, table, scale=scale, max_levels=100, keep_dependencies=together)
            codec = TableCodec.from_json(json.loads(json.dumps(codec.to_json())))
            parts = codec.encode_columns(frame)
            back = codec.decode_columns(parts)
            made = codec.decode(np.random.default_rng(case).normal(0, 3, (50, codec.width)))
        except Exception as error:
            raise AssertionError(about) from error
        pd.testing.assert_series_equal(back.dtypes, frame.dtypes, obj=about)
        assert back.isna().equals(frame.isna()), about
        for name, kind in kinds.items():
            for values in (back[name], made[name]):
                check_codec(frame[name], values, kind, f"{about}, column {name}")
            if kind in ("boolean", "string", "category"):
                pd.testing.assert_series_equal(back[name], frame[name], obj=about)


def check_codec(real_values: pd.Series, values: pd.Series, kind: str, about: str) -> None:
    """Decoded values have the dtype of the real ones and stay within them."""
    assert values.dtype == real_values.dtype, about
    seen, present = real_values.dropna(), values.dropna()
    if not len(present):
        return
    if kind in ("boolean", "string", "category"):
        assert set(present) <= set(seen), about
    else:
        assert seen.min() <= present.min(), about
        assert present.max() <= seen.max(), about
    if kind == "days":
        assert pd.to_datetime(present.astype(str), format="%Y%m%d", errors="coerce").notna().all(), about
