"""What a public function cannot use is refused by name, and never with a traceback from the depths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import DataError, GanAugmentError, MethodError, ParamsError
from gan_augment.tabular import SyntheticOverSampler, TableSynthesizer, choose_augmentation
from gan_augment.tabular.privacy import privacy_signals

NAN = float("nan")
COPULA = {"classifier": "logistic_regression", "methods": ["copula"], "repeats": 1}


def frame(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(0)
    numbers = random.normal(size=rows)
    return pd.DataFrame(
        {"x": numbers, "k": random.choice(list("ab"), rows), "y": np.where(np.arange(rows) % 4, "q", "p")}
    )


@pytest.fixture(scope="module")
def model() -> TableSynthesizer:
    return TableSynthesizer("copula").fit(frame(), "y")


@pytest.mark.parametrize(
    ("counts", "rows"),
    [
        (0, 0),
        (np.int64(5), 5),
        (np.uint8(5), 5),
        (5.0, 5),
        ({}, 0),
        ({"p": 0}, 0),
        ({"p": np.int32(3)}, 3),
        ({"p": 3.0}, 3),
        (pd.Series({"p": 3, "q": 2}), 5),
        (frame()["y"].value_counts(), 60),
        (pd.Series({"p": 3.0}, dtype=object), 3),
        (pd.Series(dtype="int64"), 0),
        ({np.str_("p"): 2}, 2),
        (frame()["y"].value_counts().astype("Int64"), 60),
    ],
)
def test_counts_in_every_form_that_can_be_meant(model: TableSynthesizer, counts: Any, rows: int) -> None:
    made = model.sample(counts)
    assert len(made) == rows
    pd.testing.assert_series_equal(made.dtypes, frame().dtypes)
    if isinstance(counts, pd.Series) and rows:
        assert made["y"].value_counts().to_dict() == {label: int(count) for label, count in counts.items()}


@pytest.mark.parametrize(
    "counts",
    [
        True,
        np.bool_(True),
        None,
        "5",
        NAN,
        float("inf"),
        10.5,
        1e300,
        10**30,
        10**12,
        -1,
        -10,
        [5, 7],
        np.array([5, 7]),
        np.array(5),
        {"p": NAN},
        {"p": None},
        {"p": True},
        {"p": 2.7},
        {"p": "5"},
        {"p": -3},
        {"p": 10**12},
        {"p": 3 + 0j},
        {"z": 1},
        {b"p": 1},
        {("p",): 1},
        pd.Series([3, 4]),
        pd.Series({"p": NAN}),
        pd.Series([1, 2], index=["p", "p"]),
        frame()["y"].value_counts(normalize=True),
        pd.DataFrame({"p": [1]}),
    ],
)
def test_counts_that_nobody_can_mean_are_refused(model: TableSynthesizer, counts: Any) -> None:
    with pytest.raises(GanAugmentError):
        model.sample(counts)


@pytest.mark.parametrize("value", [None, "a", 1.5, True, NAN])
def test_seeds_and_starts_are_whole_numbers(model: TableSynthesizer, value: Any) -> None:
    for use in (
        lambda: model.sample(2, seed=value),
        lambda: model.sample(2, start=value),
        lambda: TableSynthesizer(seed=value),
    ):
        with pytest.raises(ParamsError):
            use()
    with pytest.raises(ParamsError):
        model.stream(2, start=-1)
    pd.testing.assert_frame_equal(model.sample(3, seed=np.int64(3)), model.sample(3, seed=3))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": None},
        {"method": 3},
        {"method": ["copula"]},
        {"settings": "a"},
        {"settings": [1]},
        {"settings": {1: 2}},
        {"settings": {"max_levels": NAN}},
        {"rules": "a"},
        {"rules": 3},
        {"rules": [{}]},
        {"rules": [None]},
        {"device": None},
        {"device": "tpu"},
    ],
)
def test_a_synthesizer_is_made_of_what_it_knows(arguments: dict[str, Any]) -> None:
    with pytest.raises(GanAugmentError):
        TableSynthesizer(**{"method": "copula", **arguments})


@pytest.mark.parametrize(
    "rows",
    [None, {"x": [1]}, frame().to_numpy(), frame()["x"], frame()[:0], frame()[["y"]], frame().rename(columns={"x": 0})],
)
def test_what_is_no_frame_of_rows_and_features_is_refused_everywhere(rows: Any) -> None:
    good = frame(120)
    for use in (
        lambda: TableSynthesizer("copula").fit(rows, "y"),
        lambda: choose_augmentation(rows, "y", **COPULA),
        lambda: privacy_signals(rows, good, good, "y"),
        lambda: privacy_signals(good, rows, good, "y"),
    ):
        with pytest.raises(DataError):
            use()


@pytest.mark.parametrize("target", [None, 3, ["y"], ("y",), "zz", frame()])
def test_a_target_is_the_name_of_a_column(target: Any) -> None:
    for use in (lambda: TableSynthesizer("copula").fit(frame(), target), lambda: choose_augmentation(frame(), target)):
        with pytest.raises(DataError):
            use()


@pytest.mark.parametrize("path", [None, 3, "", " ", "\0", b"there"])
def test_paths_are_text_or_paths(model: TableSynthesizer, path: Any) -> None:
    for use in (lambda: model.save(path), lambda: TableSynthesizer.load(path)):
        with pytest.raises(ParamsError):
            use()


def test_a_model_replaces_a_model_and_nothing_else(
    model: TableSynthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letters.txt").write_text("years of work")
    monkeypatch.chdir(tmp_path / "mine")
    for path in (".", tmp_path / "mine", "letters.txt", ".."):
        with pytest.raises(ParamsError, match="not a model"):
            model.save(path)
    assert Path("letters.txt").read_text() == "years of work"
    for _ in range(2):
        model.save("new/model")
    assert len(TableSynthesizer.load(Path("new/model")).sample(3)) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        {"classifier": None},
        {"classifier": "svm"},
        {"classifier": dict},
        {"metric": 3},
        {"metric": ["accuracy"]},
        {"methods": "copula"},
        {"methods": None},
        {"methods": [3]},
        {"methods": ["zz"]},
        {"methods": ["conditional"]},
        {"ratios": 3},
        {"ratios": "1"},
        {"ratios": []},
        {"ratios": [0]},
        {"ratios": [-1]},
        {"ratios": [NAN]},
        {"ratios": [float("inf")]},
        {"ratios": ["1"]},
        {"ratios": [True]},
        {"selections": "all"},
        {"selections": ["best"]},
        {"baselines": "prior"},
        {"baselines": [3]},
        {"settings": 3},
        {"settings": {"copula": 3}},
        {"settings": {"zz": {}}},
        {"settings": {"copula": {"zz": 1}}},
        {"rules": "a"},
        {"rules": [{}]},
        {"folds": 2},
        {"folds": "4"},
        {"folds": NAN},
        {"repeats": 0},
        {"repeats": 1.5},
        {"alpha": 0},
        {"alpha": 1.1},
        {"alpha": NAN},
        {"alpha": True},
        {"alpha": "0.1"},
        {"fewest_rows": -1},
        {"fewest_rows": None},
        {"seed": None},
        {"seed": 1.5},
        {"progress": 3},
    ],
)
def test_a_choice_is_made_of_what_it_knows(arguments: dict[str, Any]) -> None:
    with pytest.raises(GanAugmentError):
        choose_augmentation(frame(120), "y", **(COPULA | arguments))


def test_a_choice_makes_rows_for_its_own_columns_only() -> None:
    choice = choose_augmentation(frame(120), "y", **COPULA)
    object.__setattr__(choice, "chosen", type(choice.chosen)("copula", 1.0, "all"))
    assert len(choice.rows(frame(120))) == 60
    for other in (frame().drop(columns="x"), frame().assign(x="a"), frame().assign(y="zz"), frame()[:0], None):
        with pytest.raises((DataError, MethodError)):
            choice.rows(other)  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", [{1: "90"}, {1: 90.5}, {1: NAN}, {1: None}, lambda _: 3, lambda _: {1: "a"}])
def test_a_sampling_strategy_holds_whole_numbers(strategy: Any) -> None:
    X, y = frame()[["x"]], (frame()["y"] == "p").astype(int)
    with pytest.raises(ParamsError):
        SyntheticOverSampler(sampling_strategy=strategy, random_state=0).fit_resample(X, y)


def test_a_column_with_the_samplers_own_name_is_a_feature_like_others() -> None:
    X, y = frame()[["x"]].assign(__target__=np.arange(60) * 1.5), frame()["y"]
    X_new, y_new = SyntheticOverSampler(random_state=0).fit_resample(X, y)
    assert list(X_new.columns) == ["x", "__target__"]
    assert X_new["__target__"][60:].between(0, 88.5).all()
    assert y_new.value_counts().tolist() == [45, 45]
