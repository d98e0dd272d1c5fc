"""Curation: which candidates are fit to train on, in which order, and what may be said about their quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.filters import (
    REFUSED,
    Gauge,
    Labelled,
    Sieve,
    class_scale,
    density_gauge,
    discriminator_gauge,
    earlier_duplicates,
    nearness_gauge,
)
from gan_augment.curation.judge import class_recall, fit_judge, own_probability
from gan_augment.curation.quality import class_quality, copying, overall_quality, real_against_real
from gan_augment.curation.spaces import Space, fit_spaces
from gan_augment.curation.train_on_synthetic import train_on_synthetic
from gan_augment.fidelity.distances import kth_neighbour_distance, nearest
from gan_augment.fidelity.memorisation import CopyTest

__all__ = ["Curated", "curate"]

Progress = Callable[[float, float, str], None]  # done, total, what is happening now
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Curated:
    """The result of `curate`.

    Attributes
    ----------
    samples
        The accepted rows, class by class, in an order to take them in: the first n of a class are a random n of it.
    scores
        One row a candidate: id, label, accepted, rejected_by, judge_probability, copy_distance, nearest.
    report
        What reports/curate.json holds.
    """

    samples: Samples
    scores: pd.DataFrame
    report: dict[str, Any]


@dataclass(frozen=True)
class _Judged:
    """Everything that was found out about the candidates and, in the same way, about the held-out rows."""

    candidates: Labelled  # in the copy space
    heldout: Labelled
    train: Labelled
    distance: Floats  # to the nearest train row
    heldout_distance: Floats
    nearest: npt.NDArray[np.int64]
    scale: Floats  # of each class: the median held-out distance
    probabilities: npt.NDArray[np.float32]
    heldout_probabilities: npt.NDArray[np.float32]

    @property
    def ratio(self) -> Floats:
        """Distance to train over the class's held-out median; 1 where held-out rows repeat train rows."""
        return _over(self.distance, self.scale[self.candidates.labels])

    @property
    def heldout_ratio(self) -> Floats:
        """The same of the held-out rows."""
        return _over(self.heldout_distance, self.scale[self.heldout.labels])


def curate(
    train: TrainView,
    validation: ValidationView,
    candidates: Samples,
    config: CurateConfig,
    *,
    seed: int,
    device: str = "cpu",
    progress: Progress = lambda *_: None,
) -> Curated:
    """Judge the candidates by real rows, filter them, and measure what is left.

    Networks, scales and spaces are fitted on train rows only; validation rows set the filters' limits and are what
    quality is measured against. The same arguments give the same bytes.
    """
    total = config.judged_by.members + 2 * config.train_on_synthetic_seeds + 3
    ticks = iter(range(1, total + 1))

    def tick(note: str) -> None:
        progress(next(ticks), total, note)

    copies, quality = fit_spaces(train, config.judged_by, seed=seed, device=device)
    tick("feature space")
    judged = _judge(train, validation, candidates, config, copies, seed, device, tick)
    sieve = _sift(judged, config, len(train.spec.classes), seed)
    tick("filters")
    order = _random_within_class(judged.candidates.labels, sieve.left, seed)
    accepted = candidates.take(order)
    report = _report(train.spec, judged, sieve, config)
    report |= {"feature_space": quality.name, "copy_space": copies.name}
    _add_quality(report, train.spec, validation, accepted, quality, config, seed)
    tick("quality")
    report["tstr"] = None
    if config.train_on_synthetic_seeds and len(accepted) and len(validation):
        report["tstr"] = train_on_synthetic(
            train, validation, accepted.payload, judged.candidates.labels[order], config.judged_by,
            seeds=config.train_on_synthetic_seeds, seed=seed, device=device, tick=tick,
        )  # fmt: skip
    progress(total, total, "done")
    return Curated(accepted, _scores(candidates, train, judged, sieve), report)


def _judge(
    train: TrainView,
    validation: ValidationView,
    candidates: Samples,
    config: CurateConfig,
    space: Space,
    seed: int,
    device: str,
    tick: Callable[[str], None],
) -> _Judged:
    labels = candidates.label_indices(train.spec)
    made = Labelled(space.rows(candidates.payload), labels)
    real = Labelled(space.rows(train.samples.payload), train.labels)
    heldout = Labelled(space.rows(validation.samples.payload), validation.labels)
    distance, index = nearest(made.rows, real.rows)
    heldout_distance, _ = nearest(heldout.rows, real.rows)
    judge = fit_judge(train, config.judged_by, seed=seed, device=device, tick=tick)
    return _Judged(
        candidates=made,
        heldout=heldout,
        train=real,
        distance=distance,
        heldout_distance=heldout_distance,
        nearest=index,
        scale=_fresh_distance(heldout_distance, heldout, real, len(train.spec.classes)),
        probabilities=judge.probabilities(candidates.payload),
        heldout_probabilities=judge.probabilities(validation.samples.payload),
    )


def _fresh_distance(heldout_distance: Floats, heldout: Labelled, real: Labelled, classes: int) -> Floats:
    """float64 [classes]: how far a fresh row of each class is from train; without held-out rows, train from itself."""
    if not len(heldout.labels) and len(real.labels) > 1:
        return class_scale(kth_neighbour_distance(real.rows, 1), real.labels, classes)
    return class_scale(heldout_distance, heldout.labels, classes)


