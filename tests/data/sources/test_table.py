from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import SplitConfig, TableSource
from gan_augment.data.raw import RawData, RawTable
from gan_augment.data.sources import table


def frame(rows: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": random.normal(size=rows).round(2),
            "age": random.integers(20, 60, rows),
            "colour": random.choice(["red", "blue"], rows),
            "kind": ["a", "b"] * (rows // 2),
        }
    )


def read(
    tmp_path: Path,
    data: pd.DataFrame | str,
    suffix: str = "csv",
    split: dict[str, object] | None = None,
    **source: object,
) -> RawData:
    path = tmp_path / f"t.{suffix}"
    if isinstance(data, str):
        path.write_text(data, encoding="utf-8")
    elif suffix == "csv":
        data.to_csv(path, index=False)
    else:
        data.to_parquet(path)
    config = TableSource.model_validate({"path": path.name, "target": "kind", **source})
    return table.read(config, tmp_path, SplitConfig.model_validate(split or {}))


def content(raw: RawData) -> RawTable:
    assert isinstance(raw.content, RawTable)
    return raw.content


def test_features_labels_and_places(tmp_path: Path) -> None:
    data = frame()
    raw = read(tmp_path, data)
    assert raw.rows["label"].tolist() == data["kind"].tolist()
    assert raw.rows["source"][0] == "t.csv, line 2"
    assert [(c.name, c.kind) for c in content(raw).spec.columns] == [
        ("size", "numeric"),
        ("age", "numeric"),
        ("colour", "categorical"),
    ]
    pd.testing.assert_frame_equal(content(raw).frame, data[["size", "age", "colour"]], check_dtype=False)


def test_csv_and_parquet_of_one_table_read_the_same(tmp_path: Path) -> None:
    data = frame()
    data.loc[3, "size"] = np.nan
    data.loc[5, "colour"] = None
    from_csv, from_parquet = content(read(tmp_path, data)), content(read(tmp_path, data, "parquet"))
    plain = [column.model_copy(update={"arrow": None}) for column in from_parquet.spec.columns]
    assert list(from_csv.spec.columns) == plain
    pd.testing.assert_frame_equal(from_csv.frame, from_parquet.frame)
    assert from_csv.frame.isna().sum().sum() == 2


def test_identities_are_of_the_content_not_of_the_place(tmp_path: Path) -> None:
    data = pd.concat([frame(), frame().head(2)], ignore_index=True)
    before = read(tmp_path, data).rows["identity"]
    after = read(tmp_path, data.iloc[::-1].reset_index(drop=True)).rows["identity"]
    assert before.is_unique
    assert set(before) == set(after)


def test_group_and_split_columns_are_no_features(tmp_path: Path) -> None:
    data = frame().assign(patient=[f"p{n % 10}" for n in range(40)], part=["train", "val", "test", "Train"] * 10)
    raw = read(tmp_path, data, split={"group": "patient", "column": "part"})
    assert [c.name for c in content(raw).spec.columns] == ["size", "age", "colour"]
    assert raw.rows["group"].tolist() == data["patient"].tolist()
    assert raw.rows["split"].tolist() == ["train", "validation", "test", "train"] * 10


def test_identifiers_and_text_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    data = frame().assign(patient_id=range(100, 140), note=[f"seen on day number {n}" for n in range(40)])
    raw = read(tmp_path, data)
    assert [c.name for c in content(raw).spec.columns] == ["size", "age", "colour"]
    assert {p.subject: p.severity for p in raw.problems} == {"patient_id": "warning", "note": "warning"}
    kept = read(tmp_path, data, kinds={"patient_id": "categorical"}, drop=["note"])
    assert "patient_id" in [c.name for c in content(kept).spec.columns]
    assert not kept.problems


@pytest.mark.parametrize("cells", [[""] * 40, ["7"] * 40])
def test_columns_that_say_nothing_are_errors_until_dropped(tmp_path: Path, cells: list[str]) -> None:
    data = frame().assign(nothing=cells)
    (problem,) = read(tmp_path, data).problems
    assert (problem.severity, problem.subject) == ("error", "nothing")
    assert "prepare.source.drop" in str(problem.remedy)
    assert not read(tmp_path, data, drop=["nothing"]).problems


def test_infinite_values_are_an_error_with_column_and_line(tmp_path: Path) -> None:
    data = frame().astype({"size": object})
    data.loc[4, "size"] = "inf"
    (problem,) = read(tmp_path, data).problems
    assert problem.severity == "error"
    assert "column 'size'" in str(problem.where)
    assert "line 6" in problem.places[0]


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    data = frame().assign(one="x", two="y")
    assert [problem.subject for problem in read(tmp_path, data).problems] == ["one", "two"]


def test_a_table_without_features_is_an_error(tmp_path: Path) -> None:
    problems = read(tmp_path, frame()[["kind"]]).problems
    assert "No column is left" in problems[-1].what


# Targets


def test_a_missing_target_column_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'kind'"):
        read(tmp_path, frame(), target="kinds")


