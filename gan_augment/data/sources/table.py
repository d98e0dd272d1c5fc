"""CSV or Parquet tables: one row per sample, one column with the class."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.records import Column, TableSpec
from gan_augment.data.columns import MISSING_TEXTS, Parsed, as_kind, canonical, describe, parse_column, unfit
from gan_augment.data.config import SplitConfig, TableSource
from gan_augment.data.paths import existing_file
from gan_augment.data.problems import Problem, as_problem
from gan_augment.data.raw import NO_COMPANIONS, Companions, RawData, RawTable
from gan_augment.data.sources.beside import refuse_other_forms
from gan_augment.data.table_files import TableFile, read_table_file
from gan_augment.data.targets import check_column, rows_of_table, type_of_target
from gan_augment.encoding.rules import check_rules

__all__ = ["read", "read_features"]

_USUAL = {  # dtypes in which these values are written anyway
    "Int64": "int64", "UInt64": "uint64", "float64": "double", "boolean": "bool", "datetime64[ns]": "timestamp[ns]",
}  # fmt: skip


def read(config: Any, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS) -> RawData:
    """See `Reader`."""
    assert isinstance(config, TableSource)
    refuse_other_forms(companions, "A table")
    path = existing_file(root, config.path)
    table = read_table_file(path, config.encoding)
    rows = rows_of_table(path, table, config.target, split)
    for name in config.drop + tuple(config.kinds):
        check_column(path, table.frame, name, "prepare.source.drop or .kinds")
    left_out = {config.target, split.group, split.column, *config.drop}
    frame, problems = read_features(path, table, config, [c for c in table.frame.columns if c not in left_out])
    columns = tuple(_described(frame[name], table, config) for name in frame.columns)
    kind = type_of_target(table, config.target, list(rows["label"]))
    spec = TableSpec(columns=columns, target=config.target, rules=config.rules, target_type=kind)
    if not any(problem.severity == "error" for problem in problems):
        problems += _broken_rules(frame, spec)
    content, problems = RawTable(frame, spec), [*table.problems, *problems]
    return RawData(path.stem, "unknown", rows, content, tuple(problems), entries=len(table.frame))


def _described(values: pd.Series, table: TableFile, config: TableSource) -> Column:
    name = str(values.name)
    if name in config.kinds:
        return describe(values, config.kinds[name])
    column, arrow = describe(values), table.arrow.get(name)
    return column if arrow == _USUAL.get(column.dtype) else column.model_copy(update={"arrow": arrow})


def _broken_rules(frame: pd.DataFrame, spec: TableSpec) -> list[Problem]:
    try:
        check_rules(frame, spec)
    except DataError as error:
        return [as_problem(error)]
    return []


def read_features(
    path: Path, table: TableFile, config: TableSource, names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Columns that can be features, in canonical dtypes, and findings on the others."""
    features: dict[str, pd.Series] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            parsed = _typed(table, name, config)
            values = parsed.values
            problem = _verdict(path, values, config)
        except DataError as error:
            problems.append(as_problem(error).model_copy(update={"where": f"{path}, column {name!r}", "subject": name}))
            continue
        if problem is None:
            features[name] = (_as_categories(table, name, values) if table.typed else values).reset_index(drop=True)
            problems += _taken_for_granted(path, name, parsed.note)
        else:
            problems.append(problem)
    if not features and all(problem.code == "unfit_column" for problem in problems):
        problems.append(_no_features(path, len(names)))
    return pd.DataFrame(features, index=pd.RangeIndex(len(table.frame))), problems


def _typed(table: TableFile, name: str, config: TableSource) -> Parsed:
    column = table.frame[name].set_axis(pd.Index(table.places), axis=0)
    kind, missing = config.kinds.get(name), MISSING_TEXTS | set(config.missing)
    decimal = config.decimal or table.decimal
    if table.typed:
        values = canonical(column)
        return Parsed(values, _about_decimals(column, values)) if kind is None else Parsed(as_kind(values, kind))
    if kind is not None:
        return Parsed(as_kind(column.mask(column.isin(missing)), kind, decimal))
    return parse_column(column, missing, decimal_comma=table.decimal_comma, decimal=decimal)


def _as_categories(table: TableFile, name: str, values: pd.Series) -> pd.Series:
    """Texts of a dictionary column keep the dictionary, with its order."""
    dtype: Any = table.frame[name].dtype
    if not isinstance(dtype, pd.CategoricalDtype) or values.dtype != "string":
        return values
    return values.astype(pd.CategoricalDtype([str(level) for level in dtype.categories], ordered=dtype.ordered))


def _about_decimals(column: pd.Series, values: pd.Series) -> str | None:
    if values.dtype != "float64" or column.dtype != object:
        return None
    present = column.dropna()
    inexact = [cell for cell in present if Decimal(repr(float(cell))) != cell]
    return f"numbers: more than 15 digits are not kept, as of {inexact[0]}" if inexact else None


def _taken_for_granted(path: Path, name: str, note: str | None) -> list[Problem]:
    if note is None:
        return []
    return [
        Problem(
            severity="warning",
            subject=name,
            what=f"Column {name!r} is read as {note}",
            where=f"{path}, column {name!r}",
            remedy=f"if that is wrong, write the cells otherwise, or set prepare.source.kinds: {{{name}: categorical}}",
        )
    ]


def _verdict(path: Path, values: pd.Series, config: TableSource) -> Problem | None:
    name = str(values.name)
    found = unfit(values, config.kinds.get(name))
    if found is None or (name in config.kinds and found.severity == "warning"):
        return None
    if found.severity == "error":
        return Problem(
            severity="error",
            code="unfit_column",
            subject=name,
            what=f"Column {name!r} says nothing: {found.reason}",
            where=f"{path}, column {name!r}",
            expected="at least two different values",
            remedy=f"add {name!r} to prepare.source.drop",
        )
    return Problem(
        severity="warning",
        code="unfit_column",
        subject=name,
        what=f"Column {name!r} is left out: {found.reason}",
        where=f"{path}, column {name!r}",
        remedy=f"to keep it, name its kind: prepare.source.kinds: {{{name}: categorical}}",
    )


def _no_features(path: Path, columns: int) -> Problem:
    return Problem(
        severity="error",
        what="No column is left as a feature",
        where=str(path),
        places=(f"{columns} columns beside the target, none of which can be used",),
        expected="at least one numeric, categorical, boolean or datetime column",
        remedy="name the kinds of columns to keep in prepare.source.kinds",
    )
