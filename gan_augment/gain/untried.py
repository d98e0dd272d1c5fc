"""The verdict "not tried": without synthetic rows for the classes that need them, there is no verdict on such rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_augment.core.not_made import not_made_sentences
from gan_augment.core.records import DatasetSpec
from gan_augment.scoring.metrics import rare_classes

__all__ = ["explain_untried", "not_tried"]


def not_tried(spec: DatasetSpec, train_counts: Sequence[int], plan: Mapping[str, Any]) -> bool:
    """Whether no rare class, or no class smaller than the largest, has a synthetic row.

    `train_counts`: real train rows of each class; `plan`: mix's plan.json. Where all classes are of one size, all of
    them need rows.
    """
    counts = np.asarray(train_counts)
    smaller = [int(index) for index in np.flatnonzero(counts < counts.max())]
    needing = [group for group in (rare_classes(counts), smaller) if group] or [list(range(len(counts)))]
    missing = plan.get("not_made") or {}
    return any(all(spec.classes[index].key in missing for index in group) for group in needing)


def explain_untried(spec: DatasetSpec, plan: Mapping[str, Any]) -> str:
    """Explanation of the verdict "not tried"."""
    why = " ".join(not_made_sentences(spec, plan.get("not_made") or {}))
    return f"Not tried: the classes that need synthetic rows got none, so there is no verdict on such rows. {why}"
