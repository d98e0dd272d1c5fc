"""Table shards: dtypes, categories and missing values survive Parquet, and CSV with its sidecar."""

from __future__ import annotations

import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gan_augment
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples, make_manifest, write_samples
from gan_augment.data.config import SplitConfig, TableSource
from gan_augment.data.sources.table import read as read_table
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.content import Content
from gan_augment.sharding.export import ExportTask, export
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.table import CsvReader, ParquetTableReader, provenance_names

SHARD = "table/parquet/train-00000-of-00001.parquet"
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


# From a Parquet file of the user to Parquet and CSV of an export: what the real rows were, they are


SOURCES: dict[str, pa.Array] = {
    "int8": pa.array([1, None, -128, 127, 0, 3], pa.int8()),
    "whole int16": pa.array([1, 5, -300, 127, 0, 3], pa.int16()),
    "uint16": pa.array([1, None, 65535, 7, 0, 3], pa.uint16()),
    "int64": pa.array([2**62 + 1, None, 2**62 + 3, -(2**63), 0, 5], pa.int64()),
    "uint64": pa.array([2**64 - 1, None, 2**62 + 3, 1, 0, 5], pa.uint64()),
    "float16": pa.array(
        [np.float16(0.1), None, np.float16(2.5), np.float16(7), np.float16(1), np.float16(0)], pa.float16()
    ),
    "float32": pa.array([0.1, None, 1e-7, 3e30, -0.0, 5], pa.float32()),
    "double": pa.array([0.1 + 0.2, None, 1e-300, 3e30, -0.0, 5], pa.float64()),
    "bool": pa.array([True, None, False, True, True, False]),
    "date32": pa.array([0, None, 20_000, -30_000, 1, 2_932_896], pa.date32()),
    "s": pa.array([0, None, 1_600_000_000, -1, 253_402_214_400, 1], pa.timestamp("ms")),
    "us": pa.array([0, None, 1_600_000_000_000_001, -1, 1, 2], pa.timestamp("us")),
    "ns": pa.array([0, None, 1_600_000_000_000_000_001, -1, 1, 2], pa.timestamp("ns")),
    "zone": pa.array([0, None, 1_600_000_000_000, -1, 1, 2], pa.timestamp("ms", "Europe/Berlin")),
    "utc": pa.array([0, None, 1_600_000_000_000_001, -1, 1, 2], pa.timestamp("us", "UTC")),
    "decimal": pa.array(
        [Decimal("1.10"), None, Decimal("-0.05"), Decimal("99999999.99"), Decimal(0), Decimal(1)], pa.decimal128(10, 2)
    ),
    "large text": pa.array([" a", None, "", "a", "NA", "b"], pa.large_string()),
    "text": pa.array([" a", None, "", "a", "NA", "b"]),
    "day": pa.array([20200229, None, 20201231, 20210101, 20210102, 20210103], pa.int32()),
    "codes": pa.array(["x", None, "y", "x", "y", "z"]).dictionary_encode(),
    "ranks": pa.DictionaryArray.from_arrays(
        pa.array([2, None, 0, 1, 1, 0], pa.int8()), ["low", "mid", "high"], ordered=True
    ),
}


def of_user(table: pa.Table, root: Path) -> pd.DataFrame:
    """The user's table, read as `prepare` does and exported to the folder `out`, as it is read there."""
    root.mkdir(exist_ok=True)
    pq.write_table(table.append_column("y", pa.array(["a"] * len(table))), root / "t.parquet")
    raw = read_table(TableSource(path="t.parquet", target="y"), root, SplitConfig())
    assert not [problem for problem in raw.problems if problem.severity == "error"], raw.problems
    (root / "source").mkdir()
    ids = [f"row-{number:04d}" for number in range(len(table))]
    made = make_manifest(len(table), id=ids, label="a", split="train", origin="real")
    write_samples(root / "source", Samples(made, raw.content.frame))  # type: ignore[union-attr]
    spec = DatasetSpec(
        name="t",
        modality="table",
        classes=(ClassRecord(key="a", label="a"),),
        table=raw.content.spec,  # type: ignore[union-attr]
    )
    export(ExportTask(spec, (root / "source",), None, REAL_ONLY, ExportConfig(), 0), root / "out")
    return ParquetTableReader(Files(root / "out"))(SHARD)


@pytest.mark.parametrize("name", SOURCES)
def test_real_rows_of_a_parquet_file_come_back_in_their_types(tmp_path: Path, name: str) -> None:
    table = pa.table({"x": SOURCES[name]})
    frame = of_user(table, tmp_path)
    back = pq.ParquetFile(tmp_path / "out" / SHARD).read().sort_by("_id").select(["x"])
    assert back.schema.field("x").type == pq.read_table(tmp_path / "t.parquet").schema.field("x").type
    assert back.column("x").to_pylist() == table.column("x").to_pylist()
    pd.testing.assert_frame_equal(CsvReader(Files(tmp_path / "out"))(SHARD), frame)
    assert pd.read_parquet(tmp_path / "out" / SHARD)["x"].isna().sum() == table.column("x").null_count


