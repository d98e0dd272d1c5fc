"""Comparison with another classifier: if one without any synthetic row is clearly better, that is reported first."""

from __future__ import annotations

from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.verdict import arm_name

__all__ = ["better_without"]


def better_without(other: ArmPredictions, ours: ArmPredictions, evaluation: Evaluation) -> str | None:
    """Sentence where `other` is better on validation, and on test with the whole interval; else None.

    `other`: the best arm without synthetic rows of another family of classifiers, `ours`: the best arm of the family
    that decides the verdict, with synthetic rows or without; both named by validation.
    """
    worse = other.family.best.validation_loss >= ours.family.best.validation_loss
    if worse or other.test.shape != ours.test.shape:
        return None
    found = evaluation.difference(evaluation.headline, other.decided, ours.decided)
    if found.low <= 0:
        return None
    name = evaluation.task.headline.replace("_", " ")
    theirs, own = (f"{evaluation.level(evaluation.headline, arm.decided).mean * 100:.1f} %" for arm in (other, ours))
    points, low, high = (f"{100 * value:+.1f}" for value in (found.mean, found.low, found.high))
    return (
        f"Another classifier is clearly better without any synthetic row: {_named(other)} has a {name} of "
        f"{theirs}, {_named(ours)} of {own} ({points} points, {evaluation.config.confidence:.0%} interval {low} to "
        f"{high}). Change the classifier first."
    )


def _named(arm: ArmPredictions) -> str:
    return f"{arm.family.classifier.replace('_', ' ')} ({arm_name(arm.record.arm)}: {arm.family.best.name})"
