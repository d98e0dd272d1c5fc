"""A user's file for `choose`: what is taken for granted is said, and what is written is like what was read."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gan_augment.core.errors import DataError
from gan_augment.tabular import TableSynthesizer
from gan_augment.tabular.files import read_user_table, write_augmented

N = 60
AB, PQ = [*"ab"] * (N // 2), [*"pq"] * (N // 2)
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(n) for n in range(N)]
TYPED: dict[str, pa.Array] = {
    "int8": pa.array([n % 9 for n in range(N)], pa.int8()),
    "gaps": pa.array([None if n % 5 == 0 else n * 7 % 23 for n in range(N)], pa.uint16()),
    "float": pa.array(np.linspace(0, 1, N).astype("float32")),
    "half": pa.array(np.linspace(0, 1, N).astype("float16")),
    "decimal": pa.array([None if n % 3 == 0 else decimal.Decimal(n) / 4 for n in range(N)], pa.decimal128(9, 2)),
    "wide decimal": pa.array([decimal.Decimal(n) / 4 for n in range(N)], pa.decimal256(50, 2)),
    "day": pa.array(DAYS),
    "zone": pa.array(pd.to_datetime(DAYS).tz_localize("Europe/Berlin").as_unit("us")),
    "text": pa.array(AB, pa.string()),
    "large": pa.array(AB, pa.large_string()),
    "levels": pa.DictionaryArray.from_arrays(pa.array([0, 1] * (N // 2), pa.int8()), ["lo", "hi"], ordered=True),
    "nothing": pa.nulls(N),
    "list": pa.array([[n] for n in range(N)]),
}  # fmt: skip


def made(path: Path, decimal_sign: Any = None, drop: tuple[str, ...] = ()) -> Any:
    table = read_user_table(path, "y", drop, decimal_sign)
    return table, TableSynthesizer("copula").fit(table.used, "y").sample(20)


@pytest.mark.parametrize("target", [pa.array(PQ, pa.string()), pa.array([0, 1] * (N // 2), pa.int8())])
def test_a_parquet_file_keeps_its_types_and_its_rows(target: pa.Array, tmp_path: Path) -> None:
    source = pa.table(TYPED | {"y": target})
    fields = [field.with_nullable(field.name in ("gaps", "decimal", "nothing")) for field in source.schema]
    pq.write_table(source.cast(pa.schema(fields)), tmp_path / "t.parquet")
    table, rows = made(tmp_path / "t.parquet", drop=("list",))
    write_augmented(tmp_path / "more.parquet", table, rows)
    written = pq.read_table(tmp_path / "more.parquet")
    assert {f.name: f.type for f in written.schema} == {f.name: f.type for f in source.schema} | {"origin": pa.string()}
    assert written.slice(0, N).drop_columns("origin").equals(source)
    assert written["origin"].to_pylist() == ["real"] * N + ["synthetic"] * 20
    assert written["list"].slice(N).null_count == 20


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_a_csv_keeps_its_separator_and_its_decimal_sign(delimiter: str, tmp_path: Path) -> None:
    lines = [delimiter.join((f'"{n},5"', "uv"[n % 2], "pq"[n % 2])) for n in range(N)]
    (tmp_path / "t.csv").write_text("\n".join([delimiter.join("axy"), *lines]))
    table, rows = made(tmp_path / "t.csv")
    write_augmented(tmp_path / "more.csv", table, rows)
    assert (tmp_path / "more.csv").read_text().splitlines()[0] == delimiter.join(("a", "x", "y", "origin"))
    again = read_user_table(tmp_path / "more.csv", "y", ["origin"])
    pd.testing.assert_series_equal(again.whole["a"][:N], table.whole["a"])
    assert again.whole["a"][:2].tolist() == [0.5, 1.5]


def test_an_ambiguous_spelling_is_said_or_decided(tmp_path: Path) -> None:
    lines = [f"{n % 9 + 1}.{n * 37 % 1000:03d};{'pq'[n % 2]}" for n in range(N)]
    (tmp_path / "t.csv").write_text("\n".join(["a;y", *lines]))
    table = read_user_table(tmp_path / "t.csv", "y")
    assert table.whole["a"].max() < 10
    assert "--decimal ','" in table.notes[0]
    decided = read_user_table(tmp_path / "t.csv", "y", decimal=",")
    assert decided.whole["a"].min() >= 1000


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    lines = [f"{n / 4};{'pq'[n % 2]}" for n in range(N)]
    (tmp_path / "t.csv").write_bytes("\n".join(["größe;y", *lines]).encode("cp1252"))
    assert "Windows-1252" in read_user_table(tmp_path / "t.csv", "y").notes[0]


def test_an_encoding_is_taken_or_refused_in_the_words_of_the_command_line(tmp_path: Path) -> None:
    lines = [f"{n / 4},{'äö'[n % 2]}" for n in range(N)]
    (tmp_path / "t.csv").write_bytes("\n".join(["größe,y", *lines]).encode("cp850"))
    table = read_user_table(tmp_path / "t.csv", "y", encoding="cp850")
    assert list(table.whole) == ["größe", "y"]
    assert set(table.whole["y"]) == {"ä", "ö"}
    assert table.notes == ()
    for wrong in ("utf-8", "utf-18"):
        with pytest.raises(DataError, match="--encoding") as caught:
            read_user_table(tmp_path / "t.csv", "y", encoding=wrong)
        assert "prepare.source" not in str(caught.value)
    (tmp_path / "t.csv").write_bytes("\n".join(["a,y", *lines]).encode("utf-16-le"))
    with pytest.raises(DataError, match="use --encoding utf-16-le"):
        read_user_table(tmp_path / "t.csv", "y")


def test_columns_of_one_to_one_values_stay_together(tmp_path: Path) -> None:
    lines = [f"{'ABCD'[n % 4]}town,{n % 4 * 11},{n * 7 % 13},{'pq'[n % 3 > 0]}" for n in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(["city,code,x,y", *lines]))
    table, rows = made(tmp_path / "t.csv")
    pairs = set(zip(table.used["city"], table.used["code"], strict=True))
    assert set(zip(rows["city"], rows["code"], strict=True)) <= pairs
