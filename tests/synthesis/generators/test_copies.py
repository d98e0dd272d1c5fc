"""No table method hands out a train row again where it can make another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators._blocks import BLOCK, sample_in_blocks
from gan_augment.synthesis.generators._table_model import row_hashes
from gan_augment.synthesis.registry import resolve_method
from gan_augment.tabular import TableSynthesizer
from gan_augment.tabular.frame import column_of
from tests.toys import views

METHODS = ("copula", "jitter", "smote", "tabular_gan")
every_method = pytest.mark.parametrize("method", METHODS)
QUICK = {"tabular_gan": {"steps": 10, "width": 16, "batch_size": 32}}


def few_levels(rows: int = 150) -> tuple[pd.DataFrame, list[str]]:
    """Rows of 3 x 3 x 3 x 3 x 12 that often repeat, in two classes; of the second, a quarter of the rows."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({name: random.choice(list("pqr"), rows, p=[0.6, 0.3, 0.1]) for name in "abcd"})
    frame["n"] = random.poisson(2, rows)
    return frame, ["x" if place % 4 else "y" for place in range(rows)]


def view(frame: pd.DataFrame, labels: list[str]) -> TrainView:
    table = TableSpec(columns=tuple(column_of(frame[name]) for name in frame.columns), target="y")
    classes = tuple(ClassRecord(key=label, label=label) for label in sorted(set(labels)))
    return views(DatasetSpec(name="toy", modality="table", classes=classes, table=table), frame, labels)[0]


def fitted(method: str, train: TrainView, **settings: Any) -> Any:
    known = resolve_method(method)
    return known.fit(train, known.Config.model_validate(QUICK.get(method, {}) | settings), seed=0)


def draw(model: Any, label: int, count: int, start: int = 0) -> tuple[pd.DataFrame, list[str], int]:
    batches = list(model.sample(SampleRequest(label=label, count=count, seed=1, start=start)))
    rows = pd.concat([batch.payload for batch in batches], ignore_index=True)
    return rows, [one for batch in batches for one in batch.parents or ()], sum(batch.copies for batch in batches)


def repeats(rows: pd.DataFrame, train: pd.DataFrame) -> np.ndarray[Any, Any]:
    """By pandas' own comparison of whole rows."""
    known = set(train.itertuples(index=False, name=None))
    return np.array([row in known for row in rows.itertuples(index=False, name=None)])


@every_method
def test_rows_that_would_repeat_a_train_row_of_any_class_are_drawn_again(method: str) -> None:
    frame, labels = few_levels()
    train = view(frame, labels)
    for label in (0, 1):
        plain, _, stayed = draw(fitted(method, train, redraws=0), label, 600)
        copies = repeats(plain, frame)
        assert 20 < copies.sum() == stayed
        made, parents, left = draw(fitted(method, train, redraws=50), label, 600)
        assert len(made) == 600
        assert not repeats(made, frame).any()
        assert left == 0
        pd.testing.assert_frame_equal(made[~copies], plain[~copies])  # nothing else has changed
        own = {f"train-{place}" for place, one in enumerate(labels) if one == "xy"[label]}
        assert {one for both in parents for one in both.split()} <= own


def test_the_parents_of_a_row_come_with_it() -> None:
    def block(generator: np.random.Generator) -> tuple[pd.DataFrame, tuple[str, ...]]:
        numbers = generator.integers(1000, size=BLOCK)
        return pd.DataFrame({"a": numbers}), tuple(map(str, numbers))

    def copies(rows: pd.DataFrame) -> Any:
        return (rows["a"] < 700).to_numpy()

    (batch,) = sample_in_blocks(SampleRequest(label=0, count=BLOCK, seed=0), block, copies=copies, redraws=9)
    assert isinstance(batch.payload, pd.DataFrame)
    assert batch.payload["a"].min() >= 700
    assert batch.parents == tuple(map(str, batch.payload["a"]))


@every_method
def test_a_row_depends_on_its_number_alone(method: str) -> None:
    model = fitted(method, view(*few_levels()))
    whole = draw(model, 1, 300)[0]
    pd.testing.assert_frame_equal(draw(model, 1, 300)[0], whole)
    for start in (0, 9, 255, 256):
        pd.testing.assert_frame_equal(draw(model, 1, 40, start)[0], whole[start : start + 40].reset_index(drop=True))


@every_method
def test_a_class_whose_every_possible_row_is_a_train_row_keeps_its_copies_and_counts_them(method: str) -> None:
    frame = pd.DataFrame({"a": ["p", "p", "q", "q"] * 10, "b": [True, False] * 20})
    model = fitted(method, view(frame, ["x"] * 24 + ["y"] * 16), redraws=10**9)
    made, _, left = draw(model, 1, 300)
    assert len(made) == 300
    assert left == 300


def test_only_the_one_row_that_is_possible_and_new_is_found() -> None:
    frame = pd.DataFrame({"a": [0, 0, 1] * 20, "b": [0, 1, 0] * 20})  # never 1 and 1
    made, _, left = draw(fitted("jitter", view(frame, ["x", "y"] * 30), exchange=0.5), 0, 256)
    assert left == 0
    assert (made.to_numpy() == 1).all()


def test_the_library_says_how_many_copies_stayed() -> None:
    frame = pd.DataFrame({"a": ["p", "q"] * 20, "x": np.arange(40.0), "y": ["s"] * 30 + ["t"] * 10})
    free = TableSynthesizer("copula").fit(frame, "y")
    free.sample({"s": 40, "t": 7})
    assert free.copies == {"s": 0, "t": 0}
    bound = TableSynthesizer("copula").fit(frame.drop(columns="x"), "y")
    bound.sample({"t": 7})
    assert bound.copies == {"t": 7}


def test_equal_rows_have_equal_hashes_and_others_have_not() -> None:
    frame = pd.DataFrame(
        {
            "x": [0.0, -0.0, np.nan, 0.1, 0.1 + 1e-12, 0.2, 1e300],
            "n": pd.array([1, 1, None, 2, 2, 2, 2], dtype="Int64"),
            "t": pd.to_datetime(["2020-01-01"] * 6 + ["2020-01-02"]),
            "k": pd.Categorical(["a", "a", None, "b", "b", "b", "a"]),
        }
    )
    hashes = row_hashes(frame)
    assert hashes[0] == row_hashes(frame[1:2])[0]
    assert hashes[3] == hashes[4]
    assert len(set(hashes.tolist())) == 5
    # The hash of a row does not depend on the rows beside it, nor on the order of a category's levels.
    alone = frame[2:3].assign(k=pd.Categorical([None], categories=["b", "a"]))
    assert row_hashes(alone)[0] == hashes[2]
    assert (
        row_hashes(frame[["k"]].assign(k=frame["k"].cat.reorder_categories(["b", "a"])))[3]
        == row_hashes(frame[["k"]])[3]
    )


def test_hashes_are_the_same_on_every_machine() -> None:
    frame = pd.DataFrame({"x": [1.5, np.nan], "n": [3, -4], "k": pd.Series(["a", "b"], dtype="string")})
    assert row_hashes(frame).tolist() == [3640530052477875989, 18439901747700817232]
