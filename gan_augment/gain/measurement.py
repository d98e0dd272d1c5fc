"""Measurement: from every arm's predictions and the test labels to the gain, its interval and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.not_made import not_made_sentences
from gan_augment.core.predictions import Adjustment, ArmRecord, CurveRecord, Family, rival_of
from gan_augment.core.records import DatasetSpec
from gan_augment.gain.better_without import better_without
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.groups import Grouping, groups_record
from gan_augment.gain.learning_curve import Worth, explain_worth, rows_worth
from gan_augment.gain.readings import readings_record
from gan_augment.gain.rivals import rival_notes, rival_wins, rivals_untrained
from gan_augment.gain.untried import explain_untried, not_tried
from gan_augment.gain.verdict import Verdict, arm_name, decide, explain
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import Labels, precision_over, rare_classes, recall_over, score
from gan_augment.scoring.statistics import Interval, holm
from gan_augment.scoring.tasks.text import Text

__all__ = ["Gain", "headline", "measure"]

BASELINE_ARMS = ("real", "real_classical", "cheap", "linear_probe")
SYNTHETIC_ARMS = ("real_synthetic", "real_classical_synthetic")

_FEW_TEST_ROWS = 10
_NOT_MEASURED = "What these synthetic rows are worth in real rows was not measured"
_COVERS = "test rows and classifier seeds; not retraining the synthesizer, nor another split of the data"


@dataclass(frozen=True)
class Gain:
    """Best arm with synthetic data minus best arm without, both chosen on validation.

    `real`: where the latter has the rows of a rival, the best arm of real rows alone, which an export may hold.
    """

    baseline: ArmPredictions
    synthetic: ArmPredictions
    interval: Interval
    verdict: Verdict
    real: ArmPredictions | None = None

    def sides(self) -> dict[str, ArmPredictions]:
        """Arms by the prefix of their keys in measure.json."""
        both = {"baseline": self.baseline, "synthetic": self.synthetic}
        return both if self.real is None else both | {"real": self.real}

    def names(self) -> dict[str, str]:
        """Names of these arms and variants."""
        named: dict[str, str] = {}
        for side, arm in self.sides().items():
            named |= {f"{side}_arm": arm.record.arm, f"{side}_variant": arm.family.best.described}
        return named


def headline(arms: Sequence[ArmPredictions]) -> tuple[ArmPredictions, ArmPredictions]:
    """Best baseline arm and best arm with synthetic data, by validation loss; the simpler one on a tie.

    A rival of the method is a baseline: it costs next to nothing.
    """
    return _best(_baselines(arms)), _best([arm for arm in arms if arm.record.arm in SYNTHETIC_ARMS])


def _baselines(arms: Sequence[ArmPredictions]) -> list[ArmPredictions]:
    return [arm for arm in arms if arm.record.arm in BASELINE_ARMS or rival_of(arm.record.arm)]


def _best(arms: Sequence[ArmPredictions]) -> ArmPredictions:
    order = (*BASELINE_ARMS, *SYNTHETIC_ARMS)  # and rivals last, as they are in `arms`

    def place(arm: str) -> int:
        return order.index(arm) if arm in order else len(order)

    return min(arms, key=lambda arm: (arm.family.best.validation_loss, place(arm.record.arm)))


def measure(
    families: dict[Family, list[ArmPredictions]],
    skipped: Sequence[ArmRecord],
    evaluation: Evaluation,
    validation_targets: Labels,
    plan: dict[str, Any],
    curve: tuple[CurveRecord, npt.NDArray[np.float32] | None] | None = None,
    groups: Mapping[str, Grouping] | None = None,
) -> dict[str, Any]:
    """Contents of measure.json. Levels are shares in 0 .. 1, gains are percentage points.

    Parameters
    ----------
    families
        The arms with predictions, by family; "first" decides the verdict.
    skipped
        Arms that had no rows to train on.
    plan
        mix's plan.json.
    curve
        The learning curve of the best arm without synthetic rows, and its test predictions [points, seeds, n, K].
    groups
        Column -> the groups of test rows to report; none adds no key.

    Where strings are what is learnt, `readings` says what was read, right and wrong.
    """
    arms = families["first"]
    gain, config = _gain(arms, evaluation, plan), evaluation.config
    shown = float(plan["shown_ratio"])
    ratio, headline_name = float(plan["ratio"]), evaluation.task.headline
    sentence = (
        explain_untried(evaluation.spec, plan)
        if gain.verdict == "not tried"
        else explain(
            gain.verdict,
            gain.interval,
            ratio=ratio,
            shown=shown,
            baseline=f"{arm_name(gain.baseline.record.arm)}: {gain.baseline.family.best.described}",
            confidence=config.confidence,
            headline=headline_name.replace("_", " "),
        )
    )
    tuned = _after_tuning(gain, evaluation, validation_targets) if evaluation.task.thresholds else None
    second = _second_opinion(families.get("second", []), evaluation, plan)
    return {
        "verdict": gain.verdict,
        "use_synthetic": gain.verdict == "helps",
        "before": _before(gain, families, evaluation, plan),
        "sentence": sentence,
        "worth": None if curve is None else _worth(gain, *curve, evaluation),
        "not_made": plan.get("not_made") or {},
        "notes": [*_notes(gain, tuned, second, shown), *rival_notes(evaluation.spec, plan), *_few_rows(evaluation)],
        "gain": _gain_record(gain, evaluation) | _adjustments(gain, evaluation),
        "threshold_free": _threshold_free(gain, evaluation)
        | ({} if tuned is None else {f"{headline_name}_after_tuning": _points(tuned)}),
        "second_opinion": second,
        "arms": [_arm_record(arm, evaluation) for arm in arms],
        "skipped": {record.arm: record.skipped for record in skipped},
        **({"rivals": plan["rivals"]} if plan.get("rivals") else {}),
        evaluation.task.figures: _parts(gain, evaluation),
        **({"readings": readings_record(gain.baseline, gain.synthetic, evaluation)} if _reads(evaluation) else {}),
        **({"groups": groups_record(groups, gain.baseline, gain.synthetic, evaluation)} if groups else {}),
        "ratio": ratio,
        "shown_ratio": shown,
        "seeds": arms[0].record.seeds,
        "test_rows": len(evaluation.labels),
        "comparisons": 1,  # validation names the two arms before a test label is read
    }


def _reads(evaluation: Evaluation) -> bool:
    return isinstance(evaluation.task, Text)


def _gain(arms: Sequence[ArmPredictions], evaluation: Evaluation, plan: dict[str, Any]) -> Gain:
    baseline, synthetic = headline(arms)
    interval = evaluation.difference(evaluation.headline, synthetic.decided, baseline.decided)
    verdict = decide(interval, float(plan["ratio"]), evaluation.config.minimum_gain / 100)
    if not_tried(evaluation.spec, baseline.record.train_counts, plan):
        verdict = "not tried"
    real = _best([arm for arm in arms if arm.record.arm in BASELINE_ARMS]) if rival_of(baseline.record.arm) else None
    return Gain(baseline, synthetic, interval, verdict, real)


def _before(
    gain: Gain, families: dict[Family, list[ArmPredictions]], evaluation: Evaluation, plan: dict[str, Any]
) -> list[str]:
    """Sentences placed before the verdict's own."""
    without = _baselines(families.get("second", []))
    ours = min((gain.baseline, gain.synthetic), key=lambda arm: arm.family.best.validation_loss)
    better = better_without(_best(without), ours, evaluation) if without else None
    rival = rival_wins(gain.verdict, gain.baseline, gain.synthetic, evaluation)
    untrained = rivals_untrained(plan, [arm.record.arm for arm in families["first"]])
    missing = [] if gain.verdict == "not tried" else not_made_sentences(evaluation.spec, plan.get("not_made") or {})
    return [*filter(None, (better, rival, untrained)), *missing]


