"""Figures of reports/audit.json: the contents of the data, the faults found, and how each was handled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import missing_cells
from gan_augment.data.accounts import entry_figures
from gan_augment.data.duplicates import Duplicates
from gan_augment.data.loading import LoadedData
from gan_augment.data.parts import PARTS
from gan_augment.data.split import Split

__all__ = ["TINY_CLASS", "audit_figures", "duplicate_figures", "tiny_classes"]

TINY_CLASS = 20  # rows: with fewer, no generator learns much and no test shows much
SHOWN_CLUSTERS = 20


def audit_figures(data: LoadedData, duplicates: Duplicates, split: Split, keys: Mapping[str, str]) -> dict[str, Any]:
    """JSON-able figures. `keys` gives the class key of each label; `split` is in the order of `data.rows`."""
    kept = split.parts != ""
    parts = Counter(split.parts[kept])
    labels = data.rows["label"].to_numpy(dtype=object)
    train = Counter(labels[split.parts == "train"])
    return {
        "rows": int(kept.sum()),
        "entries": entry_figures(len(data.rows), data.left_out),
        "classes_total": len(keys),
        "parts": {part: parts[part] for part in PARTS},
        "train_rows_smallest_class": min(train.values()),
        "train_rows_largest_class": max(train.values()),
        "imbalance": round(max(train.values()) / min(train.values()), 3),
        "dropped_rows": split.dropped,
        "missing_values": missing_values(data),
        "duplicates": duplicate_figures(data, duplicates),
        "classes": [{"key": key, **_class_figures(label, labels, split)} for label, key in keys.items()],
        "tiny_classes": [keys[label] for label in tiny_classes(data.rows["label"])],
        "notes": [problem.model_dump(exclude_none=True) for problem in data.problems],
    }


def duplicate_figures(data: LoadedData, duplicates: Duplicates) -> dict[str, Any]:
    """Copies, near copies and contradictions: rows beyond the first of each cluster, and examples of clusters."""
    labels = pd.factorize(data.rows["label"])[0]
    exact, near = duplicates.exact, duplicates.near
    clusters = _clusters(exact if duplicates.by_chance else near)
    two_labels = [cluster for cluster in _clusters(exact) if len(set(labels[cluster])) > 1]
    return {
        "copies": len(exact) - len(np.unique(exact)),
        "near_copies": 0 if duplicates.by_chance else len(np.unique(exact)) - len(np.unique(near)),
        "clusters": len(clusters),
        "one_content_two_labels": len(two_labels),
        "equal_rows_are_by_chance": duplicates.by_chance,
        "examples": [[_named(data, place) for place in cluster] for cluster in clusters[:SHOWN_CLUSTERS]],
        "two_label_examples": [[_named(data, place) for place in cluster] for cluster in two_labels[:SHOWN_CLUSTERS]],
    }


def tiny_classes(labels: pd.Series) -> list[str]:
    """Labels with fewer rows than `TINY_CLASS`, sorted."""
    return sorted(str(label) for label, count in Counter(labels).items() if count < TINY_CLASS)


def missing_values(data: LoadedData) -> int:
    """Number of missing cells of a table; 0 for images."""
    return missing_cells(data.payload)


def _class_figures(label: str, labels: npt.NDArray[np.object_], split: Split) -> dict[str, Any]:
    parts = Counter(split.parts[labels == label])
    return {"label": label, **{part: parts[part] for part in PARTS}}


def _clusters(ids: npt.NDArray[np.int64]) -> list[npt.NDArray[np.intp]]:
    """Places of the rows of each cluster of two or more, the largest first."""
    order = np.argsort(ids, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(ids[order])) + 1)
    return sorted((group for group in groups if len(group) > 1), key=len, reverse=True)


def _named(data: LoadedData, place: int) -> str:
    return f"{data.rows['source'][place]} ({data.rows['label'][place]})"