@given(data=st.data())
@settings(max_examples=10)
def test_any_columns_of_a_parquet_file_come_back(tmp_path: Path, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(list(SOURCES)), min_size=1, unique=True))
    order = data.draw(st.permutations(range(6)))
    table = pa.table({name: SOURCES[name].take(pa.array(order)) for name in names})
    root = Path(tempfile.mkdtemp(dir=tmp_path))
    of_user(table, root)
    back = pq.ParquetFile(root / "out" / SHARD).read().sort_by("_id")
    for name in names:
        assert back.column(name).to_pylist() == table.column(name).to_pylist(), name


# The target: labels are texts between the stages, and come back in the type that they had

TARGETS: dict[str, pa.Array] = {
    "int8": pa.array([0, 1, 2, 0, 1, 2], pa.int8()),
    "uint16": pa.array([0, 1, 2, 0, 1, 2], pa.uint16()),
    "int64": pa.array([2**60 + 1, 2**60 + 2, 2**60 + 3] * 2),
    "bool": pa.array([True, False, True, False, True, False]),
    "float16": pa.array([0.5, 1.5, 2.0] * 2, pa.float16()),
    "float32": pa.array([0.1, 1.5, 2.0] * 2, pa.float32()),
    "whole double": pa.array([1.0, 2.0, 3.0] * 2),
    "text": pa.array(["a", "b", "c"] * 2),
    "large text": pa.array(["a", "b", "c"] * 2, pa.large_string()),
    "codes": pa.array(["low", "high", "mid"] * 2).dictionary_encode(),
    "ranks": pa.DictionaryArray.from_arrays(
        pa.array([2, 0, 1] * 2, pa.int8()), ["low", "mid", "high", "never"], ordered=True
    ),
    "date32": pa.array([18_262, 18_628, 18_993] * 2, pa.date32()),
    "time": pa.array([0, 1_600_000_000_000_001, 86_400_000_000] * 2, pa.timestamp("us")),
    "zone": pa.array([0, 1_600_000_000_000, 86_400_000] * 2, pa.timestamp("ms", "Europe/Berlin")),
    "decimal": pa.array([Decimal("1.50"), Decimal("2.00"), Decimal("3.25")] * 2),
}


def with_target(target: pa.Array, root: Path) -> Path:
    """An export of the user's table with this target."""
    root.mkdir(exist_ok=True)
    table = pa.table({"x": pa.array(np.arange(len(target)) / 2), "y": target})
    pq.write_table(table, root / "t.parquet")
    raw = read_table(TableSource(path="t.parquet", target="y"), root, SplitConfig())
    labels = raw.rows["label"].to_list()
    manifest = make_manifest(len(table), id=[f"{n:03d}" for n in range(len(table))], label=labels, split="train")
    (root / "source").mkdir()
    write_samples(root / "source", Samples(manifest.assign(origin="real"), raw.content.frame))  # type: ignore[union-attr]
    classes = tuple(ClassRecord(key=f"k{n}", label=label) for n, label in enumerate(sorted(set(labels))))
    spec = DatasetSpec(name="t", modality="table", classes=classes, table=raw.content.spec)  # type: ignore[union-attr]
    spec.save(root / "dataset.json")
    spec = DatasetSpec.load(root / "dataset.json")
    export(ExportTask(spec, (root / "source",), None, REAL_ONLY, ExportConfig(), 0), root / "out")
    return root / "out"


@pytest.mark.parametrize("name", TARGETS)
def test_the_target_comes_back_in_its_type(tmp_path: Path, name: str) -> None:
    root = with_target(TARGETS[name], tmp_path)
    column = pq.read_table(root / SHARD).sort_by("x").column("y").combine_chunks()
    assert column.type == TARGETS[name].type
    assert column.equals(TARGETS[name])
    loaded = gan_augment.load(root)
    assert loaded["y"].dtype == pd.read_parquet(root / SHARD)["y"].dtype or name == "decimal"
    assert gan_augment.load(root, format="csv").equals(loaded)
    assert pd.concat(gan_augment.load(root, "frames"), ignore_index=True).equals(loaded)


def test_a_target_without_a_type_of_its_own_is_text(tmp_path: Path) -> None:
    root = with_target(pa.array([b"a", b"b"] * 3).cast(pa.string()), tmp_path)
    sidecar = json.loads((root / "table/schema.json").read_text())
    assert sidecar["target_type"] == {"arrow": "string", "categories": []}
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    for back in exported(frame, tmp_path / "older"):  # whose data set says nothing of the target
        pd.testing.assert_frame_equal(back, frame)
