"""scikit-learn classifiers, and the user's own, for tables and for images as rows of pixels."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import has_fit_parameter

from gan_augment.compute.devices import resolve_device
from gan_augment.core.errors import ParamsError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.core.user_functions import UserFunctionError, load_function
from gan_augment.downstream.api import Predictor, Probabilities
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.balancing import fill_up, row_weights
from gan_augment.downstream.classical import ClassicalAugment
from gan_augment.downstream.config import (
    ClassicalConfig,
    CustomConfig,
    HistGradientBoostingConfig,
    LinearProbeConfig,
    LogisticRegressionConfig,
    RandomForestConfig,
)
from gan_augment.downstream.heads import HalfWhitening, head_of
from gan_augment.downstream.tables import categorical_places, gapless_encoder, plain_frame, tree_encoder

__all__ = ["EstimatorClassifier", "EstimatorConfig", "load_factory"]

EstimatorConfig = (
    LogisticRegressionConfig | LinearProbeConfig | RandomForestConfig | HistGradientBoostingConfig | CustomConfig
)

_LARGEST_SIDE = 32  # larger images are averaged down: as a row of pixels, detail is noise
_COMPONENTS = 64  # principal components of the pixels that a linear model reads
_AUGMENTED_COPIES = 4  # classical augmentation for models without batches: the rows and this many versions of each


class EstimatorClassifier:
    """Preprocessing fitted on the training rows that are handed in, then the estimator."""

    def __init__(
        self, config: EstimatorConfig, classical: ClassicalConfig, *, root: Path | None = None, device: str = "cpu"
    ) -> None:
        self._config, self._classical, self._root = config, classical, root
        self._features: Any = _pretrained(resolve_device(device)) if isinstance(config, LinearProbeConfig) else None

    @property
    def effort(self) -> dict[str, int | float | str]:
        """Rounds, trees or largest number of iterations."""
        config = self._config
        if isinstance(config, RandomForestConfig):
            return {"trees": config.trees}
        if isinstance(config, CustomConfig):
            return {"factory": config.factory}
        return {"iterations": config.iterations}

    def fit(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seeds: Sequence[int]) -> list[Predictor]:
        """One predictor a seed. Logistic regression on the same rows is fitted once and handed out repeatedly."""
        fixed = isinstance(self._config, LogisticRegressionConfig | LinearProbeConfig)
        if fixed and not _is_augmented(spec, treatment):
            return [self._fit_one(samples, spec, treatment, seeds[0])] * len(seeds)
        return [self._fit_one(samples, spec, treatment, seed) for seed in seeds]

    def _fit_one(self, samples: Samples, spec: DatasetSpec, treatment: Treatment, seed: int) -> Predictor:
        rows = self._augmented(samples, seed) if _is_augmented(spec, treatment) else samples
        estimator = self._estimator(spec, treatment, derive_seed(seed, "estimator") % 2**32)
        weigh = treatment.balanced or treatment.class_weight
        weighable = has_fit_parameter(estimator, "sample_weight")
        if weigh and not weighable:
            rows = fill_up(rows, spec, "oversample", numpy_generator(seed, "oversample"))
        labels = rows.label_indices(spec)
        if len(np.unique(labels)) < 2:
            return _Constant(len(spec.classes), int(labels[0]))
        encoder = self._encoder(rows, spec, treatment)
        inputs = encoder.fit_transform(_plain(rows.payload, spec, self._raw))
        weights = {"sample_weight": row_weights(labels, len(spec.classes))} if weigh and weighable else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(inputs, labels, **weights)
        return _Fitted(encoder, estimator, spec, raw=self._raw)

    @property
    def _raw(self) -> bool:
        return isinstance(self._config, CustomConfig) and self._config.input == "raw"

    def _augmented(self, samples: Samples, seed: int) -> Samples:
        images = np.asarray(samples.payload)
        augment = ClassicalAugment(self._classical, seed=derive_seed(seed, "copies"))
        copies = [Samples(samples.manifest, augment(images)) for _ in range(_AUGMENTED_COPIES)]
        return Samples.concat([samples, *copies])

    def _encoder(self, rows: Samples, spec: DatasetSpec, treatment: Treatment) -> Any:
        """Not yet fitted; what the estimator is fed is its result."""
        if self._raw:
            return FunctionTransformer()
        if spec.table is not None:
            boosted = isinstance(self._config, HistGradientBoostingConfig)
            return tree_encoder(spec.table) if boosted else gapless_encoder(spec.table)
        if self._features is not None:
            whitening = [HalfWhitening()] if treatment.head == "half_whitened" else []
            return make_pipeline(FunctionTransformer(self._features), StandardScaler(), *whitening)
        if not isinstance(self._config, LogisticRegressionConfig):
            return FunctionTransformer(_flat_pixels)
        flat = _flat_pixels(np.asarray(rows.payload[:1])).shape[1]
        components = PCA(min(_COMPONENTS, flat, len(rows)), svd_solver="full")
        # Not whitened: with few images the last components are noise, and whitening makes noise as loud as shape.
        return make_pipeline(FunctionTransformer(_flat_pixels), components)

    def _estimator(self, spec: DatasetSpec, treatment: Treatment, random_state: int) -> Any:
        config = self._config
        if isinstance(config, LinearProbeConfig):
            return head_of(treatment.head, config)
        if isinstance(config, LogisticRegressionConfig):
            return LogisticRegression(C=config.C, max_iter=config.iterations)
        if isinstance(config, RandomForestConfig):
            return RandomForestClassifier(
                n_estimators=config.trees, min_samples_leaf=config.min_samples_leaf, random_state=random_state
            )
        if isinstance(config, HistGradientBoostingConfig):
            return HistGradientBoostingClassifier(
                max_iter=config.iterations,
                learning_rate=config.learning_rate,
                min_samples_leaf=config.min_samples_leaf,
                max_features=config.column_share,
                categorical_features=None if spec.table is None else categorical_places(spec.table),
                early_stopping=False,  # it would hold rows out, and stop the arms at different rounds
                random_state=random_state,
            )
        return _own_estimator(config, self._root, random_state)


def _pretrained(device: str) -> Any:
    from gan_augment.recognition.pretrained import PretrainedFeatures  # imports torch

    return PretrainedFeatures(device=device)


def _flat_pixels(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """float32 [n, pixels] in 0 .. 1, averaged over squares where a side is above `_LARGEST_SIDE`."""
    step = min(max(1, -(-max(images.shape[1:3]) // _LARGEST_SIDE)), *images.shape[1:3])
    height, width = images.shape[1] // step * step, images.shape[2] // step * step
    cut = images[:, :height, :width].astype(np.float32) / 255
    squares = cut.reshape(len(images), height // step, step, width // step, step, images.shape[3])
    flat: npt.NDArray[np.float32] = squares.mean(axis=(2, 4)).reshape(len(images), -1)
    return flat


def _plain(payload: Payload, spec: DatasetSpec, raw: bool) -> Any:
    if spec.table is None:
        return images_of(payload)
    return frame_of(payload) if raw else plain_frame(frame_of(payload), spec.table)


def _is_augmented(spec: DatasetSpec, treatment: Treatment) -> bool:
    return treatment.classical and spec.image is not None


class _Fitted:
    def __init__(self, encoder: Any, estimator: Any, spec: DatasetSpec, *, raw: bool) -> None:
        self._encoder, self._estimator, self._spec, self._raw = encoder, estimator, spec, raw

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        full = np.zeros((len(payload), len(self._spec.classes)), dtype=np.float32)
        if len(payload):
            known = np.asarray(self._estimator.classes_, dtype=np.int64)
            inputs = self._encoder.transform(_plain(payload, self._spec, self._raw))
            full[:, known] = self._estimator.predict_proba(inputs)
        return full


class _Constant:
    """What can be learned from rows of a single class."""

    def __init__(self, classes: int, index: int) -> None:
        self._row = np.zeros(classes, dtype=np.float32)
        self._row[index] = 1

    def predict_probabilities(self, payload: Payload) -> Probabilities:
        return np.tile(self._row, (len(payload), 1))


def _own_estimator(config: CustomConfig, root: Path | None, random_state: int) -> Any:
    factory = load_factory(config.factory, root)
    settings = dict(config.settings)
    accepted = inspect.signature(factory).parameters
    if "random_state" in accepted:
        settings.setdefault("random_state", random_state)
    try:
        estimator = factory(**settings)
    except TypeError as error:
        raise _factory_error(config.factory, f"calling it with {sorted(settings)} failed: {error}") from None
    for method in ("fit", "predict_proba"):
        if not callable(getattr(estimator, method, None)):
            raise _factory_error(config.factory, f"{type(estimator).__name__} has no method {method}")
    return estimator


def load_factory(name: str, root: Path | None = None) -> Any:
    """The callable behind `module:function`; `root` is searched before the installed packages.

    Raises
    ------
    ParamsError
        The module cannot be imported, or has no such callable.
    """
    try:
        return load_function(name, root)
    except UserFunctionError as error:
        raise _factory_error(name, str(error)) from None


def _factory_error(name: str, got: str) -> ParamsError:
    return ParamsError(
        "The classifier of your own cannot be used",
        where=f"retrain.classifier.factory: {name}",
        got=got,
        expected="module:function that returns an object with fit(X, y), predict_proba(X) and classes_",
        remedy="put the module beside params.yaml or install it",
    )