@pytest.mark.parametrize("hole", ["", "NA", "nan"])
def test_missing_labels_are_refused_with_count_and_lines(tmp_path: Path, hole: str) -> None:
    data = frame()
    data.loc[[1, 8], "kind"] = hole
    with pytest.raises(DataError, match="missing in 2 of 40") as error:
        read(tmp_path, data)
    assert "line 3" in str(error.value)
    assert "line 10" in str(error.value)


def test_missing_labels_in_parquet_are_refused(tmp_path: Path) -> None:
    data = frame()
    data.loc[1, "kind"] = None
    with pytest.raises(DataError, match="missing in 1 of 40") as error:
        read(tmp_path, data, "parquet")
    assert "row 2" in str(error.value)


def test_none_may_be_the_name_of_a_class(tmp_path: Path) -> None:
    data = frame().replace({"kind": {"a": "None"}})
    assert set(read(tmp_path, data).rows["label"]) == {"None", "b"}


@pytest.mark.parametrize("target", [np.linspace(0, 1, 60), np.arange(60) * 3])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_number_to_be_predicted_is_refused_as_regression(tmp_path: Path, target: np.ndarray, suffix: str) -> None:
    with pytest.raises(DataError, match="regression"):
        read(tmp_path, frame(60).assign(kind=target), suffix)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("values", "labels"), [([0, 1], {"0", "1"}), ([1.0, 2.0], {"1", "2"}), ([True, False], {"True", "False"})]
)
def test_numbers_and_truth_values_may_be_classes(
    tmp_path: Path, suffix: str, values: list[Any], labels: set[str]
) -> None:
    found = set(read(tmp_path, frame().assign(kind=values * 20), suffix).rows["label"])
    assert found == labels


def test_the_split_column_may_only_name_parts(tmp_path: Path) -> None:
    data = frame().assign(part=["train"] * 39 + ["fold3"])
    with pytest.raises(DataError, match="'fold3' in 1 rows"):
        read(tmp_path, data, split={"column": "part"})


def test_unknown_columns_in_settings_are_refused(tmp_path: Path) -> None:
    for settings in ({"drop": ["sice"]}, {"kinds": {"sice": "numeric"}}, {"split": {"group": "sice"}}):
        with pytest.raises(DataError, match="'sice'"):
            read(tmp_path, frame(), **settings)


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not there"):
        table.read(TableSource(path="nowhere/t.csv", target="kind"), tmp_path, SplitConfig())
    (tmp_path / "t.csv").touch()
    with pytest.raises(DataError, match="file is empty"):
        table.read(TableSource(path="t.csv", target="kind"), tmp_path, SplitConfig())


def test_what_was_taken_for_granted_is_a_warning_and_a_setting_settles_it(tmp_path: Path) -> None:
    cells = [f"{n % 9 + 1},{n % 10}{n % 7}{n % 3}" for n in range(60)]

    def of(*, fee: bool, **settings: object) -> tuple[str, list[str]]:
        rows = [f'"{cell}",{f"${n}.5" if fee else n % 7},{"ab"[n % 2]}' for n, cell in enumerate(cells)]
        raw = read(tmp_path, "\n".join(["price,fee,kind", *rows]), **settings)
        assert isinstance(raw.content, RawTable)
        frame = raw.content.frame
        return str(frame["price"].dtype) if "price" in frame else "", [problem.what for problem in raw.problems]

    dtype, said = of(fee=True)
    assert dtype == "Int64"  # the fee shows what the point is
    assert said == ["Column 'price' is read as numbers: ',' separates thousands",
                    "Column 'fee' is read as numbers: '$' is left out"]  # fmt: skip
    dtype, said = of(fee=False)
    assert dtype == ""
    assert "may be a thousand or a decimal" in said[0]
    assert of(fee=False, decimal=",")[0] == "float64"
    assert of(fee=False, decimal=".")[0] == "Int64"


def test_columns_of_bytes_and_lists_are_told_and_can_be_dropped(tmp_path: Path) -> None:
    columns = pa.table(
        {"x": [n % 7 for n in range(30)], "b": [b"\xff"] * 30, "l": [[1, 2]] * 30, "y": ["p", "q", "q"] * 10}
    )
    pq.write_table(columns, tmp_path / "t.parquet")
    raw = table.read(TableSource(path="t.parquet", target="y"), tmp_path, SplitConfig())
    assert {problem.subject for problem in raw.problems if "neither numbers" in problem.what} == {"b", "l"}
    kept = table.read(TableSource(path="t.parquet", target="y", drop=("b", "l")), tmp_path, SplitConfig())
    assert not [problem for problem in kept.problems if problem.severity == "error"]
    assert kept.rows["identity"].is_unique


def test_decimals_that_no_float_holds_are_said(tmp_path: Path) -> None:
    long = [Decimal("12345678901234567.89"), Decimal("1.10")] * 15
    pq.write_table(
        pa.table({"x": pa.array(long, pa.decimal128(22, 2)), "y": ["p", "q", "q"] * 10}), tmp_path / "t.parquet"
    )
    raw = table.read(TableSource(path="t.parquet", target="y"), tmp_path, SplitConfig())
    assert "more than 15 digits are not kept, as of 12345678901234567.89" in raw.problems[0].what
