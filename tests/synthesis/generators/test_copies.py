"""No table method repeats train rows more often than fresh real rows would, and none pays for that in validity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import ClassRecord, DatasetSpec, TableSpec
from gan_augment.core.samples import TrainView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
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
    return known.fit(TrainingData(train), known.Config.model_validate(QUICK.get(method, {}) | settings), Run(0))


def draw(model: Any, label: int, count: int, start: int = 0) -> tuple[pd.DataFrame, list[str], int]:
    batches = list(model.sample(SampleRequest(index=label, count=count, seed=1, start=start)))
    rows = pd.concat([batch.payload for batch in batches], ignore_index=True)
    return rows, [one for batch in batches for one in batch.parents or ()], sum(batch.copies for batch in batches)


def repeats(rows: pd.DataFrame, train: pd.DataFrame) -> np.ndarray[Any, Any]:
    """By pandas' own comparison of whole rows."""
    known = set(train.itertuples(index=False, name=None))
    return np.array([row in known for row in rows.itertuples(index=False, name=None)])


def repeated_shares(frame: pd.DataFrame, labels: list[str]) -> pd.Series:
    """Of each class: how many of its train rows equal another train row."""
    return frame.duplicated(keep=False).groupby(labels).mean()


@every_method
def test_no_more_rows_repeat_a_train_row_than_fresh_rows_would(method: str) -> None:
    frame, labels = few_levels()
    train = view(frame, labels)
    among_train = repeated_shares(frame, labels)
    for label in (0, 1):
        plain, _, stayed = draw(fitted(method, train, redraws=0), label, 600)
        copies = repeats(plain, frame)
        assert 20 < copies.sum() == stayed
        made, parents, left = draw(fitted(method, train, redraws=50), label, 600)
        assert len(made) == 600
        assert left == repeats(made, frame).sum()
        assert among_train["xy"[label]] - 0.05 < left / 600 <= max(among_train["xy"[label]], 0.1)
        pd.testing.assert_frame_equal(made[~copies], plain[~copies])  # nothing else has changed
        own = {f"train-{place}" for place, one in enumerate(labels) if one == "xy"[label]}
        assert {one for both in parents for one in both.split()} <= own


@every_method
def test_where_fresh_rows_repeat_no_train_row_neither_do_synthetic_ones(method: str) -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({name: random.choice(list("pqrstuvw"), 160) for name in "abcdefg"})
    labels = ["x" if place % 4 else "y" for place in range(160)]
    assert set(repeated_shares(frame, labels)) == {0.0}
    made, _, left = draw(fitted(method, view(frame, labels)), 0, 600)
    assert left == 0
    assert not repeats(made, frame).any()


@every_method
@pytest.mark.parametrize("others", [0, 1, 3, 5])
def test_drawing_copies_again_selects_for_no_rows_that_cannot_exist(method: str, others: int) -> None:
    """City and country, told apart by the models, in tables whose rows always, often or hardly ever repeat."""
    random = np.random.default_rng(4)
    city = random.choice(["Paris", "Lyon", "Rome", "Milan", "Bonn"], 150)
    frame = pd.DataFrame({"city": city, "country": [one[0] in "PL" for one in city]})
    frame = frame.assign(**{f"o{number}": random.choice(list("abcd"), 150) for number in range(others)})
    train = view(frame, ["x" if place % 4 else "y" for place in range(150)])
    known = set(zip(frame["city"], frame["country"], strict=True))

    def valid(redraws: int) -> float:
        model = fitted(method, train, redraws=redraws, keep_dependencies=False)
        made = draw(model, 0, 600)[0]
        return float(np.mean([pair in known for pair in zip(made["city"], made["country"], strict=True)]))

    assert valid(16) >= valid(0) - 0.02


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
    model = fitted(method, view(frame, ["x"] * 24 + ["y"] * 16), redraws=1000)
    made, _, left = draw(model, 1, 300)
    assert len(made) == 300
    assert left == 300


@every_method
def test_a_row_outside_the_train_rows_support_replaces_no_copy(method: str) -> None:
    frame = pd.DataFrame({"a": [0, 0, 1] * 20, "b": [0, 1, 0] * 20, "c": np.arange(60) % 30})  # never 1 and 1
    plain, made = (draw(fitted(method, view(frame, ["x", "y"] * 30), redraws=n), 0, 600)[0] for n in (0, 30))
    # Every row repeats another one here, and so may those that are made; what is drawn again is never 1 and 1.
    assert (made["a"] + made["b"] > 1).sum() <= (plain["a"] + plain["b"] > 1).sum()


def test_the_library_says_how_many_copies_stayed() -> None:
    frame = pd.DataFrame({"a": ["p", "q"] * 20, "x": np.arange(40.0), "y": ["s"] * 30 + ["t"] * 10})
    free = TableSynthesizer("copula").fit(frame, "y")
    free.sample({"s": 40, "t": 7})
    assert free.copies == {"s": 0, "t": 0}
    bound = TableSynthesizer("copula").fit(frame.drop(columns="x"), "y")
    bound.sample({"t": 7})
    assert bound.copies == {"t": 7}