def _worth(
    gain: Gain, curve: CurveRecord, tests: npt.NDArray[np.float32] | None, evaluation: Evaluation
) -> dict[str, Any] | None:
    """Worth of the arm with synthetic rows, and the curve; None for a curve of other predictions."""
    if curve.skipped or tests is None:
        return {"kind": "not measured", "sentence": f"{_NOT_MEASURED}: {curve.skipped}."}
    baseline, best = gain.baseline, gain.baseline.family.best
    if gain.verdict == "not tried" or (curve.arm, curve.variant) != (baseline.record.arm, best.name):
        return None
    if tests.shape[1:] != baseline.test.shape:
        return None
    metric, confidence = evaluation.headline, evaluation.config.confidence
    decided = [adjust(one, point.adjustment) for one, point in zip(tests, curve.points, strict=True)]
    losses = [
        (point.share, evaluation.paired(metric, baseline.decided, one))
        for one, point in zip(decided, curve.points, strict=True)
    ]
    pair = evaluation.paired(metric, gain.synthetic.decided, baseline.decided)
    worth = rows_worth(pair, losses, evaluation.interval_of, confidence)
    return _worth_record(worth, curve, evaluation.spec, confidence) | {
        "curve": [
            {"share": round(share, 4), "rows": point.rows, "loss": _points(evaluation.interval_of(loss))}
            for (share, loss), point in zip(losses, curve.points, strict=True)
        ]
    }


