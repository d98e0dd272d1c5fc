"""Every dtype of a frame either comes back, within the train rows' range, or is refused in one sentence."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import fractions
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gan_augment.core.errors import DataError
from gan_augment.tabular import TableSynthesizer, choose_augmentation
from gan_augment.tabular.candidates import Candidate

N = 40
PLACES = np.arange(N)
TIMES = pd.date_range("2021-01-01", periods=N, freq="7h")
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(int(n)) for n in PLACES]


def gaps(values: Any) -> list[Any]:
    return [None if n % 5 == 0 else value for n, value in enumerate(values)]


GIVEN_BACK: dict[str, pd.Series] = {
    "int8": pd.Series(PLACES, dtype="int8"),
    "Int64 with gaps beyond 2^53": pd.Series(gaps(2**60 + 3 * int(n) for n in PLACES), dtype="Int64"),
    "uint64": pd.Series([2**64 - 1 - int(n) for n in PLACES], dtype="uint64"),
    "nanoseconds since 1970": pd.Series(1_600_000_000_000_000_001 + PLACES * 86_400_000_000_007),
    "few snowflakes": pd.Series(2**60 + 1 + 2 * (PLACES % 7)),
    "float32": pd.Series(gaps(PLACES / 3), dtype="float32"),
    "float16": pd.Series(PLACES / 3, dtype="float16"),
    "Float64": pd.Series(gaps(PLACES / 3), dtype="Float64"),
    "sparse": pd.Series(pd.arrays.SparseArray(np.where(PLACES % 3, 0.0, PLACES))),
    "object int": pd.Series(gaps(map(int, PLACES % 9)), dtype=object),
    "object numpy int": pd.Series([np.int64(n % 9) for n in PLACES], dtype=object),
    "object numpy bool": pd.Series([np.bool_(n % 2) for n in PLACES], dtype=object),
    "object numpy str": pd.Series([np.str_("ab"[n % 2]) for n in PLACES], dtype=object),
    "object date": pd.Series(gaps(DAYS), dtype=object),
    "object time": pd.Series(gaps(TIMES), dtype=object),
    "object time with zone": pd.Series(list(TIMES.tz_localize("Europe/Berlin")), dtype=object),
    "until 9999": pd.Series(np.where(PLACES % 5, TIMES.as_unit("us").to_numpy(), np.datetime64("9999-12-31", "us"))),
    "since year 1": pd.Series(np.where(PLACES % 5, TIMES.as_unit("s").to_numpy(), np.datetime64("0001-01-01", "s"))),
    "arrow int8": pd.Series(gaps(map(int, PLACES % 9)), dtype=pd.ArrowDtype(pa.int8())),
    "arrow float": pd.Series(gaps(map(float, PLACES)), dtype=pd.ArrowDtype(pa.float32())),
    "arrow bool": pd.Series(gaps(map(bool, PLACES % 2)), dtype=pd.ArrowDtype(pa.bool_())),
    "arrow time": pd.Series(TIMES.as_unit("us"), dtype=pd.ArrowDtype(pa.timestamp("us"))),
    "arrow zone": pd.Series(TIMES.tz_localize("UTC").as_unit("us"), dtype=pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "arrow date": pd.Series(gaps(DAYS), dtype=pd.ArrowDtype(pa.date32())),
    "arrow decimal": pd.Series(PLACES / 4).astype(pd.ArrowDtype(pa.decimal128(10, 2))),
    "arrow large string": pd.Series([*"ab"] * (N // 2), dtype=pd.ArrowDtype(pa.large_string())),
    "YYYYMMDD": pd.Series(TIMES.strftime("%Y%m%d").astype("int32")),
    "YYYYMMDD with gaps": pd.Series(gaps(map(float, TIMES.strftime("%Y%m%d"))), dtype="float64"),
    "YYYYMM": pd.Series(pd.date_range("2020-01-05", periods=N, freq="MS").strftime("%Y%m").astype(int)),
    "YYYYMMDDHHMMSS": pd.Series(TIMES.strftime("%Y%m%d%H%M%S").astype(int)),
    "category of whole numbers": pd.Series(PLACES % 3).astype("category"),
    "category of int8": pd.Series(PLACES % 3, dtype="int8").astype("category"),
    "category of Int64": pd.Series(PLACES % 3, dtype="Int64").astype("category"),
    "category of strings": pd.Series([*"ab"] * (N // 2), dtype="string").astype("category"),
    "category of intervals": pd.cut(pd.Series(PLACES), 5),
    "category of times": pd.Series(TIMES[PLACES % 4]).astype("category"),
    "category of dates": pd.Series([DAYS[n % 4] for n in PLACES]).astype("category"),
    "category of periods": pd.Series(pd.Categorical(pd.period_range("2020", periods=4, freq="M")[PLACES % 4])),
    "category of durations": pd.Series(pd.Categorical(pd.to_timedelta(PLACES % 4, "h"))),
    "category of Decimals": pd.Series(pd.Categorical([decimal.Decimal(n % 4) / 10 for n in PLACES.tolist()])),
    "category with infinity": pd.Series(pd.Categorical(np.where(PLACES % 2, 1.0, np.inf))),
    "category of anything": pd.Series(pd.Categorical([1 if n % 2 else "x" for n in PLACES])),
    "category of nothing": pd.Series(pd.Categorical([None] * N)),
    "object Decimal": pd.Series(gaps(decimal.Decimal(n) / 4 for n in PLACES.tolist()), dtype=object),
    "object fraction": pd.Series([fractions.Fraction(n, 4) for n in PLACES.tolist()], dtype=object),
    "python strings": pd.Series([*"ab"] * (N // 2), dtype="string[python]"),
    "arrow string": pd.Series([*"ab"] * (N // 2), dtype=pd.ArrowDtype(pa.string())),
    "arrow decimal with gaps": pd.Series(gaps(PLACES / 4)).astype(pd.ArrowDtype(pa.decimal128(10, 2))),
    "arrow decimal32": pd.Series(gaps(PLACES / 4)).astype(pd.ArrowDtype(pa.decimal32(5, 2))),
    "arrow dictionary": pd.Series(pd.arrays.ArrowExtensionArray(pa.array([*"ab"] * (N // 2)).dictionary_encode())),
    "sparse bool": pd.Series(pd.arrays.SparseArray(PLACES % 9 == 0)),
    "long floats": pd.Series(PLACES / 3, dtype="longdouble"),
    "nothing": pd.Series([None] * N, dtype=object),
    "no times": pd.Series([pd.NaT] * N),
}
REFUSED: dict[str, pd.Series] = {
    "intervals": pd.Series(pd.IntervalIndex.from_breaks(range(N + 1))),
    "periods": pd.Series(pd.period_range("2020", periods=N, freq="M")),
    "durations": pd.Series(pd.to_timedelta(PLACES, "h")),
    "complex": pd.Series(PLACES * 1j),
    "lists": pd.Series([[1, 2]] * N),
    "dicts": pd.Series([{"a": 1}] * N),
    "bytes": pd.Series([b"x"] * N),
    "times of day": pd.Series([datetime.time(n % 24) for n in PLACES], dtype=object),
    "words and numbers": pd.Series(["a" if n % 2 else 1 for n in PLACES], dtype=object),
    "two zones": pd.Series([t.tz_localize("UTC" if t.hour % 2 else "Europe/Berlin") for t in TIMES], dtype=object),
    "with and without zone": pd.Series([t.tz_localize("UTC") if t.hour % 2 else t for t in TIMES], dtype=object),
    "arrow lists": pd.Series([[1]] * N, dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "arrow durations": pd.Series(pd.to_timedelta(PLACES, "h"), dtype=pd.ArrowDtype(pa.duration("ns"))),
}


def with_column(values: pd.Series) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({"x": random.normal(size=N), "c": values, "y": np.where(PLACES % 4, "q", "p")})


@pytest.mark.parametrize("method", ["copula", "smote", "jitter"])
@pytest.mark.parametrize("name", GIVEN_BACK)
def test_a_dtype_comes_back_within_the_train_range(name: str, method: str) -> None:
    frame = with_column(GIVEN_BACK[name])
    made = TableSynthesizer(method).fit(frame, "y").sample({"p": 20, "q": 20})["c"]
    assert made.dtype == frame["c"].dtype
    real, present = frame["c"].dropna(), made.dropna()
    if not isinstance(frame["c"].dtype, pd.CategoricalDtype) and len(present):
        assert min(real.tolist()) <= min(present.tolist())
        assert max(present.tolist()) <= max(real.tolist())


def test_python_decimals_come_back_as_decimals() -> None:
    made = TableSynthesizer("copula").fit(with_column(GIVEN_BACK["object Decimal"]), "y").sample(40)["c"].dropna()
    assert {type(value) for value in made} == {decimal.Decimal}
    assert {value.as_tuple().exponent for value in made} == {-2}


def test_decimals_that_no_float_holds_are_refused() -> None:
    long = pd.Series([decimal.Decimal("12345678901234567890.12") + n for n in range(N)], dtype=object)
    with pytest.raises(DataError, match="at most 16 digits"):
        TableSynthesizer("copula").fit(with_column(long), "y")


@pytest.mark.parametrize("method", ["copula", "oversample"])
@pytest.mark.parametrize("name", GIVEN_BACK)
def test_a_saved_model_gives_the_dtype_back(name: str, method: str, tmp_path: Path) -> None:
    model = TableSynthesizer(method).fit(with_column(GIVEN_BACK[name]), "y")
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(TableSynthesizer.load(tmp_path / "model").sample(20), model.sample(20))


def test_odd_columns_are_chosen_for_and_come_back() -> None:
    frame = pd.concat([with_column(GIVEN_BACK["category of intervals"])] * 3, ignore_index=True)
    frame = frame.assign(d=pd.concat([GIVEN_BACK["object Decimal"]] * 3, ignore_index=True))
    choice = choose_augmentation(frame, "y", classifier="logistic_regression", methods=["copula"], repeats=1)
    rows = dataclasses.replace(choice, chosen=Candidate("copula", 1.0)).rows(frame)
    assert len(rows)
    pd.testing.assert_series_equal(rows.dtypes, frame.dtypes)
    assert rows["c"].notna().all()
    assert {type(value) for value in rows["d"].dropna()} == {decimal.Decimal}


@pytest.mark.parametrize("name", ["YYYYMMDD", "YYYYMMDD with gaps", "YYYYMM", "YYYYMMDDHHMMSS"])
def test_times_written_as_numbers_exist(name: str) -> None:
    form = {"YYYYMM": "%Y%m", "YYYYMMDDHHMMSS": "%Y%m%d%H%M%S"}.get(name, "%Y%m%d")
    made = TableSynthesizer("copula").fit(with_column(GIVEN_BACK[name]), "y").sample(200)["c"].dropna()
    assert pd.to_datetime(made.astype("Int64").astype(str), format=form, errors="coerce").notna().all()


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_made_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(DataError) as error:
        TableSynthesizer("copula").fit(with_column(REFUSED[name]), "y")
    assert error.value.remedy
