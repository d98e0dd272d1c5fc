"""Table rows for scikit-learn: plain columns, and a preprocessing step fitted on the arm's training rows only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from gan_augment.core.records import TableSpec
from gan_augment.encoding.times import days

__all__ = ["categorical_places", "gapless_encoder", "plain_frame", "tree_encoder"]

_LEVELS = 250  # a column has at most so many, rarer ones share one; histogram boosting takes 255


def plain_frame(rows: pd.DataFrame, table: TableSpec) -> pd.DataFrame:
    """Numbers and dates as float64 (dates in days since 1970), everything else as str objects; missing is NaN."""
    frame = {}
    for column in table.columns:
        values = rows[column.name]
        if column.kind == "numeric":
            frame[column.name] = pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
        elif column.kind == "datetime":
            frame[column.name] = pd.Series(days(values))
        else:
            words = values.astype("string").to_numpy(dtype=object, na_value=np.nan)
            frame[column.name] = pd.Series(words, dtype=object)
    return pd.DataFrame(frame)


def _places(table: TableSpec) -> tuple[list[str], list[str]]:
    numeric = [column.name for column in table.columns if column.kind in ("numeric", "datetime")]
    return numeric, [column.name for column in table.columns if column.name not in numeric]


def gapless_encoder(table: TableSpec) -> Any:
    """For models that need scaled numbers without gaps: median and scale, plus a flag where values were missing;
    one-hot categories, rare ones sharing a column beyond 250, an unseen category all zeros (or with the rare)."""
    numeric, categorical = _places(table)
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    # Without a bound, one column of 10,000 levels would be 80 kB a row.
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_LEVELS, sparse_output=False)
    return ColumnTransformer([("numbers", numbers, numeric), ("words", words, categorical)])


def tree_encoder(table: TableSpec) -> Any:
    """For histogram boosting, which takes gaps as they are: categories become codes, an unseen one a gap.

    The categorical columns come last in the result: see `categorical_places`.
    """
    numeric, categorical = _places(table)
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=_LEVELS)
    return ColumnTransformer([("numbers", "passthrough", numeric), ("words", words, categorical)])


def categorical_places(table: TableSpec) -> list[int]:
    """Which columns of `tree_encoder`'s result hold category codes."""
    numeric, categorical = _places(table)
    return list(range(len(numeric), len(numeric) + len(categorical)))