def _worth_record(worth: Worth, curve: CurveRecord, spec: DatasetSpec, confidence: float) -> dict[str, Any]:
    """Record of the worth, in rows beside the existing ones; None where the curve does not show it."""
    everything = len(curve.classes) == len(spec.classes)
    whose = "all classes" if everything else "the rare classes" if len(curve.classes) > 1 else "the rare class"
    ends = {"rows": worth.factor, "low": worth.low, "high": worth.high}
    return {
        "kind": worth.kind,
        "sentence": explain_worth(worth, curve.rows, whose),
        **{name: None if end is None else round(curve.rows * (end - 1)) for name, end in ends.items()},
        "confidence": confidence,
        "rows_there": curve.rows,
        "classes": [spec.classes[index].key for index in curve.classes],
        "arm": curve.arm,
    }


def _points(interval: Interval) -> dict[str, float]:
    return interval.rounded(3, 100)


def _gain_record(gain: Gain, evaluation: Evaluation) -> dict[str, Any]:
    figures = _points(gain.interval)
    return {
        "points": figures["mean"],
        "low": figures["low"],
        "high": figures["high"],
        "confidence": evaluation.config.confidence,
        "metric": evaluation.task.headline,
        **gain.names(),
        "smallest_detectable": round(gain.interval.smallest_detectable * 100, 3),
        "covers": _COVERS,
    }


def _adjustments(gain: Gain, evaluation: Evaluation) -> dict[str, Any]:
    """tau and the log prior of both arms, which were taken off the logits: by class key, or a question at a time.

    Nothing where nothing can be taken off.
    """
    if not evaluation.task.thresholds:
        return {}
    spec = evaluation.spec
    keys, found = [record.key for record in spec.classes], dict[str, Any]()
    for side, arm in gain.sides().items():
        if parts := arm.adjustment.parts:
            found[f"{side}_adjustments"] = [_adjustment_record(part, list(arm.record.levels[name]))
                                            for name, part in zip(arm.record.levels, parts, strict=True)]  # fmt: skip
        else:
            found[f"{side}_adjustment"] = _adjustment_record(arm.adjustment, keys)
    return found


def _adjustment_record(adjustment: Adjustment, answers: Sequence[str]) -> dict[str, Any]:
    log_prior = dict(zip(answers, adjustment.log_prior or [0.0] * len(answers), strict=True))
    return {"tau": adjustment.tau, "log_prior": log_prior}


def _threshold_free(gain: Gain, evaluation: Evaluation) -> dict[str, Any]:
    """Differences that moving a threshold cannot explain; average precision in points, log loss in nats.

    Also the headline without any adjustment: the gain over a weaker baseline.
    """
    pair, task = (gain.synthetic.test, gain.baseline.test), evaluation.task
    found = {}
    if task.thresholds:
        found[f"{task.headline}_unadjusted"] = _points(evaluation.difference(evaluation.headline, *pair))
    for name in ("average_precision", "log_loss", "calibration_error"):
        if metric := task.metrics.get(name):
            difference = evaluation.difference(metric, *pair)
            found[name] = difference.rounded() if name == "log_loss" else _points(difference)
    return found


def _after_tuning(gain: Gain, evaluation: Evaluation, validation_targets: Labels) -> Interval:
    """Gain of the headline when both arms first move their thresholds on validation."""

    def tuned(arm: ArmPredictions) -> npt.NDArray[np.floating]:
        seen = adjust(arm.validation, arm.adjustment)
        return adjust(arm.decided, evaluation.task.retuned(seen, validation_targets))

    return evaluation.difference(evaluation.headline, tuned(gain.synthetic), tuned(gain.baseline))


def _second_opinion(
    arms: Sequence[ArmPredictions], evaluation: Evaluation, plan: dict[str, Any]
) -> dict[str, Any] | None:
    if not arms:
        return None
    gain = _gain(arms, evaluation, plan)
    levels = {arm.record.arm: evaluation.level(evaluation.headline, arm.decided).rounded() for arm in arms}
    return {
        "classifier": arms[0].family.classifier,
        "verdict": gain.verdict,
        **_gain_record(gain, evaluation),
        evaluation.task.headline: levels,
    }


