"""Where the classes that need synthetic rows got none there is no verdict on synthetic rows: they were not tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_augment.core.not_made import not_made_sentences
from gan_augment.core.records import DatasetSpec
from gan_augment.scoring.metrics import rare_classes

__all__ = ["explain_untried", "not_tried"]


def not_tried(spec: DatasetSpec, train_counts: Sequence[int], plan: Mapping[str, Any]) -> bool:
    """Whether all rare classes, or all that are smaller than the largest, have no synthetic row to be tried with.

    `train_counts`: real train rows of each class; `plan`: mix's plan.json. Where all classes are of one size, all of
    them need rows.
    """
    counts = np.asarray(train_counts)
    smaller = [int(index) for index in np.flatnonzero(counts < counts.max())]
    needing = [group for group in (rare_classes(counts), smaller) if group] or [list(range(len(counts)))]
    missing = plan.get("not_made") or {}
    return any(all(spec.classes[index].key in missing for index in group) for group in needing)


def explain_untried(spec: DatasetSpec, plan: Mapping[str, Any]) -> str:
    """The verdict "not tried" in words."""
    why = " ".join(not_made_sentences(spec, plan.get("not_made") or {}))
    return f"Not tried: the classes that need synthetic rows got none, so there is no verdict on such rows. {why}"
