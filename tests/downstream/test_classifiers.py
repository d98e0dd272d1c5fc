"""Every family behind the one protocol: learns, balances, takes odd input, is repeatable; and the user's own door."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import ParamsError
from gan_augment.core.samples import Samples
from gan_augment.downstream import networks
from gan_augment.downstream.api import Classifier
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier, modes_of
from gan_augment.downstream.config import (
    ClassicalConfig,
    ClassifierConfig,
    CnnConfig,
    CustomConfig,
    HistGradientBoostingConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
    RetrainConfig,
)
from tests.downstream.toys import IMAGE_SPEC, TABLE_SPEC, images, table

ESTIMATORS: list[ClassifierConfig] = [
    LogisticRegressionConfig(),
    RandomForestConfig(trees=10),
    HistGradientBoostingConfig(iterations=8, min_samples_leaf=2),
]
NETWORK = CnnConfig(steps=40, batch_size=16, width=4)


def make(config: ClassifierConfig, root: Path | None = None) -> Classifier:
    return make_classifier(config, ClassicalConfig(views=2), train_rows=40, root=root)


def kind(config: ClassifierConfig) -> str:
    return config.kind


@pytest.mark.parametrize("config", [*ESTIMATORS, NETWORK], ids=kind)
@pytest.mark.parametrize("treatment", [Treatment(), Treatment(classical=True, balanced=True)], ids=["plain", "full"])
def test_learns_images(config: ClassifierConfig, treatment: Treatment) -> None:
    predictors = make(config).fit(images(24, 12), IMAGE_SPEC, treatment, [1, 2])
    assert len(predictors) == 2
    fresh = images(20, 20, seed=7)
    for predictor in predictors:
        probabilities = predictor.predict_probabilities(fresh.payload)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        assert (probabilities.argmax(axis=1) == fresh.label_indices(IMAGE_SPEC)).mean() >= 0.9


@pytest.mark.parametrize("config", ESTIMATORS, ids=kind)
def test_learns_tables_with_every_kind_of_column_and_gaps(config: ClassifierConfig) -> None:
    (predictor,) = make(config).fit(table(90), TABLE_SPEC, Treatment(class_weight=True), [1])
    fresh = table(60)
    probabilities = predictor.predict_probabilities(fresh.payload)
    assert (probabilities.argmax(axis=1) == fresh.label_indices(TABLE_SPEC)).mean() > 0.9


@pytest.mark.parametrize("config", ESTIMATORS, ids=kind)
def test_unseen_categories_and_new_gaps_are_survived(config: ClassifierConfig) -> None:
    (predictor,) = make(config).fit(table(90), TABLE_SPEC, Treatment(), [1])
    odd = table(6).payload
    assert isinstance(odd, pd.DataFrame)
    odd = odd.assign(colour=pd.Series(["never seen", pd.NA] * 3, dtype="string"))
    odd.loc[0, ["length", "gain", "day", "wet"]] = [np.nan, pd.NA, pd.NaT, pd.NA]
    assert np.isfinite(predictor.predict_probabilities(odd)).all()


@pytest.mark.parametrize("config", [*ESTIMATORS, NETWORK], ids=kind)
def test_a_class_without_rows_and_a_single_class(config: ClassifierConfig) -> None:
    (predictor,) = make(config).fit(images(0, 12), IMAGE_SPEC, Treatment(balanced=True), [1])
    probabilities = predictor.predict_probabilities(images(2, 3).payload)
    assert probabilities.shape == (5, 2)
    assert (probabilities[2:].argmax(axis=1) == 1).all()


@pytest.mark.parametrize("config", [*ESTIMATORS, NETWORK], ids=kind)
def test_balance_moves_probability_to_the_rare_class(config: ClassifierConfig) -> None:
    rng = np.random.default_rng(0)
    rows = images(60, 6)
    noise = Samples(rows.manifest, rng.integers(0, 256, (66, 8, 8, 1)).astype(np.uint8))
    fresh = rng.integers(0, 256, (200, 8, 8, 1)).astype(np.uint8)

    def rare(treatment: Treatment) -> float:
        if isinstance(config, CnnConfig):  # a network learns noise by heart; grey images leave it the base rate alone
            grey = Samples(rows.manifest, np.full((66, 8, 8, 1), 128, dtype=np.uint8))
            steady = config.model_copy(update={"learning_rate": 0.05, "steps": 80})
            return float(
                make(steady).fit(grey, IMAGE_SPEC, treatment, [1])[0].predict_probabilities(grey.payload)[0, 1]
            )
        (predictor,) = make(config).fit(noise, IMAGE_SPEC, treatment, [1])
        return float(predictor.predict_probabilities(fresh)[:, 1].mean())

    assert rare(Treatment(balanced=True)) > rare(Treatment())
    assert rare(Treatment(class_weight=True)) > rare(Treatment())


@pytest.mark.parametrize("config", ESTIMATORS[1:], ids=kind)
def test_the_seed_decides(config: ClassifierConfig) -> None:
    rows = table(60)
    shuffled = np.random.default_rng(0).permutation(60)  # labels that no column gives away
    hard = Samples(rows.manifest.take(shuffled).reset_index(drop=True), rows.payload)

    def fitted(seed: int) -> np.ndarray[Any, Any]:
        (predictor,) = make(config).fit(hard, TABLE_SPEC, Treatment(), [seed])
        return predictor.predict_probabilities(table(30).payload)

    np.testing.assert_array_equal(fitted(1), fitted(1))
    assert (fitted(1) != fitted(2)).any()


def test_logistic_regression_is_fitted_once_for_all_seeds() -> None:
    first, second = make(LogisticRegressionConfig()).fit(table(60), TABLE_SPEC, Treatment(), [1, 2])
    assert first is second


def test_large_images_are_averaged_down_for_rows_of_pixels() -> None:
    rng = np.random.default_rng(0)
    small = images(10, 10)
    large = np.repeat(np.repeat(np.asarray(small.payload), 9, axis=1), 9, axis=2)
    spec = IMAGE_SPEC.model_copy(update={"image": IMAGE_SPEC.image.model_copy(update={"height": 72, "width": 72})})  # type: ignore[union-attr]
    (predictor,) = make(LogisticRegressionConfig()).fit(Samples(small.manifest, large), spec, Treatment(), [1])
    order = rng.permutation(20)
    probabilities = predictor.predict_probabilities(large[order])
    assert (probabilities.argmax(axis=1) == small.label_indices(spec)[order]).all()


# --- defaults -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [NETWORK, LogisticRegressionConfig()], ids=kind)
def test_learns_long_flat_images(config: ClassifierConfig) -> None:
    small = images(12, 12)
    flat = np.repeat(np.asarray(small.payload)[:, :4], 24, axis=2)  # 4 x 192
    image = IMAGE_SPEC.images.model_copy(update={"height": 4, "width": 192})
    spec = IMAGE_SPEC.model_copy(update={"image": image})
    (predictor,) = make(config).fit(Samples(small.manifest, flat), spec, Treatment(classical=True), [1])
    assert (predictor.predict_probabilities(flat).argmax(1) == np.repeat([0, 1], 12)).mean() > 0.9


def test_defaults_go_with_the_modality() -> None:
    first, second = choose_classifiers(RetrainConfig(), "image")
    assert (first.kind, second and second.kind) == ("cnn", "logistic_regression")
    first, second = choose_classifiers(RetrainConfig(), "table")
    assert (first.kind, second and second.kind) == ("hist_gradient_boosting", "logistic_regression")
    first, second = choose_classifiers(RetrainConfig(classifier=LogisticRegressionConfig()), "table")
    assert (first.kind, second and second.kind) == ("logistic_regression", "random_forest")
    assert choose_classifiers(RetrainConfig(second_opinion="none"), "image")[1] is None


@pytest.mark.parametrize("key", ["classifier", "second_opinion"])
def test_a_cnn_on_a_table_is_refused(key: str) -> None:
    with pytest.raises(ParamsError, match=rf"retrain\.{key}\.kind"):
        choose_classifiers(RetrainConfig.model_validate({key: {"kind": "cnn"}}), "table")


# --- the user's own -------------------------------------------------------------------------------------------------

MODULE = """
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
import numpy as np