def _few_rows(evaluation: Evaluation) -> list[str]:
    """Note on the class with the fewest test rows, where a single row would be visible in the headline."""
    if evaluation.task.roles:
        return []  # another figure than the classes' mean
    counts = np.bincount(evaluation.labels, minlength=len(evaluation.spec.classes))
    fewest = int(counts.argmin())
    if not 0 < counts[fewest] < _FEW_TEST_ROWS:
        return []
    label, points = evaluation.spec.labels[fewest], 100 / (counts[fewest] * len(counts))
    rows = "1 test row, which moves" if counts[fewest] == 1 else f"{counts[fewest]} test rows: each moves"
    return [
        f"Class {label!r} has {rows} the balanced accuracy by {points:.1f} points; an interval says little of that."
    ]


def _notes(gain: Gain, tuned: Interval | None, second: dict[str, Any] | None, shown: float) -> list[str]:
    notes = []
    if shown == 0:
        notes.append("No synthetic row was accepted, so the arms with synthetic data hold real rows only.")
    if gain.verdict == "helps" and tuned is not None and tuned.low <= 0:
        notes.append("The gain is no longer certain once both arms may move their decision thresholds.")
    if second is not None and second["verdict"] != gain.verdict:
        notes.append(_disagreement(second))
    return notes


def _disagreement(second: dict[str, Any]) -> str:
    figures = f"({second['points']:+.1f} points, {second['low']:+.1f} to {second['high']:+.1f})"
    named = f"Another classifier disagrees: with {second['classifier'].replace('_', ' ')}"
    if second["verdict"] == "no measurable difference" and second["low"] > 0:
        return f"{named} the same rows gain {figures}; that does not count, since validation chose none of them."
    return f'{named} the verdict is "{second["verdict"]}" {figures}.'


def _arm_record(arm: ArmPredictions, evaluation: Evaluation) -> dict[str, Any]:
    best, task = arm.family.best, evaluation.task
    levels = {
        name: evaluation.level(metric, arm.for_metric(name, task)).rounded(5) for name, metric in task.metrics.items()
    }
    return {
        "arm": arm.record.arm,
        "variant": best.described,
        "tau": best.adjustment.tau,
        "classifier": arm.family.classifier,
        "validation_loss": round(best.validation_loss, 5),
        **{f"validation_{name}": round(value, 5) for name, value in best.validation.items()},
        "rows_real": arm.record.rows_real,
        "rows_synthetic": arm.record.rows_synthetic,
        **levels,
        **({} if task.roles else _of_classes(arm, evaluation)),
    }


def _of_classes(arm: ArmPredictions, evaluation: Evaluation) -> dict[str, Any]:
    """Recall and precision of the rare classes, None where no class is rare, and the recall of each class."""
    rare = rare_classes(np.asarray(arm.record.train_counts))
    of_rare = {"rare_class_recall": recall_over(rare), "rare_class_precision": precision_over(rare)}
    rare_levels = {name: evaluation.level(metric, arm.decided).rounded(5) for name, metric in of_rare.items() if rare}
    return {**dict.fromkeys(of_rare), **rare_levels, "per_class_recall": _per_class_recall(arm, evaluation)}


def _per_class_recall(arm: ArmPredictions, evaluation: Evaluation) -> dict[str, float | None]:
    known = {part.key: part.metric for part in evaluation.task.parts(evaluation.targets)}
    recalls: dict[str, float | None] = {}
    for record in evaluation.spec.classes:
        metric = known.get(record.key)
        mean = metric and np.mean([score(metric, one, evaluation.targets) for one in arm.decided])
        recalls[record.key] = None if mean is None else round(float(mean), 5)
    return recalls


def _parts(gain: Gain, evaluation: Evaluation) -> list[dict[str, Any]]:
    """Gain in each part of the headline. `changed` holds for all parts jointly (Holm), the intervals for each part."""
    parts, pair = evaluation.task.parts(evaluation.targets), (gain.synthetic.decided, gain.baseline.decided)
    gains = [evaluation.difference(part.metric, *pair, rows=part.rows) for part in parts]
    adjusted = holm([interval.p_value for interval in gains])
    return [
        {
            "key": part.key,
            "label": part.label,
            "gain": figures["mean"],
            "low": figures["low"],
            "high": figures["high"],
            "p_adjusted": round(p_value, 5),
            "changed": p_value < 1 - evaluation.config.confidence,
            "test_rows": part.rows,
        }
        for part, figures, p_value in zip(parts, map(_points, gains), adjusted, strict=True)
    ]
