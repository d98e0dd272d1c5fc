"""Table shards: dtypes, categories and missing values survive Parquet, and CSV with its sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples, make_manifest, write_samples
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.content import Content
from gan_augment.sharding.export import ExportTask, export
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.table import CsvReader, ParquetTableReader, provenance_names

REAL_ONLY = Content(counts={}, ratio=0, basis="real_only", verdict="", sentence="", reason="")
DTYPES = {
    "float64": [1.5, np.nan, -0.1, 1e-300, np.inf],
    "float32": [1.5, np.nan, -0.1, 3e30, -np.inf],
    "int64": [2**63 - 1, -(2**63), 0, 1, 2],
    "int8": [1, 2, 3, -128, 127],
    "Int64": [2**62 + 1, None, -1, 0, 5],
    "UInt16": [1, None, 65535, 0, 5],
    "bool": [True, False, True, True, False],
    "boolean": [True, None, False, None, True],
    "string": ["", None, 'a "quoted", comma', "line\nbreak\r\n", "NA"],
    "object": ["x", None, " y ", "null", "1"],
    "str": ["x", None, " y ", "nan", "1.0"],
    "datetime64[ns]": ["2020-02-29 01:02:03.123456789", None, "1960-01-01", "2262-01-01", "1970-01-01"],
    "datetime64[us]": ["2020-02-29 01:02:03.123456", None, "1500-01-01", "9000-01-01", "1970-01-01"],
    "datetime64[ns, UTC]": [
        "2020-02-29T01:02:03Z",
        None,
        "1960-01-01T00:00:00Z",
        "2262-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
    ],
}


def spec_of(frame: pd.DataFrame, target: str = "y") -> DatasetSpec:
    kinds = {"f": "numeric", "i": "numeric", "u": "numeric", "b": "boolean", "M": "datetime"}
    columns = tuple(
        Column(name=name, kind=kinds.get(getattr(kind, "kind", "O"), "categorical"), dtype=str(kind))  # type: ignore[arg-type]
        for name, kind in frame.dtypes.items()
    )
    return DatasetSpec(
        name="t",
        modality="table",
        classes=(ClassRecord(key="a", label="a"),),
        table=TableSpec(columns=columns, target=target),
    )


def exported(frame: pd.DataFrame, root: Path, target: str = "y") -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame after a round trip through Parquet and through CSV, in its first order."""
    source = root / "source"
    source.mkdir(parents=True)
    ids = [f"row-{number:04d}" for number in range(len(frame))]
    write_samples(source, Samples(make_manifest(len(frame), id=ids, label="a", split="train", origin="real"), frame))
    spec = spec_of(frame, target)
    export(ExportTask(spec, (source,), None, REAL_ONLY, ExportConfig(), 0), root / "out")
    back = []
    for reader in (ParquetTableReader(Files(root / "out")), CsvReader(Files(root / "out"))):
        read = reader("table/parquet/train-00000-of-00001.parquet")
        names = provenance_names(spec)
        assert list(read.columns) == [*frame.columns, target, names["id"], names["origin"]]
        back.append(read.sort_values(names["id"], ignore_index=True)[list(frame.columns)])
    return back[0], back[1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_survives(tmp_path: Path, dtype: str) -> None:
    frame = pd.DataFrame({"x": pd.Series(DTYPES[dtype]).astype(dtype)})  # type: ignore[call-overload]
    for back in exported(frame, tmp_path):
        pd.testing.assert_frame_equal(back, frame)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_whole_days_are_written_as_days(tmp_path: Path, unit: str) -> None:
    days = pd.Series(["2020-02-29", None, "1960-01-01"]).astype(f"datetime64[{unit}]")
    frame = pd.DataFrame({"day": days, "noon": days + pd.Timedelta(hours=12)})
    for back in exported(frame, tmp_path):
        pd.testing.assert_frame_equal(back, frame)
    text = (tmp_path / "out/table/csv/train-00000-of-00001.csv").read_text(encoding="utf-8")
    assert "1960-01-01,1960-01-01 12:00:00" in text


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_their_order_and_the_unused_ones_survive(tmp_path: Path, ordered: bool) -> None:
    values = pd.Categorical.from_codes([0, 1, -1, 1], categories=["high", "low", "unused"], ordered=ordered)
    frame = pd.DataFrame({"x": values})
    for back in exported(frame, tmp_path):
        pd.testing.assert_frame_equal(back, frame)


def test_categories_that_are_numbers_keep_their_values(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": pd.Categorical([30, 10, None, 10])})
    for back in exported(frame, tmp_path):
        assert list(back["x"].dropna()) == [30, 10, 10]
        assert back["x"].isna().tolist() == [False, False, True, False]


def test_our_own_columns_give_way_to_the_users(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1, 2], "_id": [3, 4], "label": [5, 6], "__origin": [7, 8]})
    for back in exported(frame, tmp_path):
        pd.testing.assert_frame_equal(back, frame)


CELLS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8))


@given(st.lists(st.tuples(CELLS, st.one_of(st.none(), st.floats(allow_nan=False))), min_size=1, max_size=20))
@settings(max_examples=40)
def test_any_text_and_any_number_survive(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    texts, numbers = zip(*rows, strict=True)
    frame = pd.DataFrame({"te,xt": pd.array(texts, dtype="string"), "n": pd.Series(numbers, dtype="float64")})
    for back in exported(frame, tmp_path_factory.mktemp("trip")):
        pd.testing.assert_frame_equal(back, frame)
