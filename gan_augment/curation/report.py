"""reports/curate.json: counts, label agreement, copying, quality and privacy, by class and overall."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import take
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.evidence import Evidence
from gan_augment.curation.filters import REFUSED, Labelled, Sieve
from gan_augment.curation.judge import class_recall
from gan_augment.curation.privacy import privacy_notes
from gan_augment.curation.quality import class_quality, copying, overall_quality, real_against_real
from gan_augment.curation.spaces import Space
from gan_augment.curation.tables import table_quality
from gan_augment.fidelity.memorisation import CopyTest

__all__ = ["counts_and_copying", "quality", "score_table"]

Mask = npt.NDArray[np.bool_]

_READ = 65_536  # findings that are read together


def score_table(manifest: pd.DataFrame, start: int, evidence: Evidence, sieve: Sieve) -> pd.DataFrame:
    """Scores, one row per candidate from number `start` on: the outcome and its reason."""
    rows = slice(start, start + len(manifest))
    found = evidence.findings[rows]
    return pd.DataFrame(
        {
            "id": manifest["id"],
            "label": manifest["label"],
            "accepted": sieve.left[rows],
            "rejected_by": pd.Series(sieve.reasons(rows), dtype="string"),
            "judge_probability": found["agreement"].astype(np.float64),
            "copy_distance": evidence.scaled(found["distance"], found["label"]),
            "nearest": pd.Series(evidence.seen_ids[found["nearest"]], dtype="string"),
        }
    )


def counts_and_copying(spec: DatasetSpec, evidence: Evidence, sieve: Sieve, config: CurateConfig) -> dict[str, Any]:
    """Figures on all candidates: their outcomes, the judge's agreement, and the tests for copies."""
    recall = class_recall(evidence.heldout_probabilities, evidence.heldout.labels, len(spec.classes))
    tests, together = copying(
        evidence.distances, evidence.heldout_distance, evidence.candidates.labels, evidence.heldout.labels
    )
    agrees = evidence.findings.column("agrees")
    classes = {
        record.key: {
            **_counts(sieve, agrees, sieve.labels == index),
            "judge_recall": None if np.isnan(recall[index]) else float(recall[index]),
            **_copy_figures(tests.get(index)),
            "refused_by": sieve.refusals.get(index),
            "refused_because": sieve.because.get(index),
        }
        for index, record in enumerate(spec.classes)
    }
    everybody = np.ones(len(sieve.labels), dtype=bool)
    known = recall[~np.isnan(recall)]
    return {
        "classes": classes,
        "overall": {
            **_counts(sieve, agrees, everybody),
            "judge_recall": _usual_recall(recall, sieve),
            **_copy_figures(together),
            "closest_record": None if evidence.closest is None else vars(evidence.closest),
        },
        "judge": {
            "members": config.judged_by.members,
            "balanced_accuracy": float(known.mean()) if len(known) else None,
        },
        "real_rejected": sieve.real_rejected,
        "privacy": privacy_notes(
            {spec.labels[index]: test for index, test in tests.items()},
            evidence.closest,
            not _copies_left(evidence, sieve),
        ),
    }


def _usual_recall(recall: npt.NDArray[np.float64], sieve: Sieve) -> float | None:
    """Recall of the judge on held-out real rows, were their classes those of the candidates."""
    sizes = np.bincount(sieve.labels, minlength=sieve.classes)
    known = ~np.isnan(recall) & (sizes > 0)
    return float(np.average(recall[known], weights=sizes[known])) if known.any() else None


def _copies_left(evidence: Evidence, sieve: Sieve) -> bool:
    left = sieve.left
    parts = (slice(start, start + _READ) for start in range(0, len(left), _READ))
    return any(bool((left[rows] & (evidence.findings[rows]["distance"] == 0)).any()) for rows in parts)


def _counts(sieve: Sieve, agrees: Mask, chosen: Mask) -> dict[str, Any]:
    found = {name: count for name, count in sieve.counts(chosen).items() if count}
    names = [*sieve.real_rejected, *sorted(set(found) - {*sieve.real_rejected, REFUSED, ""}), REFUSED]
    return {
        "candidates": int(chosen.sum()),
        "accepted": found.get("", 0),
        "rejected": {name: found.get(name, 0) for name in names},
        "label_agreement": float(agrees[chosen].mean()) if chosen.any() else None,
    }


def _copy_figures(test: CopyTest | None) -> dict[str, float | None]:
    return {
        "copy_ratio": None if test is None else test.ratio,
        "copy_statistic": None if test is None else test.statistic,
        "copy_pvalue": None if test is None else test.pvalue,
    }


def quality(
    train: TrainView,
    validation: ValidationView,
    accepted: Samples,
    space: Space,
    config: CurateConfig,
    *,
    seed: int,
) -> dict[str, Any]:
    """Figures on the accepted rows: {"classes": ..., "overall": ..., "real_against_real": ..., "table": ...}.

    `accepted` holds at most `evaluation_rows` of them per class.
    """
    spec, labels, most = train.spec, accepted.label_indices(train.spec), config.evaluation_rows
    made = _evaluated(space, accepted.payload, labels, most)
    heldout = _evaluated(space, validation.samples.payload, validation.labels, most)
    return {
        "classes": {
            record.key: class_quality(heldout.of_class(index), made.of_class(index), config.neighbours)
            for index, record in enumerate(spec.classes)
        },
        "overall": overall_quality(heldout, made, config.neighbours, seed=derive_seed(seed, "overall")),
        "real_against_real": real_against_real(heldout, config.neighbours, seed=derive_seed(seed, "real")),
        "table": None
        if spec.table is None
        else table_quality(
            (train.samples.payload, train.labels),
            (validation.samples.payload, validation.labels),
            (accepted.payload, labels),
            spec.table,
        ),
    }


def _evaluated(space: Space, payload: Payload, labels: npt.NDArray[np.int64], most: int) -> Labelled:
    """First `most` rows per class, in the quality space."""
    within = pd.Series(labels).groupby(labels).cumcount().to_numpy()
    chosen = np.flatnonzero(within < most)
    return Labelled(space.rows(take(payload, chosen)), labels[chosen])
