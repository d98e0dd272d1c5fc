"""Table shards: Parquet and CSV side by side, and a schema sidecar that restores the CSV exactly.

CSV alone loses dtypes, the order of categories and the difference between a missing value and an empty text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pandas.api.types import pandas_dtype

from gan_augment.core.atomic import read_json, replacing_file, write_json
from gan_augment.core.records import Column, DatasetSpec, TargetType
from gan_augment.encoding.target_type import arrow_type, categories_of, is_text, labels_as, plain_type
from gan_augment.encoding.times import pandas_dtype_of
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats.api import ShardRows, Written
from gan_augment.sharding.rows import FEATURE, RowSchema

__all__ = ["CsvReader", "ParquetTableReader", "provenance_names", "write_schema", "write_table"]

SCHEMA_FILE = "table/schema.json"
_NULLABLE: dict[pa.DataType, Any] = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
}  # fmt: skip


def provenance_names(spec: DatasetSpec) -> dict[str, str]:
    """Names of our own columns in a table shard, with enough underscores to differ from the user's."""
    taken = {column.name for column in spec.tables.columns} | {spec.tables.target}
    mark = "_"
    while taken & {mark + "id", mark + "origin"}:
        mark += "_"
    return {"id": mark + "id", "origin": mark + "origin"}


def write_table(shard: ShardRows, root: Path) -> Written:
    """Write `table/parquet/<stem>.parquet` and `table/csv/<stem>.csv`; a row's offset is its row number in both."""
    names = (f"table/parquet/{shard.stem}.parquet", f"table/csv/{shard.stem}.csv")
    table = _in_source_types(pa.Table.from_pandas(_frame(shard), preserve_index=False), shard.spec)
    with replacing_file(root / names[0]) as partial:
        pq.write_table(table, partial, compression="zstd")
    with replacing_file(root / names[1]) as partial:
        pa_csv.write_csv(_csv_ready(table), partial)
    return Written(names, (names[0],) * table.num_rows, np.arange(table.num_rows, dtype=np.int64))


def _in_source_types(table: pa.Table, spec: DatasetSpec) -> pa.Table:
    """Table with texts and dictionaries in the user's Arrow types, which pandas does not keep."""
    types = {column.name: column.arrow for column in spec.tables.columns}
    if spec.tables.target_type is not None:
        types[spec.tables.target] = spec.tables.target_type.arrow
    for name, arrow in types.items():
        if arrow is not None and is_text(arrow):
            place = table.schema.get_field_index(name)
            own, wanted = table.schema.field(place), arrow_type(arrow)
            if own.type != wanted and pa.types.is_dictionary(own.type) == pa.types.is_dictionary(wanted):
                table = table.set_column(place, own.with_type(wanted), table.column(place).cast(wanted))
    return table


def _frame(shard: ShardRows) -> pd.DataFrame:
    """Rows in the source's dtypes: features, target, id, origin."""
    table = shard.spec.tables
    features = shard.rows.select([FEATURE + column.name for column in table.columns])
    frame: pd.DataFrame = features.to_pandas(
        types_mapper=_NULLABLE.get
    )  # integers with gaps must not pass through floats
    frame.columns = pd.Index([column.name for column in table.columns])
    for column in table.columns:
        frame[column.name] = _as_dtype(frame[column.name], _dtype(column, shard.schema))
    names = provenance_names(shard.spec)
    frame[table.target] = _target(shard.rows.column("label"), table.target_type)
    for name, shown in names.items():
        frame[shown] = shard.rows.column(name).to_pandas().astype("string")
    return frame


def _target(labels: Any, kind: TargetType | None) -> pd.Series[Any]:
    """Labels in the source's type."""
    if kind is None:
        texts: pd.Series[Any] = labels.to_pandas().astype("string")
        return texts
    return _as_dtype(labels_as(labels, kind).to_pandas(types_mapper=_NULLABLE.get), _target_dtype(kind))


def _target_dtype(kind: TargetType) -> Any:
    if (categories := categories_of(kind)) is not None:
        return categories
    return pd.StringDtype() if is_text(kind.arrow) else _nearest(arrow_type(kind.arrow))


def _dtype(column: Column, schema: RowSchema) -> Any:
    if column.name in schema.categories:
        return pd.CategoricalDtype(schema.categories[column.name], ordered=column.name in schema.ordered)
    if column.arrow is not None and not is_text(column.arrow):
        return _nearest(arrow_type(column.arrow))
    # Parquet keeps categories of text only: others arrive here as plain values, and stay so.
    return None if column.dtype == "category" else pandas_dtype_of(column.dtype)


def _nearest(kind: pa.DataType) -> Any:
    """pandas dtype that is written as this Arrow type."""
    if pa.types.is_timestamp(kind):
        return pandas_dtype(f"datetime64[{kind.unit}, {kind.tz}]" if kind.tz else f"datetime64[{kind.unit}]")
    if pa.types.is_floating(kind):
        return np.dtype(kind.to_pandas_dtype())
    return _NULLABLE.get(kind, pd.ArrowDtype(kind))


