"""Sentences on the method's rivals: the one that wins, and those that could not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gan_augment.core.predictions import rival_arm, rival_of
from gan_augment.core.records import DatasetSpec
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.verdict import Verdict

__all__ = ["rival_notes", "rival_wins", "rivals_untrained"]


def rival_wins(
    verdict: Verdict, baseline: ArmPredictions, synthetic: ArmPredictions, evaluation: Evaluation
) -> str | None:
    """Sentence where the best arm without synthetic rows is a rival's and the method does not beat it; else None.

    Validation decided on that arm; the levels are those on test.
    """
    name = rival_of(baseline.record.arm)
    if name is None or verdict in ("helps", "not tried"):
        return None
    metric = evaluation.task.headline.replace("_", " ")
    theirs, own = (
        f"{evaluation.level(evaluation.headline, arm.decided).mean * 100:.1f} %" for arm in (baseline, synthetic)
    )
    did = "beats the method" if verdict == "hurts" else "does as well as the method, as far as can be measured"
    return (
        f"The rival {name}, which trains nothing, {did}: real data with its rows reach {theirs} ({metric}), with "
        f"the method's rows {own}. Rather set `synthesis.method: {name}`, or do without added rows."
    )


def rivals_untrained(plan: Mapping[str, Any], arms: Sequence[str]) -> str | None:
    """Sentence where rivals have rows but no arm, because the arm with which they are trained is not requested."""
    missing = [name for name, said in _rivals(plan).items() if "rows" in said and rival_arm(name) not in arms]
    if not missing:
        return None
    return (
        f"The method's rivals ({', '.join(missing)}) were not trained, so the gain may be no gain over them: they come "
        "with the arm `cheap`, which should be among retrain.arms in params.yaml."
    )


def rival_notes(spec: DatasetSpec, plan: Mapping[str, Any]) -> list[str]:
    """Sentences, one per rival that could not run, and one per class of which a rival made no rows."""
    labels, notes = {record.key: record.label for record in spec.classes}, []
    for name, said in _rivals(plan).items():
        if "refused" in said:
            notes.append(f"The rival {name} did not run: {said['refused']}.")
        for key, reason in said.get("not_made", {}).items():
            notes.append(f"The rival {name} has no rows of class {labels[key]!r}: {reason}.")
    return notes


def _rivals(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(plan.get("rivals") or {})
