"""The chooser: no leak into synthesizers, nothing found where there is nothing, and what helps is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.tabular import TableSynthesizer, candidates, choose_augmentation, chooser

WIDTH = 25


def truth(rows: int, label: int, random: np.random.Generator) -> pd.DataFrame:
    """Two overlapping Gaussians in 25 dimensions: a few rows of one say little about where it lies."""
    numbers = random.normal(size=(rows, WIDTH)) + 0.55 * label
    return pd.DataFrame(numbers, columns=[f"x{n}" for n in range(WIDTH)]).assign(y=["common", "rare"][label])


def few_rare(seed: int = 0, rare: int = 16) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.concat([truth(184, 0, random), truth(rare, 1, random)], ignore_index=True)


def noise(seed: int, rows: int = 160) -> pd.DataFrame:
    """Labels that have nothing to do with the columns: nothing can help."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 4)), columns=list("abcd"))
    return frame.assign(y=random.permutation(["p", "q"] * (rows // 2)))


class Oracle:
    """Stands in for a synthesizer: draws from the true distribution."""

    def __init__(self, method: str, settings: Any, *, rules: Any, seed: int) -> None:
        self.seed = seed

    def fit(self, frame: pd.DataFrame, target: str) -> Oracle:
        self.columns = list(frame.columns)
        return self

    def sample(self, counts: Mapping[str, int], *, seed: int) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        parts = [truth(count, ["common", "rare"].index(label), random) for label, count in counts.items()]
        return pd.concat(parts, ignore_index=True)[self.columns]


def test_rows_from_the_true_distribution_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "TableSynthesizer", Oracle)
    found = choose_augmentation(
        few_rare(), "y", classifier="logistic_regression", methods=["copula"], selections=["all"], repeats=3
    )
    assert found.verdict == "augment"
    assert found.chosen.method == "copula"
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert "Augment: copula" in found.sentence
    assert found.rows(few_rare())["y"].value_counts().to_dict() == {"rare": 168}


def test_nothing_is_found_in_noise() -> None:
    verdicts = [
        choose_augmentation(
            noise(seed), "y", classifier="logistic_regression", methods=["jitter"], repeats=1, seed=seed
        ).verdict
        for seed in range(6)
    ]
    assert verdicts.count("none") >= 5  # the test's level is 5 %


def test_what_two_repetitions_leave_open_is_repeated_and_pays_for_the_second_look() -> None:
    settings: Any = {"classifier": "logistic_regression", "methods": ["jitter"], "selections": ["all"], "baselines": []}
    lengths = set()
    for seed in (2, 3):  # just on this side of hopeless, and just beyond it
        told: list[tuple[int, int]] = []
        found = choose_augmentation(
            noise(seed), "y", seed=seed, progress=lambda *parts, told=told: told.append(parts), **settings
        )
        first = choose_augmentation(noise(seed), "y", seed=seed, repeats=2, **settings)
        assert first.p_value is not None
        is_open = chooser.HOPELESS > first.p_value >= 0.05 / 2
        lengths.add(length := 4 if is_open else 2)
        assert told[-1] == (10 * length, 10 * length)
        alone = choose_augmentation(noise(seed), "y", seed=seed, repeats=4, **settings) if is_open else first
        assert found.p_value == pytest.approx(min(1.0, 2 * (alone.p_value or 0.0)))
        pd.testing.assert_frame_equal(found.table, alone.table)
    assert lengths == {2, 4}


def test_many_candidates_are_looked_at_once_unless_repetitions_are_asked_for() -> None:
    settings: Any = {"classifier": "logistic_regression", "methods": ["jitter", "smote"], "ratios": [1.0, 2.0]}
    told_open = set()
    for seed in (1, 2):
        told: list[int] = []
        found = choose_augmentation(
            noise(seed), "y", seed=seed, progress=lambda done, _parts, told=told: told.append(done), **settings
        )
        assert len(found.table) > chooser.FEW
        assert told[-1] == 20
        assert found.p_value is not None
        asked = choose_augmentation(noise(seed), "y", seed=seed, repeats=2, **settings)
        assert found.p_value == asked.p_value  # one look: nothing to pay for
        told_open.add(found.left_open)
        assert found.left_open == (0.05 <= found.p_value < chooser.HOPELESS)
        assert found.left_open == ("Two repetitions leave it open" in found.sentence)
        assert not asked.left_open
    assert told_open == {False, True}


def test_rows_stand_beside_what_balances_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "TableSynthesizer", Oracle)
    settings: Any = {"classifier": "logistic_regression", "methods": ["copula"], "selections": ["all"], "repeats": 3}
    found = choose_augmentation(few_rare(), "y", **settings)
    assert found.verdict == "augment"
    scores = found.table.set_index("method")["score"]
    assert found.free is not None
    assert found.over_free is not None
    assert scores[found.free.method] == scores[["class_weight", "prior"]].max()
    assert found.over_free.mean == pytest.approx(scores["copula"] - scores[found.free.method])
    assert f"{found.free}, which adds no rows" in found.sentence
    assert ("may do as well" in found.sentence) == (found.over_free.low <= 0)
    alone = choose_augmentation(few_rare(), "y", **settings, baselines=[])
    assert (alone.free, alone.over_free) == (None, None)
    assert "adds no rows" not in alone.sentence


def test_rows_that_are_nobodys_are_gated(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(Oracle):
        def sample(self, counts: Mapping[str, int], *, seed: int) -> pd.DataFrame:
            made = super().sample(counts, seed=seed)
            return made.assign(**{name: -5.0 for name in made.columns if name != "y"})

    monkeypatch.setattr(candidates, "TableSynthesizer", Wrong)
    found = choose_augmentation(
        few_rare(), "y", classifier="logistic_regression", methods=["copula"], metric="average_precision", repeats=1
    )
    assert not found.chosen.makes_rows
    assert found.rows(few_rare()).empty


def test_a_synthesizer_sees_the_inner_train_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = few_rare().assign(number=np.arange(200) * 1.5)
    fits: list[set[float]] = []
    trials: list[tuple[set[float], set[float]]] = []
    plain = candidates.Contest.predict

    class Spy(TableSynthesizer):
        def fit(self, frame: pd.DataFrame, target: str, **other: Any) -> Spy:
            fits.append(set(frame["number"]))
            super().fit(frame, target, **other)
            return self

    def watched(self: Any, given: Any, train: pd.DataFrame, rows: pd.DataFrame, seed: int) -> Any:
        trials.append((set(train["number"]), set(rows["number"])))
        return plain(self, given, train, rows, seed)

    monkeypatch.setattr(candidates, "TableSynthesizer", Spy)
    monkeypatch.setattr(candidates.Contest, "predict", watched)
    steps: list[tuple[int, int]] = []
    choose_augmentation(
        frame,
        "y",
        classifier="logistic_regression",
        methods=["jitter"],
        ratios=[0.5, 1],
        folds=4,
        repeats=2,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(done, 20) for done in range(1, 21)]
    assert len(fits) == len(trials) == 20  # 4 outer train parts and 6 inner ones, twice; one fit for every candidate
    for seen, (train, unseen) in zip(fits, trials, strict=True):
        assert seen == train
        assert not train & unseen
        assert train | unseen == set(frame["number"])
    assert sorted(len(unseen) for _, unseen in trials) == [50] * 8 + [100] * 12


def test_the_same_seed_gives_the_same_choice() -> None:
    def run(seed: int) -> pd.DataFrame:
        forest = RandomForestClassifier(5)
        settings: Any = {"classifier": forest, "methods": ["jitter"], "repeats": 1, "folds": 3, "seed": seed}
        return choose_augmentation(few_rare(), "y", **settings).table

    pd.testing.assert_frame_equal(run(3), run(3))
    assert not run(3).equals(run(4))


def test_a_threshold_is_no_reason_for_rows() -> None:
    """Two far clusters of unequal size that overlap a little: moving the threshold does all that rows could do."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": np.r_[random.normal(size=360), random.normal(size=40) + 1.5], "y": [0] * 360 + [1] * 40})
    found = choose_augmentation(frame, "y", classifier="logistic_regression", methods=["copula"])
    assert found.verdict == "rebalance"
    assert found.chosen.method in ("class_weight", "prior")
    assert found.rows(frame).empty


def test_every_kind_of_column_goes_through_and_rows_keep_dtypes() -> None:
    random = np.random.default_rng(0)
    y = np.r_[np.zeros(150, dtype=int), np.ones(50, dtype=int)]
    frame = pd.DataFrame({"n": random.normal(size=200) + y, "w": random.choice(list("abcdef"), 200), "y": y})
    frame.loc[::7, "n"] = np.nan
    frame["b"] = random.random(200) < 0.3 + 0.4 * y
    frame["day"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(random.integers(0, 99, 200), "D")
    frame["g"] = pd.Categorical(random.choice(["low", "high"], 200), ["low", "high", "never"], ordered=True)
    found = choose_augmentation(
        frame, "y", classifier="hist_gradient_boosting", methods=["jitter"], repeats=1, folds=3, alpha=1.0, baselines=[]
    )
    assert set(found.table["method"]) == {"none", "jitter"}
    assert set(found.table["selection"]) == {"all", "likely"}
    made = found.rows(frame)
    pd.testing.assert_series_equal(made.dtypes, frame.dtypes)
    assert len(made) in (0, 100)


def test_a_size_that_needs_no_rows_is_the_real_rows_alone() -> None:
    settings: Any = {"classifier": "logistic_regression", "methods": ["jitter"], "folds": 3, "repeats": 1}
    found = choose_augmentation(noise(0), "y", ratios=[0.5], baselines=[], **settings)
    assert (found.table["score"] == found.table["score"].iloc[0]).all()
    assert found.rows(noise(0)).empty


def test_a_pipeline_of_the_users_is_fed_the_frame_and_not_weighted() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression())
    found = choose_augmentation(few_rare(), "y", classifier=model, methods=["oversample"], metric="log_loss", repeats=1)
    assert found.table["method"].tolist() == ["none", "prior", "oversample"]
    assert (found.table["score"] > 0).all()
    none, oversample = found.table["score"].iloc[[0, 2]]
    assert found.table["gain"].iloc[2] == pytest.approx(none - oversample)  # a smaller loss is a gain


def test_too_few_rows_are_undecided() -> None:
    found = choose_augmentation(noise(0, rows=60), "y")
    assert found.verdict == "undecided"
    assert found.chosen.method == "none"
    assert found.table.empty
    assert "too few rows" in found.sentence


def test_mistakes_are_named() -> None:
    frame = few_rare()
    with pytest.raises(ParamsError, match="no such metric"):
        choose_augmentation(frame, "y", metric="ba")
    with pytest.raises(ParamsError, match="'forest'"):
        choose_augmentation(frame, "y", classifier="forest")
    with pytest.raises(ParamsError, match="no such baseline"):
        choose_augmentation(frame, "y", baselines=["smote"])
    with pytest.raises(ParamsError, match="makes no rows"):
        choose_augmentation(frame, "y", methods=["prior"])
    with pytest.raises(ParamsError, match="three folds"):
        choose_augmentation(frame, "y", folds=2)
    with pytest.raises(DataError, match="fewer rows than there are folds"):
        choose_augmentation(few_rare(rare=3), "y")
    with pytest.raises(DataError, match="one class"):
        choose_augmentation(frame.assign(y=1), "y")
