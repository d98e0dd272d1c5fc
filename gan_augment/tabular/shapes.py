"""Plain columns for dtypes that the methods do not support, and the way back to the user's dtype.

Categories of intervals or times become categories of texts, Python's Decimals become Arrow's, other Python numbers
pandas'.
"""

from __future__ import annotations

import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gan_augment.core.errors import DataError
from gan_augment.data.columns import canonical
from gan_augment.encoding.times import pandas_dtype_of
from gan_augment.tabular.labels import ClassValues, plain_dtype, restored_dtype

__all__ = ["dtype_from_json", "dtype_to_json", "in_dtype", "plain_column", "plain_columns"]

WIDEST = 16  # significant digits, beyond which a number changes on its way through a float


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame with `plain_column` of each of its columns. Raises DataError."""
    return pd.DataFrame({name: plain_column(frame[name]) for name in frame.columns}, index=frame.index)


def plain_column(series: pd.Series) -> pd.Series:
    """Values in a dtype that the methods can restore. Raises DataError where a Decimal is too long."""
    dtype: Any = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return series if _has_plain_levels(dtype) else series.cat.rename_categories(_level_names(dtype))
    if isinstance(dtype, pd.ArrowDtype):
        return _plain_arrow(series, dtype.pyarrow_dtype)
    if isinstance(dtype, pd.SparseDtype):
        return series.astype(dtype.subtype)
    if pd.api.types.is_object_dtype(dtype):
        return _plain_objects(series)
    long = isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize > 8
    return series.astype("float64") if long else series


def in_dtype(series: pd.Series, dtype: Any) -> pd.Series:
    """Result of `plain_column` for a column of this dtype, in that dtype again."""
    if isinstance(dtype, pd.CategoricalDtype) and not _has_plain_levels(dtype):
        codes = pd.Index(_level_names(dtype)).get_indexer(pd.Index(series.astype(object)))
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), index=series.index, name=series.name)
    if series.dtype == dtype and not isinstance(dtype, pd.StringDtype):
        return series
    if pd.api.types.is_object_dtype(dtype):
        return series.astype(object).where(series.notna(), None)
    if isinstance(dtype, pd.ArrowDtype) and pa.types.is_dictionary(dtype.pyarrow_dtype):
        values = pa.array(series, from_pandas=True).cast(dtype.pyarrow_dtype)
        return pd.Series(pd.arrays.ArrowExtensionArray(values), index=series.index, name=series.name)
    return series.astype(dtype)


def dtype_to_json(dtype: Any) -> Any:
    """Dtype in a form that JSON can hold. Raises ModelError for categories that have no plain form."""
    if isinstance(dtype, pd.ArrowDtype):
        return {"arrow": pa.schema([pa.field("", dtype.pyarrow_dtype)]).serialize().to_pybytes().hex()}
    if isinstance(dtype, pd.StringDtype):
        return {"text": dtype.storage, "missing": "NA" if dtype.na_value is pd.NA else "nan"}
    if isinstance(dtype, pd.SparseDtype):
        fill = None if pd.isna(dtype.fill_value) else np.asarray(dtype.fill_value).tolist()
        return {"sparse": str(dtype.subtype), "fill": fill}
    return plain_dtype(dtype)


def dtype_from_json(form: Any) -> Any:
    """Dtype that `dtype_to_json` described. Raises DataError, KeyError, TypeError, ValueError where it is damaged."""
    if isinstance(form, str):
        return pandas_dtype_of(form)
    if "arrow" in form:
        return pd.ArrowDtype(pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(form["arrow"]))).field(0).type)
    if "text" in form:
        return pd.StringDtype(form["text"], na_value=pd.NA if form["missing"] == "NA" else np.nan)
    if "sparse" in form:
        return pd.SparseDtype(form["sparse"], np.nan if form["fill"] is None else form["fill"])
    return restored_dtype(form)


def _has_plain_levels(dtype: pd.CategoricalDtype) -> bool:
    """Whether the levels are all texts, all booleans, or all finite numbers."""
    levels = [level.item() if isinstance(level, np.generic) else level for level in dtype.categories.tolist()]
    kinds = {type(level) for level in levels}
    return len(kinds) < 2 and kinds <= {str, bool, int, float} and (kinds != {float} or bool(np.isfinite(levels).all()))


def _level_names(dtype: pd.CategoricalDtype) -> list[str]:
    """Unique text for each level, in their order."""
    return ClassValues(pd.Series(dtype.categories)).names


def _plain_arrow(series: pd.Series, kind: pa.DataType) -> pd.Series:
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        return series.astype(pd.ArrowDtype(pa.decimal128(kind.precision, kind.scale)))
    if pa.types.is_dictionary(kind) and (
        pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)
    ):
        return pd.Series(
            pa.array(series).to_pandas().to_numpy(dtype=object), index=series.index, name=series.name
        ).astype("category")
    return series


def _plain_objects(series: pd.Series) -> pd.Series:
    """Python's numbers and booleans in pandas' dtypes, Decimals in Arrow's; other objects unchanged."""
    present = series.dropna()
    if not len(present):
        return series
    if all(isinstance(value, decimal.Decimal) for value in present):
        return _decimals(series)
    known = pd.api.types.infer_dtype(present, skipna=True) in ("integer", "boolean")
    if known or all(_is_number(value) for value in present):
        values = canonical(series)
        return series if values.dtype == "string" else values  # whole numbers of more than 64 bits are codes
    return series


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | decimal.Decimal) or hasattr(value, "numerator")


def _decimals(series: pd.Series) -> pd.Series:
    present = series.dropna()
    digits = max(len(value.as_tuple().digits) for value in present)
    if not all(value.is_finite() for value in present) or digits > WIDEST:
        raise DataError(
            "A column holds Decimals that no number of the model can be",
            where=f"column {series.name!r}",
            got=str(next(v for v in present if not v.is_finite() or len(v.as_tuple().digits) > WIDEST)),
            expected=f"finite Decimals of at most {WIDEST} digits",
            remedy="make the column text, column.astype('string'), or round it",
        )
    cells = [None if absent else value for value, absent in zip(series, series.isna(), strict=True)]
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(cells)), index=series.index, name=series.name)