def neighbours(n_neighbors=3):          # takes no sample_weight
    return KNeighborsClassifier(n_neighbors)

def tree(random_state=None):
    return DecisionTreeClassifier(random_state=random_state)

class Brightest:
    def fit(self, X, y):
        assert X.dtype == np.uint8 and X.ndim == 4, (X.dtype, X.shape)
        self.classes_ = np.unique(y)
        self.limit = X.mean()
        return self
    def predict_proba(self, X):
        bright = (X.mean(axis=(1, 2, 3)) > self.limit).astype(float)
        return np.stack([1 - bright, bright], axis=1)

def no_probabilities():
    return object()

number = 3
"""


def test_each_showing_of_an_image_is_another_view(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bytes] = []

    def spy(*_: Any, show: Any, **__: Any) -> Any:
        for _ in range(4):
            shown.append(show(np.array([0]))[0].tobytes())
        return None

    monkeypatch.setattr(networks, "fit_classifier", spy)
    make(NETWORK).fit(images(3, 3), IMAGE_SPEC, Treatment(classical=True), [1, 2])
    first, second = shown[:4], shown[4:]
    assert first[0] == first[2] != first[1] == first[3]  # two views, in turn
    assert first == second  # every seed begins anew


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_models.py").write_text(MODULE)
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    return tmp_path


@pytest.mark.parametrize("function", ["neighbours", "tree"])
@pytest.mark.parametrize("treatment", [Treatment(), Treatment(balanced=True)], ids=["plain", "balanced"])
def test_an_own_estimator_on_encoded_tables(own: Path, function: str, treatment: Treatment) -> None:
    config = CustomConfig(factory=f"my_models:{function}")
    (predictor,) = make(config, own).fit(table(90), TABLE_SPEC, treatment, [1])
    fresh = table(30)
    assert (predictor.predict_probabilities(fresh.payload).argmax(1) == fresh.label_indices(TABLE_SPEC)).mean() > 0.9
    assert str(own) not in sys.path


def test_an_own_estimator_without_weights_sees_repeated_rows(own: Path) -> None:
    (own / "counting.py").write_text(
        "import numpy as np\n"
        "class Counting:\n"
        "    def fit(self, X, y):\n"
        "        self.classes_, counts = np.unique(y, return_counts=True)\n"
        "        self.shares = counts / counts.sum()\n"
        "    def predict_proba(self, X):\n"
        "        return np.tile(self.shares, (len(X), 1))\n"
    )
    shares = {}
    for treatment in (Treatment(), Treatment(class_weight=True)):
        classifier = make(CustomConfig(factory="counting:Counting"), own)
        (predictor,) = classifier.fit(images(30, 10), IMAGE_SPEC, treatment, [1])
        shares[treatment.class_weight] = predictor.predict_probabilities(images(1, 0).payload)[0].tolist()
    assert shares == {False: [0.75, 0.25], True: [0.5, 0.5]}


def test_an_own_estimator_on_raw_images_and_its_settings(own: Path) -> None:
    (predictor,) = make(CustomConfig(factory="my_models:Brightest", input="raw"), own).fit(
        images(10, 10), IMAGE_SPEC, Treatment(), [1]
    )
    assert predictor.predict_probabilities(images(5, 5).payload).argmax(1).tolist() == [0] * 5 + [1] * 5
    with pytest.raises(ParamsError, match="n_neighbours"):
        config = CustomConfig(factory="my_models:neighbours", settings={"n_neighbours": 1})
        make(config, own).fit(table(30), TABLE_SPEC, Treatment(), [1])


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("no_such_module:f", "No module named"),
        ("my_models:nothing", "no callable nothing"),
        ("my_models:number", "no callable number"),
        ("my_models:no_probabilities", "has no method fit"),
    ],
)
def test_a_door_that_leads_nowhere_says_so(own: Path, factory: str, message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        make(CustomConfig(factory=factory), own).fit(table(30), TABLE_SPEC, Treatment(), [1])


@pytest.mark.parametrize("factory", ["os.system", "a b:c", ":f", "m:"])
def test_a_malformed_factory_is_refused_by_params(factory: str) -> None:
    with pytest.raises(ValueError, match="factory"):
        CustomConfig(factory=factory)


def test_what_is_not_trained_in_steps_cannot_be_fine_tuned() -> None:
    modes = RetrainConfig.model_validate({"modes": ["pooled", "fine_tuned"]})
    with pytest.raises(ParamsError, match="not trained step by step"):
        choose_classifiers(modes, "table")
    first, second = choose_classifiers(modes, "image")
    assert second is not None
    assert (modes_of(first, modes), modes_of(second, modes)) == (("pooled", "fine_tuned"), ("pooled",))
