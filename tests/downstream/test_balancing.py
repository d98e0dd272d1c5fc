"""Balancing: class sizes afterwards, labels that stay true, and toys whose answer is forced."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.downstream.balancing import class_weights, fill_up, row_weights
from tests.downstream.toys import IMAGE_SPEC, TABLE_SPEC, images, table

Fill = Literal["oversample", "interpolate", "smote"]


def sizes(samples: Samples, spec: DatasetSpec) -> list[int]:
    return np.bincount(samples.label_indices(spec), minlength=len(spec.classes)).tolist()


@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_weights_make_classes_equal_and_keep_the_mean(labels: list[int]) -> None:
    array = np.asarray(labels, dtype=np.int64)
    weights = row_weights(array, 5)
    totals = np.bincount(array, weights=weights, minlength=5)[np.unique(array)]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-5)
    assert weights.mean() == pytest.approx(1, rel=1e-5)
    assert class_weights(array, 5)[4] == 0


@pytest.mark.parametrize("fill", ["oversample", "interpolate"])
@given(dark=st.integers(1, 12), bright=st.integers(1, 12), seed=st.integers(0, 5))
@settings(max_examples=25)
def test_images_are_filled_to_equal_classes_after_the_rows_themselves(
    fill: Fill, dark: int, bright: int, seed: int
) -> None:
    samples = images(dark, bright)
    filled = fill_up(samples, IMAGE_SPEC, fill, np.random.default_rng(seed))
    assert sizes(filled, IMAGE_SPEC) == [max(dark, bright)] * 2
    np.testing.assert_array_equal(filled.payload[: len(samples)], samples.payload)
    assert np.asarray(filled.payload).dtype == np.uint8


def test_interpolated_images_lie_between_two_of_their_class() -> None:
    samples = images(12, 3)
    filled = fill_up(samples, IMAGE_SPEC, "interpolate", np.random.default_rng(0))
    bright, made = np.asarray(samples.payload)[12:], np.asarray(filled.payload)[15:]
    assert len(made) == 9
    assert (made >= bright.min(axis=0)).all()
    assert (made <= bright.max(axis=0)).all()
    assert len({image.tobytes() for image in made} & {image.tobytes() for image in bright}) < 9


def test_oversampling_repeats_every_row_about_equally_often() -> None:
    filled = fill_up(images(10, 3), IMAGE_SPEC, "oversample", np.random.default_rng(0))
    repeats = filled.manifest["id"].value_counts()[["10", "11", "12"]]
    assert repeats.sum() == 10
    assert repeats.max() - repeats.min() <= 1


@pytest.mark.parametrize("fill", ["oversample", "smote"])
def test_tables_keep_columns_dtypes_and_known_values(fill: Fill) -> None:
    samples = table()
    filled = fill_up(samples, TABLE_SPEC, fill, np.random.default_rng(0))
    before, after = samples.payload, filled.payload
    assert isinstance(before, pd.DataFrame)
    assert isinstance(after, pd.DataFrame)
    assert sizes(filled, TABLE_SPEC) == [60, 60]
    pd.testing.assert_frame_equal(after.iloc[: len(before)], before)
    assert (after.dtypes == before.dtypes).all()
    made, source = after.iloc[len(before) :], before[(samples.manifest["label"] == "green/blue").to_numpy()]
    assert set(made["colour"].dropna()) <= set(source["colour"].dropna())
    assert made["length"].between(source["length"].min(), source["length"].max()).all()
    assert made["day"].between(source["day"].min(), source["day"].max()).all()
    assert (made["same"] == 7).all()
    assert (made["length"] * 10 % 1).round(6).isin([0, 1]).all()  # one decimal, as in the source


def test_smote_in_one_column_stays_between_the_two_rows_of_the_rare_class() -> None:
    spec = DatasetSpec(
        name="line", modality="table", classes=(ClassRecord(key="a", label="a"), ClassRecord(key="b", label="b")),
        table=TableSpec(columns=(Column(name="x", kind="numeric", dtype="float64"),), target="y"),
    )  # fmt: skip
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0]})
    samples = Samples(make_manifest(8, label=["a"] * 6 + ["b"] * 2, split="train", origin="real"), frame)
    filled = fill_up(samples, spec, "smote", np.random.default_rng(0))
    made = filled.payload["x"][8:]  # type: ignore[call-overload,index]
    assert len(made) == 4
    assert made.between(10, 20).all()
    assert made.nunique() == 4


@pytest.mark.parametrize("kinds", ["numeric", "categorical", "mixed"])
@pytest.mark.parametrize("rare", [1, 2, 4])
def test_smote_takes_any_columns_missing_values_and_tiny_classes(kinds: str, rare: int) -> None:
    samples = table()
    labels = samples.label_indices(TABLE_SPEC)
    keep = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:rare]])
    names = {"numeric": ["length", "gain", "day"], "categorical": ["colour", "wet"], "mixed": ["gain", "colour"]}[kinds]
    assert TABLE_SPEC.table is not None
    columns = tuple(column for column in TABLE_SPEC.table.columns if column.name in names)
    spec = TABLE_SPEC.model_copy(update={"table": TableSpec(columns=columns, target="y")})
    part = samples.take(keep)
    assert isinstance(part.payload, pd.DataFrame)
    part = Samples(part.manifest, part.payload[[column.name for column in columns]])
    filled = fill_up(part, spec, "smote", np.random.default_rng(0))
    assert sizes(filled, spec) == [60, 60]


@pytest.mark.parametrize("fill", ["oversample", "interpolate"])
def test_the_generator_decides(fill: Fill) -> None:
    def made(seed: int) -> bytes:
        filled = fill_up(images(9, 4), IMAGE_SPEC, fill, np.random.default_rng(seed))
        return np.asarray(filled.payload).tobytes()

    assert made(1) == made(1)
    assert made(1) != made(2)


@pytest.mark.parametrize(
    "dtype",
    [
        *("datetime64[s]", "datetime64[us]", "datetime64[ns]", "datetime64[ns, UTC]", "datetime64[ms, Europe/Berlin]"),
        *("Int64", "int8", "float32", "category"),
    ],
)
def test_smote_gives_back_every_dtype_by_the_one_codec(dtype: str) -> None:
    numbers = np.arange(40) % 17
    when = pd.Series(pd.date_range("2024-01-01", periods=40, freq="6h", tz="UTC"))
    values: pd.Series
    if dtype.startswith("datetime64"):
        values = (when if "," in dtype else when.dt.tz_localize(None)).astype(dtype)  # type: ignore[call-overload]
    elif dtype == "category":
        values = pd.Series(pd.Categorical.from_codes(numbers % 3, ["low", "mid", "high"], ordered=True))
    else:
        values = pd.Series(numbers + (2**60 if dtype == "Int64" else 0)).astype(dtype)  # type: ignore[call-overload]
    kind: Literal["datetime", "categorical", "numeric"] = (
        "datetime" if dtype.startswith("datetime") else "categorical" if dtype == "category" else "numeric"
    )
    columns = (
        Column(name="x", kind="numeric", dtype="float64"),
        Column(name="v", kind=kind, dtype=dtype, integer=dtype in ("Int64", "int8")),
    )
    spec = TABLE_SPEC.model_copy(update={"table": TableSpec(columns=columns, target="y")})
    labels = np.where(np.arange(40) % 4, spec.labels[0], spec.labels[1])
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=40), "v": values})
    made = fill_up(
        Samples(make_manifest(40, label=labels, split="train", origin="real"), rows),
        spec,
        "smote",
        np.random.default_rng(0),
    ).payload
    assert isinstance(made, pd.DataFrame)
    assert made["v"].dtype == values.dtype
    assert len(made) == 60
    if dtype != "category":
        assert made["v"].between(values.min(), values.max()).all()
