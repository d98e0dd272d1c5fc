from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.table_files import TableFile, read_table_file


def csv(tmp_path: Path, text: str, name: str = "t.csv") -> TableFile:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_table_file(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = ["a,b,c", "1,x,2", "3,y,4"]
    table = csv(tmp_path, "\n".join(row.replace(",", delimiter) for row in rows))
    assert table.frame.columns.tolist() == ["a", "b", "c"]
    assert table.frame["b"].tolist() == ["x", "y"]
    assert table.decimal_comma == (delimiter != ",")


def test_quoted_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    table = csv(tmp_path, 'a,b\n"x, ""y""\nz",1\nw,2\n')
    assert table.frame["a"].tolist() == ['x, "y"\nz', "w"]
    assert table.places == ("line 2", "line 4")


def test_cells_and_names_are_stripped_and_blank_lines_skipped(tmp_path: Path) -> None:
    table = csv(tmp_path, " a , b\n\n 1 , x \n\n")
    assert table.frame.columns.tolist() == ["a", "b"]
    assert table.frame.iloc[0].tolist() == ["1", "x"]
    assert table.places == ("line 3",)


@pytest.mark.parametrize("text", ["a,b,\n1,x\n", "a,b\n1,x,\n", "a,b,,\n1,x,,\n"])
def test_separators_after_the_last_column_are_cut(tmp_path: Path, text: str) -> None:
    table = csv(tmp_path, text)
    assert table.frame.columns.tolist() == ["a", "b"]
    assert table.frame.iloc[0].tolist() == ["1", "x"]


def test_quotes_after_a_space(tmp_path: Path) -> None:
    assert csv(tmp_path, 'a, "b, c"\n1, "x, y"\n').frame.columns.tolist() == ["a", "b, c"]


def test_a_nameless_index_column_gets_a_name(tmp_path: Path) -> None:
    assert csv(tmp_path, ",a\n0,x\n1,y\n").frame.columns.tolist() == ["Unnamed: 0", "a"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("a,b\n", "no rows"),
        ("a,b,a\n1,2,3\n", "share a name"),
        ("a, a\n1,2\n", "share a name"),
        ("1.5,2\n3,4\n", "numbers where column names"),
        ("a,b\n1,2\n1,2,3\n1\n", "another number of cells"),
        ('a,b\n1,"x\n', "damaged"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        csv(tmp_path, text)


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        csv(tmp_path, "a,b\n1,2\n1,2,3\n1\n")
    assert "line 3: 3 cells" in str(error.value)
    assert "line 4: 1 cells" in str(error.value)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [1.5, None], "when": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table_file(tmp_path / "t.parquet")
    assert table.typed
    assert table.frame["n"].tolist() == [1, 2]
    assert table.places == ("row 1", "row 2")


def test_parquet_with_duplicate_names_and_damaged_parquet_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "twice.parquet")
    with pytest.raises(DataError, match="share a name"):
        read_table_file(tmp_path / "twice.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match="cannot be read"):
        read_table_file(tmp_path / "bad.parquet")


def test_parquet_with_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"feature": [1, 2]}), tmp_path / "t.parquet", store_schema=False)
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content.replace(b"feature", b"\x9feature"))
    with pytest.raises(DataError, match="cannot be read"):
        read_table_file(tmp_path / "t.parquet")


def test_other_files_are_refused_with_what_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"x")
    with pytest.raises(DataError, match="save the table as CSV"):
        read_table_file(tmp_path / "t.xlsx")


def test_a_guessed_encoding_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a,b\nAdélie,1\n".encode("cp1252"))
    table = read_table_file(tmp_path / "t.csv")
    assert table.frame["a"].tolist() == ["Adélie"]
    assert [problem.severity for problem in table.problems] == ["warning"]
    assert not read_table_file(tmp_path / "t.csv", "cp1252").problems
