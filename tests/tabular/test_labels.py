"""Labels of every type come back with the value and the dtype they had, also from a saved model, or are refused."""

from __future__ import annotations

import datetime
import decimal
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError, MethodError, ModelError
from gan_augment.tabular import TableSynthesizer, choose_augmentation
from gan_augment.tabular.candidates import Candidate
from gan_augment.tabular.labels import ClassValues, class_values

ROWS = 60
RARE = np.arange(ROWS) % 4 == 0


def either(one: Any, other: Any, dtype: Any = object) -> pd.Series:
    return pd.Series([one if rare else other for rare in RARE], dtype=dtype)


LABELS: dict[str, pd.Series] = {
    "periods": either(pd.Period("2020-01"), pd.Period("2020-02")),
    "Decimals": either(decimal.Decimal("1.5"), decimal.Decimal(2)),
    "intervals": either(pd.Interval(0, 1), pd.Interval(1.5, 2.5, closed="left")),
    "intervals of times": either(
        pd.Interval(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01")),
        pd.Interval(pd.Timestamp("2020-02-01"), pd.Timestamp("2020-03-01")),
    ),
    "float16": either(0.1, 0.7, "float16"),
    "float32": either(0.1, 0.7, "float32"),
    "infinite": either(np.inf, 1.0, "float64"),
    "int8": either(1, 2, "int8"),
    "int64": either(2**53 + 1, 2**53 + 2, "int64"),
    "uint64": either(2**63 + 1, 2**63 + 5, "uint64"),
    "Int64": either(2**53 + 1, 2, "Int64"),
    "bool": either(True, False, "bool"),
    "boolean": either(True, False, "boolean"),
    "bytes": either(b"a", b"b"),
    "text that is alike": either("NA", "nan", "str"),
    "string": either("a", "b", "string"),
    "empty": either("", "a\nb", "str"),
    "times": either("2020-01-01", "2021-01-01", "datetime64[s]"),
    "zone": either("2020-01-01", "2021-01-01", "datetime64[us]").dt.tz_localize("Europe/Berlin"),
    "durations": pd.Series(pd.to_timedelta(np.where(RARE, 1, 2), unit="D")),
    "dates": either(datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)),
    "1 and '1'": either(1, "1"),
    "numpy scalars": either(np.int64(1), np.float32(0.1)),
    "category": pd.Series(pd.Categorical(np.where(RARE, "a", "b"), categories=["b", "a", "c"], ordered=True)),
    "category of numbers": pd.Series(pd.Categorical(np.where(RARE, 1, 2))),
    "category of times": pd.Series(pd.Categorical(pd.to_datetime(np.where(RARE, "2020-01-01", "2021-01-01")))),
    "category of 1 and '1'": pd.Series(pd.Categorical(either(1, "1"))),
}


def frame(labels: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(0).normal(size=len(labels)), "y": labels})


@pytest.mark.parametrize("name", list(LABELS))
def test_labels_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    source = frame(LABELS[name])
    model = TableSynthesizer("copula").fit(source, "y")
    made = model.sample(20)
    assert made["y"].dtype == source["y"].dtype
    assert made["y"].astype(object).map(repr).value_counts().tolist() == [15, 5]
    assert set(made["y"].map(repr)) == set(source["y"].map(repr))
    by_count = model.sample(source["y"].value_counts())
    assert by_count["y"].map(repr).value_counts().to_dict() == source["y"].map(repr).value_counts().to_dict()
    model.save(tmp_path / "model")
    again = TableSynthesizer.load(tmp_path / "model").sample(20)
    pd.testing.assert_frame_equal(again, made)
    assert again["y"].map(repr).tolist() == made["y"].map(repr).tolist()


@pytest.mark.parametrize(
    "labels",
    [either((1,), (2, 3)), either(uuid.UUID(int=1), uuid.UUID(int=2)), either(1 + 2j, 3j)],
)
def test_labels_without_a_plain_form_come_back_and_are_not_saved(labels: pd.Series, tmp_path: Path) -> None:
    model = TableSynthesizer("copula").fit(frame(labels), "y")
    assert set(model.sample(20)["y"]) == set(labels)
    with pytest.raises(ModelError, match=r"cannot be saved[\s\S]*astype\('string'\)"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "labels", [either(True, 1), either(1.0, 1), either([1], [2]), either(None, "a"), either(np.nan, 1.0)]
)
def test_labels_that_are_no_classes_are_refused_by_fit(labels: pd.Series) -> None:
    with pytest.raises(DataError):
        TableSynthesizer("copula").fit(frame(labels), "y")


def test_a_label_is_found_by_what_it_is() -> None:
    found, codes = class_values(either(1, "1"))
    assert found.names == ["'1'", "1"] or found.names == ["1", "'1'"]
    assert [found.place(label) for label in (1, "1")] == [found.values.index(1), found.values.index("1")]
    assert codes.tolist() == [found.place(label) for label in either(1, "1")]
    for stranger in (True, b"1", None, 2, [1], np.nan):
        with pytest.raises(MethodError, match="unknown class"):
            found.place(stranger)
    assert class_values(LABELS["float32"])[0].place(0.1) == 0
    assert ClassValues.from_json(found.to_json()).values == found.values
    with pytest.raises(ModelError, match="damaged"):
        ClassValues.from_json({"dtype": "int64", "values": [{"no": 1}]})


@pytest.mark.parametrize("name", ["float32", "bytes", "times", "1 and '1'", "bool", "Int64", "category"])
def test_a_choice_gives_labels_back_as_they_were(name: str) -> None:
    source = frame(LABELS[name])
    choice = choose_augmentation(
        source, "y", classifier="logistic_regression", methods=["copula"], repeats=1, fewest_rows=10
    )
    object.__setattr__(choice, "chosen", Candidate("copula", 1.0, "likely"))
    made = choice.rows(source)
    assert made["y"].dtype == source["y"].dtype
    assert len(made) == 30
    assert set(made["y"].map(repr)) <= set(source["y"].map(repr))
