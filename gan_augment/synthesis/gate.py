"""The specialisation gate: a class's own model serves it only where validation finds it no worse than the joint one."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from gan_augment.core.records import Record
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.feature_space import FeatureSpace
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.synthesis.alarms import class_alarm
from gan_augment.synthesis.api import Fitted, SampleRequest

__all__ = ["ClassScore", "GateDecision", "choose_model", "draw_features"]

SAMPLES_PER_CLASS = 64


class ClassScore(Record):
    """One model's validation figures for one class.

    `kid`: kernel distance of its synthetic rows to the class's validation rows, lower is better. `cas`: recall in
    [0, 1] of the class's validation rows by a classifier that was trained on synthetic rows only.
    """

    kid: float
    cas: float


class GateDecision(Record):
    """Which model serves a class, and why. It is written as served.json beside the model.

    `none`: even the better model's rows of this class raise an alarm; the class is not synthesised.
    """

    served: Literal["joint", "specialised", "none"]
    decision: Literal["accepted", "refused", "not tried"]
    joint: ClassScore | None
    specialised: ClassScore | None
    reason: str


def draw_features(fitted: Fitted, label: int, seed: int, features: FeatureSpace) -> npt.NDArray[Any]:
    """`SAMPLES_PER_CLASS` synthetic rows of class `label` in the feature space: float [64, d]."""
    batches = fitted.sample(SampleRequest(label=label, count=SAMPLES_PER_CLASS, seed=seed))
    return np.concatenate([features(batch.payload) for batch in batches])


def choose_model(
    joint: Fitted,
    specialised: Fitted,
    train: TrainView,
    validation: ValidationView,
    *,
    label: int,
    features: FeatureSpace,
    seed: int,
) -> GateDecision:
    """Compare both models on one class's validation rows; `features` must have been fitted on train rows only."""
    seed = derive_seed(seed, "gate", label)
    present = [int(c) for c in np.unique(train.labels)]
    others = [draw_features(joint, c, seed, features) for c in present if c != label]
    other_labels = np.repeat([c for c in present if c != label], SAMPLES_PER_CLASS)
    real = features(validation.of_class(label).samples.payload)
    scores, draws = [], []
    for model in (joint, specialised):
        drawn = draw_features(model, label, seed, features)
        draws.append(drawn)
        classifier: Any = LogisticRegression(max_iter=1000)
        classifier.fit(np.concatenate([*others, drawn]), np.r_[other_labels, np.full(len(drawn), label)])
        cas = float(np.mean(classifier.predict(real) == label))
        scores.append(ClassScore(kid=kernel_distance(real, drawn), cas=cas))
    decision = decide(*scores)
    served = draws[1] if decision.served == "specialised" else draws[0]
    train_features, labels = features(train.samples.payload), train.labels
    judge: Any = LogisticRegression(max_iter=1000).fit(train_features, labels)
    agreement = float(np.mean(judge.predict(served) == label))
    if alarm := class_alarm(train_features[labels == label], real, served, agreement):
        return decision.model_copy(update={"served": "none", "reason": f"not synthesised: {alarm}"})
    return decision


def decide(joint: ClassScore, specialised: ClassScore) -> GateDecision:
    """Accept the specialised model where neither figure got worse."""
    worse = [
        f"{name} {before:.4f} -> {after:.4f}"
        for name, before, after, is_worse in (
            ("KID", joint.kid, specialised.kid, specialised.kid > joint.kid),
            ("CAS", joint.cas, specialised.cas, specialised.cas < joint.cas),
        )
        if is_worse
    ]
    accepted = not worse
    return GateDecision(
        served="specialised" if accepted else "joint",
        decision="accepted" if accepted else "refused",
        joint=joint,
        specialised=specialised,
        reason="no worse than the joint model on validation"
        if accepted
        else f"worse on validation: {', '.join(worse)}",
    )
