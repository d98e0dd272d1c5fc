"""What was read on test rows, right and wrong, and which characters were taken for which."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.scoring.reading import character_pairs
from gan_augment.scoring.tasks.text import Text

__all__ = ["readings_record"]

_SHOWN = 20  # strings of each kind
_PAIRS = 15


def readings_record(baseline: ArmPredictions, synthetic: ArmPredictions, evaluation: Evaluation) -> dict[str, Any]:
    """The readings of both arms, by their first seed: a sample of single rows, the whole confusion of characters."""
    return {"baseline": _of_arm(baseline, evaluation), "synthetic": _of_arm(synthetic, evaluation)}


def _of_arm(arm: ArmPredictions, evaluation: Evaluation) -> dict[str, Any]:
    task = evaluation.task
    assert isinstance(task, Text)
    alphabet = np.array([*task.spec.strings.alphabet, ""], dtype=object)  # the last one stands behind the end
    true = ["".join(alphabet[places]) for places in evaluation.targets]
    read = task.read(arm.decided[0])
    rows = list(zip(evaluation.ids, true, read, strict=True))
    wrong = [{"id": one, "text": own, "read": other} for one, own, other in rows if own != other]
    right = [{"id": one, "text": own} for one, own, other in rows if own == other]
    pairs = sum(
        (character_pairs(own, other) for own, other in zip(true, read, strict=True)), Counter[tuple[str, str]]()
    )
    confused = sorted(
        ((count, pair) for pair, count in pairs.items() if pair[0] != pair[1]), key=lambda x: (-x[0], x[1])
    )
    return {
        "strings": len(rows),
        "strings_right": len(right),
        "wrong": wrong[:_SHOWN],
        "right": right[:_SHOWN],
        "confused": [{"true": own, "read": other, "count": count} for count, (own, other) in confused[:_PAIRS]],
    }