def _sift(judged: _Judged, config: CurateConfig, classes: int, seed: int) -> Sieve:
    made, heldout = judged.candidates, judged.heldout
    sieve = Sieve(made.labels, heldout.labels, classes)
    sieve.apply("copy", nearness_gauge(judged.ratio, judged.heldout_ratio, config.copies.min_ratio), config.copies)
    if config.duplicates.enabled:
        twin = earlier_duplicates(made, sieve.left, config.duplicates.min_ratio * judged.scale)
        ratio = np.where(np.isfinite(twin), _over(twin, judged.scale[made.labels]), np.inf)
        gauge = nearness_gauge(ratio, judged.heldout_ratio, config.duplicates.min_ratio)
        sieve.apply("duplicate", gauge, config.duplicates)
    if config.density.enabled:
        sieve.apply("density", density_gauge(made, heldout, judged.train, config.density.neighbours), config.density)
    if config.discriminator.enabled:
        gauge = discriminator_gauge(made, heldout, judged.train, classes, derive_seed(seed, "discriminator"))
        sieve.apply("discriminator", gauge, config.discriminator)
    sieve.apply("judge", _judge_gauge(judged, config.judge.min_probability), config.judge)
    return sieve


def _judge_gauge(judged: _Judged, min_probability: float) -> Gauge:
    doubt = [
        1 - own_probability(probabilities, part.labels)
        for probabilities, part in (
            (judged.probabilities, judged.candidates),
            (judged.heldout_probabilities, judged.heldout),
        )
    ]
    return Gauge(doubt[0], doubt[1], 1 - min_probability)


def _random_within_class(labels: npt.NDArray[np.int64], accepted: Mask, seed: int) -> npt.NDArray[np.int64]:
    # Not the judge's favourites first: they are the ones nearest to what the classifier knows already.
    shuffled = numpy_generator(seed, "order of preference").permutation(np.flatnonzero(accepted))
    return shuffled[np.argsort(labels[shuffled], kind="stable")]


def _scores(candidates: Samples, train: TrainView, judged: _Judged, sieve: Sieve) -> pd.DataFrame:
    ids = train.samples.manifest["id"].to_numpy()
    return pd.DataFrame(
        {
            "id": candidates.manifest["id"],
            "label": candidates.manifest["label"],
            "accepted": sieve.left,
            "rejected_by": pd.Series(sieve.rejected_by, dtype="string"),
            "judge_probability": own_probability(judged.probabilities, judged.candidates.labels),
            "copy_distance": judged.ratio,
            "nearest": pd.Series(ids[judged.nearest], dtype="string"),
        }
    )


def _report(spec: DatasetSpec, judged: _Judged, sieve: Sieve, config: CurateConfig) -> dict[str, Any]:
    recall = class_recall(judged.heldout_probabilities, judged.heldout.labels, len(spec.classes))
    tests, together = copying(judged.distance, judged.heldout_distance, judged.candidates.labels, judged.heldout.labels)
    classes = {
        record.key: {
            **_counts(sieve, judged, judged.candidates.labels == index),
            "judge_recall": None if np.isnan(recall[index]) else float(recall[index]),
            **_copy_figures(tests.get(index)),
            "refused_by": sieve.refusals.get(index),
        }
        for index, record in enumerate(spec.classes)
    }
    everybody = np.ones(len(sieve.labels), dtype=bool)
    known = recall[~np.isnan(recall)]
    overall = {**_counts(sieve, judged, everybody), **_copy_figures(together)}
    return {
        "classes": classes,
        "overall": overall,
        "judge": {
            "members": config.judged_by.members,
            "balanced_accuracy": float(known.mean()) if len(known) else None,
        },
        "real_rejected": sieve.real_rejected,
    }


def _counts(sieve: Sieve, judged: _Judged, chosen: Mask) -> dict[str, Any]:
    reasons = sieve.rejected_by[chosen]
    names = [*sieve.real_rejected, REFUSED]
    agrees = judged.probabilities.argmax(axis=1)[chosen] == sieve.labels[chosen]
    return {
        "candidates": int(chosen.sum()),
        "accepted": int((reasons == "").sum()),
        "rejected": {name: int((reasons == name).sum()) for name in names},
        "label_agreement": float(agrees.mean()) if chosen.any() else None,
    }


def _copy_figures(test: CopyTest | None) -> dict[str, float | None]:
    return {
        "copy_ratio": None if test is None else test.ratio,
        "copy_statistic": None if test is None else test.statistic,
        "copy_pvalue": None if test is None else test.pvalue,
    }


def _add_quality(
    report: dict[str, Any],
    spec: DatasetSpec,
    validation: ValidationView,
    accepted: Samples,
    space: Space,
    config: CurateConfig,
    seed: int,
) -> None:
    made = _evaluated(space, accepted.payload, accepted.label_indices(spec), config.evaluation_rows)
    heldout = _evaluated(space, validation.samples.payload, validation.labels, config.evaluation_rows)
    for index, record in enumerate(spec.classes):
        figures = class_quality(heldout.of_class(index), made.of_class(index), config.neighbours)
        report["classes"][record.key] |= figures
    seed = derive_seed(seed, "quality")
    report["overall"] |= overall_quality(heldout, made, config.neighbours, seed=seed)
    report["real_against_real"] = real_against_real(heldout, config.neighbours, seed=seed)


def _evaluated(space: Space, payload: Payload, labels: npt.NDArray[np.int64], most: int) -> Labelled:
    """At most the first `most` rows a class, in the quality space."""
    within = pd.Series(labels).groupby(labels).cumcount().to_numpy()
    chosen = np.flatnonzero(within < most)
    part = payload.iloc[chosen] if isinstance(payload, pd.DataFrame) else np.asarray(payload)[chosen]
    return Labelled(space.rows(part), labels[chosen])


def _over(distance: Floats, scale: Floats) -> Floats:
    return np.divide(distance, scale, out=np.ones_like(distance), where=scale > 0)
