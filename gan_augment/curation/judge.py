"""The judge: a classifier of real train rows, asked which label a synthetic row deserves.

A judge that errs on real rows is no judge: its recall on validation stands beside every figure it gives, and the
filter that uses it is calibrated on validation (see `filters`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_augment.core.samples import Payload, TrainView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.config import JudgeConfig
from gan_augment.encoding.table import TableCodec
from gan_augment.fidelity.unseen import spread_over_folds
from gan_augment.recognition.shifts import RandomShifts
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities

__all__ = ["Judge", "TableModel", "class_recall", "fit_judge", "fit_table_model", "judge_train_rows", "own_probability"]

Probabilities = npt.NDArray[np.float32]
TableModel = Literal["forest", "linear", "both"]
_FOLDS = 3


@dataclass(frozen=True)
class Judge:
    """`probabilities(payload)` gives float32 [n, K], rows summing to one: the mean over the members."""

    members: tuple[Callable[[Payload], Probabilities], ...]

    def probabilities(self, payload: Payload) -> Probabilities:
        """Of uint8 images [n, h, w, c] or a DataFrame of n table rows; float32 [n, K]."""
        mean: Probabilities = np.mean([member(payload) for member in self.members], axis=0, dtype=np.float32)
        return mean


def fit_judge(
    train: TrainView,
    config: JudgeConfig,
    *,
    seed: int,
    device: str = "cpu",
    tick: Callable[[str], None] = lambda _: None,
) -> Judge:
    """Train `config.members` classifiers on real train rows, every class shown equally often. `tick` follows each."""
    codec = None
    if isinstance(train.samples.payload, pd.DataFrame):
        assert train.spec.table is not None
        codec = TableCodec.fit(train.samples.payload, train.spec.table)
    members: list[Callable[[Payload], Probabilities]] = []
    for number in range(config.members):
        own = derive_seed(seed, "judge", number)
        members.append(
            _image_member(train, config, own, device) if codec is None else _table_member(train, codec, config, own)
        )
        tick(f"judge {number + 1} of {config.members}")
    return Judge(tuple(members))


def judge_train_rows(
    train: TrainView, config: JudgeConfig, *, seed: int, device: str = "cpu"
) -> list[tuple[Probabilities, npt.NDArray[np.int64]]]:
    """Fold by fold, what a judge of the other folds gives train rows that it has not seen, and their class indices.

    For classes of few validation rows, that their usual doubts are not guessed from a handful.
    """
    rng, found = numpy_generator(seed, "judge's folds"), []
    fold = spread_over_folds(train.labels, train.samples.manifest["group"].to_numpy(), _FOLDS, rng)
    for number in range(_FOLDS):
        learn, ask = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(learn) and len(ask):
            part = TrainView(train.spec, train.samples.take(learn))
            one = config.model_copy(update={"members": 1})
            judge = fit_judge(part, one, seed=derive_seed(seed, "fold", number), device=device)
            found.append((judge.probabilities(train.samples.take(ask).payload), train.labels[ask]))
    return found


def _image_member(train: TrainView, config: JudgeConfig, seed: int, device: str) -> Callable[[Payload], Probabilities]:
    network = fit_classifier(
        pixels(np.asarray(train.samples.payload)),
        torch.from_numpy(train.labels),
        len(train.spec.classes),
        seed=seed,
        steps=config.steps,
        sampling="balanced",
        augment=RandomShifts(derive_seed(seed, "shifts")) if config.shifts else None,
        device=device,
    )
    return lambda payload: predict_probabilities(network, pixels(np.asarray(payload)))


def _table_member(
    train: TrainView, codec: TableCodec, config: JudgeConfig, seed: int
) -> Callable[[Payload], Probabilities]:
    assert isinstance(train.samples.payload, pd.DataFrame)
    predict = fit_table_model(
        codec.encode(train.samples.payload), train.labels, len(train.spec.classes), config.table_model, seed
    )

    def member(payload: Payload) -> Probabilities:
        assert isinstance(payload, pd.DataFrame)
        return predict(codec.encode(payload))

    return member


def fit_table_model(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], classes: int, kind: TableModel, seed: int
) -> Callable[[npt.NDArray[np.float32]], Probabilities]:
    """A scikit-learn classifier on codec rows, classes weighted equally; "both" averages a forest and a linear model.

    Returns a function from float32 [n, width] to float32 [n, classes]; classes without train rows get 0.
    """
    state = seed % 2**32
    models: dict[str, Any] = {
        "forest": RandomForestClassifier(100, class_weight="balanced", random_state=state, n_jobs=1),
        "linear": make_pipeline(
            StandardScaler(), LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000, random_state=state)
        ),
    }
    chosen = list(models.values()) if kind == "both" else [models[kind]]
    known = np.unique(labels)
    if len(known) > 1:
        for model in chosen:
            model.fit(rows, labels)

    def predict(asked: npt.NDArray[np.float32]) -> Probabilities:
        out = np.zeros((len(asked), classes), dtype=np.float32)
        if len(known) == 1:
            out[:, known] = 1
        elif len(asked):
            out[:, known] = np.mean([model.predict_proba(asked) for model in chosen], axis=0)
        return out

    return predict


def own_probability(probabilities: Probabilities, labels: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
    """float64 [n]: the probability of each row's own label."""
    own: npt.NDArray[np.float64] = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return own


def class_recall(
    probabilities: Probabilities, labels: npt.NDArray[np.integer[Any]], classes: int
) -> npt.NDArray[np.float64]:
    """float64 [classes]: share of each class's rows whose most probable label is their own; NaN without rows."""
    right = probabilities.argmax(axis=1) == labels if len(labels) else np.zeros(0, dtype=bool)
    return np.array([right[labels == c].mean() if (labels == c).any() else np.nan for c in range(classes)])