def _as_dtype(values: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    # The word "string" would equal pandas' other text dtype, which marks missing values differently.
    return values if dtype is None or values.dtype == dtype else values.astype(dtype)


def _csv_ready(table: pa.Table) -> pa.Table:
    """The same table without dictionary columns, which the CSV writer does not accept, and dates without a time."""
    return pa.table([_csv_column(column) for column in table.columns], names=table.column_names)


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        days = column.cast(pa.date32(), safe=False)  # 2020-12-31, where all rows are whole days
        return days if days.cast(column.type).equals(column) else column
    return column


def write_schema(spec: DatasetSpec, schema: RowSchema, root: Path) -> str:
    """Write the sidecar and return its name: per column the kind, the pandas dtype, the Arrow type, the categories."""
    columns = [
        {
            "name": column.name,
            "kind": column.kind,
            "dtype": _written_dtype(column, schema),
            "arrow": _csv_type(column, schema),
            "categories": schema.categories.get(column.name),
            "ordered": column.name in schema.ordered,
        }
        for column in spec.tables.columns
    ]
    names = provenance_names(spec)
    typed = spec.tables.target_type
    kind = {} if typed is None else {"target_type": typed.model_dump(mode="json")}
    write_json(
        root / SCHEMA_FILE,
        {"columns": columns, "target": spec.tables.target, **kind, "provenance": names},
    )
    return SCHEMA_FILE


def _csv_type(column: Column, schema: RowSchema) -> str:
    """Arrow type in which the CSV's cells are read."""
    if column.arrow is None or is_text(column.arrow):
        return str(schema.arrow.field(FEATURE + column.name).type)
    return column.arrow


def _written_dtype(column: Column, schema: RowSchema) -> str | None:
    dtype = _dtype(column, schema)
    return (
        column.dtype if column.arrow is None and column.dtype != "category" else None if dtype is None else str(dtype)
    )


def _restored(frame: pd.DataFrame, schema: Any) -> pd.DataFrame:
    """Frame in the dtypes of the sidecar."""
    wanted: dict[str, Any] = dict.fromkeys(schema["provenance"].values(), pd.StringDtype())
    kind = _target_type(schema)
    wanted[schema["target"]] = pd.StringDtype() if kind is None else _target_dtype(kind)
    for column in schema["columns"]:
        if column["categories"] is not None:
            wanted[column["name"]] = pd.CategoricalDtype(column["categories"], ordered=column["ordered"])
        elif column["dtype"] is not None:
            wanted[column["name"]] = pandas_dtype_of(column["dtype"])
    return frame.astype({name: dtype for name, dtype in wanted.items() if frame[name].dtype != dtype})


def _target_type(schema: Any) -> TargetType | None:
    kind = schema.get("target_type")  # missing where the target was text, and in exports of older versions
    return None if kind is None else TargetType.model_validate(kind)


class ParquetTableReader:
    """Reader of the Parquet shards."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._schema = read_json(files(SCHEMA_FILE))

    def __call__(self, *shards: str) -> pd.DataFrame:
        """All rows of the shards, in the order of the manifest."""
        # Not read_table: its data set machinery costs more than reading a small file.
        table = pa.concat_tables([pq.ParquetFile(self._files(shard)).read() for shard in shards])
        return _restored(table.to_pandas(), self._schema)


class CsvReader:
    """Reader of the CSV shards, by the schema sidecar."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._schema = read_json(files(SCHEMA_FILE))

    def __call__(self, *shards: str) -> pd.DataFrame:
        """All rows of the shards, in the order of the manifest, where they have the names of the Parquet files."""
        texts = [self._schema["target"], *self._schema["provenance"].values()]
        kinds = {column["name"]: _readable(arrow_type(column["arrow"])) for column in self._schema["columns"]}
        if (kind := _target_type(self._schema)) is not None:
            kinds[self._schema["target"]] = _readable(plain_type(kind))
        options = _csv_options(dict.fromkeys(texts, pa.string()) | kinds)
        files = [shard.replace("table/parquet/", "table/csv/").removesuffix(".parquet") + ".csv" for shard in shards]
        table = pa.concat_tables([pa_csv.read_csv(self._files(file), **options) for file in files])
        return _restored(table.to_pandas(types_mapper=_NULLABLE.get), self._schema)


def _readable(kind: pa.DataType) -> pa.DataType:
    return pa.float32() if pa.types.is_float16(kind) else kind  # not accepted by the CSV reader


def _csv_options(types: dict[str, pa.DataType]) -> dict[str, Any]:
    return {
        "parse_options": pa_csv.ParseOptions(newlines_in_values=True),
        "convert_options": pa_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    }
