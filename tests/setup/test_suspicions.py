"""What is not wrong, but likely to disappoint: each is said with a remedy, and nothing is said without a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import Column, TableSpec
from gan_augment.data.config import PrepareConfig
from gan_augment.data.duplicates import find_duplicates
from gan_augment.data.loading import LoadedData
from gan_augment.data.problems import Problem
from gan_augment.setup.inspect import inspect_path
from gan_augment.setup.suspicions import FEW_ROWS, TELLING_LEVELS, suspicions
from tests.data.pictures import noise, save, write_folder
from tests.setup.test_inspect import problem, table

CONFIG = PrepareConfig.model_validate({"source": {"kind": "table", "path": "t.csv", "target": "y"}})


def said(frame: pd.DataFrame, labels: list[str]) -> list[Problem]:
    """About a table in memory."""
    kinds = {"f": "numeric", "i": "numeric"}
    columns = tuple(
        Column.model_validate(
            {"name": name, "kind": kinds.get(frame[name].dtype.kind, "categorical"), "dtype": str(frame[name].dtype)}
        )
        for name in frame.columns
    )
    ids = [f"{place:016x}" for place in range(len(frame))]
    rows = pd.DataFrame({"id": ids, "label": labels, "source": [f"row {place}" for place in range(len(frame))]})
    data = LoadedData("t", "", rows, frame, table=TableSpec(columns=columns, target="y"))
    return suspicions(data, find_duplicates(frame, rows["label"]), CONFIG)


def numbers(count: int = 200, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(count, 3)), columns=list("abc"))


def test_of_a_table_with_nothing_odd_nothing_is_said() -> None:
    assert said(numbers(), ["p", "q"] * 100) == []


def test_each_finding_has_a_remedy() -> None:
    frame = numbers(FEW_ROWS - 1)
    frame.iloc[:10] = frame.iloc[51:61].to_numpy()
    found = said(frame.assign(t=["x", "y", "z"] * 33), ["p", "q", "r"] * 33)
    assert len(found) == 3
    assert all(one.severity in ("warning", "note") for one in found)  # `prepare` refuses none of it
    assert all(one.remedy for one in found)


@pytest.mark.parametrize(
    ("values", "tells"),
    [
        (["sick", "well"] * 2, True),
        (["well"] * 4, False),  # one value says nothing
        (["sick", "well", "sick", None], False),
    ],
)
def test_a_column_that_follows_the_class_is_told_where_it_has_values(values: list[str | None], tells: bool) -> None:
    frame = numbers().assign(outcome=pd.Series(values * 50, dtype="string"))
    telling = [one for one in said(frame, ["p", "q"] * 100) if "read off" in one.what]
    assert [one.places for one in telling] == ([("outcome",)] if tells else [])


def test_a_column_of_many_values_gives_nothing_away_by_being_an_identifier() -> None:
    for count, tells in ((TELLING_LEVELS, True), (TELLING_LEVELS + 2, False)):
        codes = [f"{'pq'[place % 2]}{place % count}" for place in range(200)]
        found = said(numbers().assign(code=pd.Series(codes, dtype="string")), ["p", "q"] * 100)
        assert any("read off" in one.what for one in found) is tells


def test_many_copies_are_a_warning_and_few_a_note() -> None:
    for copied, severity in ((3, "note"), (60, "warning")):
        frame = numbers()
        frame.iloc[:copied] = frame.iloc[100 : 100 + copied].to_numpy()
        (found,) = [one for one in said(frame, ["p"] * 200) if "are copies" in one.what]
        assert (found.severity, f"{copied} are copies" in found.what) == (severity, True)


def test_copies_and_contradictions_are_said(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 30, "b": 30})
    save(tmp_path / "a/copy.png", noise(0))
    save(tmp_path / "b/wrong.png", noise(5))
    findings = inspect_path(tmp_path)
    assert findings.duplicates["copies"] == 2
    assert "a/005.png (a) = b/wrong.png (b)" in problem(findings, "has two labels")
    assert problem(findings, "2 are copies and 0 near copies").startswith("note")


def test_a_column_that_gives_the_class_away_is_said(tmp_path: Path) -> None:
    findings = inspect_path(table(tmp_path, outcome=["sick", "well"] * 30), target="kind")
    assert "outcome" in problem(findings, "read off a single column")


def test_columns_that_go_together_are_said(tmp_path: Path) -> None:
    city = ["Rome", "Bari", "Nice", "Metz"] * 15
    path = table(tmp_path, city=city, country=[{"R": "I", "B": "I"}.get(name[0], "F") for name in city])
    found = problem(inspect_path(path, target="kind"), "are dependent in every row")
    assert found.startswith("note")
    assert "city -> country" in found


def test_nested_folders_are_said_with_the_other_way_to_read_them(tmp_path: Path) -> None:
    write_folder(tmp_path / "cat", {"2023": 20, "2024": 20})
    write_folder(tmp_path / "dog", {"2023": 20})
    findings = inspect_path(tmp_path)
    assert {c.label for c in findings.classes} == {"cat", "dog"}
    assert "class_from: parent would give 2 classes" in problem(findings, "Folders lie in folders")


def test_many_classes_and_few_rows_are_said(tmp_path: Path) -> None:
    many = write_folder(tmp_path / "many", {f"class {n}": 4 for n in range(61)})
    assert "122 stages" in problem(inspect_path(many), "classes make")
    few = write_folder(tmp_path / "few", {"a": 20, "b": 20})
    assert "40 rows in total" in problem(inspect_path(few), "in total")


def test_shapes_that_will_be_cut_are_said(tmp_path: Path) -> None:
    findings = inspect_path(write_folder(tmp_path, {"a": 20, "b": 20}, (28, 20)))
    assert "prepare.resize" in problem(findings, "not square")


def test_a_shape_that_images_share_is_kept_and_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "long", {"a": 20, "b": 20}, (47, 20))
    save(folder / "a/other.png", noise(77, (20, 20)))
    findings = inspect_path(folder)
    assert findings.images is not None
    assert (findings.images.canonical.height, findings.images.canonical.width) == (20, 48)
    assert "[20, 48] is height and width" in problem(findings, "long in the same way")
    assert not [one for one in findings.problems if "enlarged" in one.what or "not of the shape" in one.what]
    squares = inspect_path(folder, settings={"prepare.image_size": 20})
    assert "`crop` makes them so" in problem(squares, "not square")
    others = inspect_path(folder, settings={"prepare.image_size": [48, 20]})
    assert "not of the shape 20 x 48" in problem(others, "not of the shape")
    assert not [one for one in others.problems if "in the same way" in one.what]
