"""The specialisation gate: a class's own model serves it only where validation finds it no worse than the joint one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import Record
from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.feature_space import FeatureSpace
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.synthesis.api import Fitted, SampleRequest
from gan_augment.synthesis.health.alarms import class_alarm
from gan_augment.synthesis.health.label_judge import LabelJudge

__all__ = ["ClassScore", "GateDecision", "choose_model", "draw_features"]

SAMPLES_PER_CLASS = 64
FEWEST = 2  # validation rows of the class, for a distance to them
JUDGED_SAMPLES = {"image": 600, "table": 4000}  # of the class at hand: what overlaps takes many to be told apart


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


def draw_features(
    fitted: Fitted, index: int, seed: int, features: FeatureSpace, count: int = SAMPLES_PER_CLASS
) -> npt.NDArray[Any]:
    """`count` synthetic rows of class `index` in the feature space: float [count, d]."""
    batches = fitted.sample(SampleRequest(index=index, count=count, seed=seed))
    return np.concatenate([features(batch.payload) for batch in batches])


def choose_model(
    joint: Fitted,
    specialised: Fitted,
    train: TrainView,
    validation: ValidationView,
    *,
    index: int,
    features: FeatureSpace,
    seed: int,
) -> GateDecision:
    """Compare both models on one class's validation rows; `features` must have been fitted on train rows only."""
    seed = derive_seed(seed, "gate", index)
    held_out = features(validation.samples.payload)
    real = held_out[validation.labels == index]
    draws = [draw_features(model, index, seed, features) for model in (joint, specialised)]
    if len(real) < FEWEST:
        decision = _too_few(len(real))
    else:
        decision = decide(*_scores(joint, draws, train, real, index=index, features=features, seed=seed))
    chosen = specialised if decision.served == "specialised" else joint
    served = draw_features(chosen, index, seed, features, JUDGED_SAMPLES[train.spec.modality])
    train_features, labels = features(train.samples.payload), train.labels
    groups = train.samples.manifest["group"].to_numpy()
    judge = LabelJudge(train_features, labels, held_out, validation.labels, groups=groups, seed=seed)
    likeness = judge.likeness(served, index) if np.isfinite(served).all() else None
    if alarm := class_alarm(train_features[labels == index], real, served, likeness):
        return decision.model_copy(update={"served": "none", "reason": f"not synthesised: {alarm}"})
    return decision


def _scores(
    joint: Fitted,
    draws: Sequence[npt.NDArray[Any]],
    train: TrainView,
    real: npt.NDArray[Any],
    *,
    index: int,
    features: FeatureSpace,
    seed: int,
) -> list[ClassScore]:
    """Of each model's rows of the class, by its validation rows; the other classes' are the joint model's."""
    from sklearn.linear_model import LogisticRegression

    present = [int(c) for c in np.unique(train.labels)]
    others = [draw_features(joint, c, seed, features) for c in present if c != index]
    other_labels = np.repeat([c for c in present if c != index], SAMPLES_PER_CLASS)
    scores = []
    for drawn in draws:
        classifier: Any = LogisticRegression(max_iter=1000)
        classifier.fit(np.concatenate([*others, drawn]), np.r_[other_labels, np.full(len(drawn), index)])
        cas = float(np.mean(classifier.predict(real) == index))
        scores.append(ClassScore(kid=kernel_distance(real, drawn), cas=cas))
    return scores


def _too_few(rows: int) -> GateDecision:
    return GateDecision(
        served="joint",
        decision="not tried",
        joint=None,
        specialised=None,
        reason=f"too few validation rows to compare it with a specialised one ({rows})",
    )


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
