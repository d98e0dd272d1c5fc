"""Curation: which candidates are fit to train on, in which order, and what may be said about their quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.evidence import Evidence, gather_evidence
from gan_augment.curation.filters import (
    Gauge,
    Sieve,
    density_gauge,
    discriminator_gauge,
    earlier_duplicates,
    nearness_gauge,
)
from gan_augment.curation.report import counts_and_copying, quality, score_table
from gan_augment.curation.spaces import fit_spaces
from gan_augment.curation.train_on_synthetic import train_on_synthetic
from gan_augment.curation.weaknesses import Light, check_weaknesses

__all__ = ["Curated", "curate"]

Progress = Callable[[float, float, str], None]  # done, total, what is happening now


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
    total = config.judged_by.members + 2 * config.train_on_synthetic_seeds + 5
    tick = _ticker(progress, total)
    copies, features = fit_spaces(train, config.judged_by, seed=seed, device=device)
    tick("feature space")
    evidence = gather_evidence(
        train, validation, candidates, copies, config.judged_by, seed=seed, device=device, tick=tick
    )
    sieve = _sift(evidence, config, len(train.spec.classes), seed)
    tick("filters")
    lights = _lights(train, validation, candidates, sieve, config, seed)
    tick("known weaknesses")
    order = _random_within_class(sieve, seed)
    accepted = candidates.take(order)
    figures = quality(train, validation, accepted, features, config, seed=derive_seed(seed, "quality"))
    tick("quality")
    report = _merged(counts_and_copying(train.spec, evidence, sieve, config, seed=seed), figures)
    report |= {
        "weaknesses": {name: asdict(light) for name, light in lights.items()},
        "tstr": None,
        "feature_space": features.name,
        "copy_space": copies.name,
    }
    if config.train_on_synthetic_seeds and len(accepted) and len(validation):
        report["tstr"] = train_on_synthetic(
            train, validation, accepted.payload, sieve.labels[order], config.judged_by,
            seeds=config.train_on_synthetic_seeds, seed=seed, device=device, tick=tick,
        )  # fmt: skip
    progress(total, total, "done")
    return Curated(accepted, score_table(candidates, train, evidence, sieve), report)


def _ticker(progress: Progress, total: int) -> Callable[[str], None]:
    steps = iter(range(1, total + 1))
    return lambda note: progress(next(steps), total, note)


def _sift(evidence: Evidence, config: CurateConfig, classes: int, seed: int) -> Sieve:
    made, heldout = evidence.candidates, evidence.heldout
    sieve = Sieve(made.labels, heldout.labels, classes)
    ratio = evidence.copy_ratio(config.copies.min_ratio, config.copies.min_parent_ratio)
    near = nearness_gauge(ratio, evidence.heldout_ratio, config.copies.min_ratio)
    sieve.apply("copy", near, config.copies)
    if config.duplicates.enabled:
        sieve.apply("duplicate", _duplicate_gauge(evidence, sieve, config.duplicates.min_ratio), config.duplicates)
    if config.density.enabled:
        far = density_gauge(made, heldout, evidence.train, config.density.neighbours)
        sieve.apply("density", far, config.density)
    if config.discriminator.enabled:
        told = discriminator_gauge(made, heldout, evidence.train, classes, derive_seed(seed, "discriminator"))
        sieve.apply("discriminator", told, config.discriminator)
    doubt = Gauge(evidence.doubt, evidence.heldout_doubt, 1 - config.judge.min_probability)
    sieve.apply("judge", doubt, config.judge)
    return sieve


def _duplicate_gauge(evidence: Evidence, sieve: Sieve, min_ratio: float) -> Gauge:
    twin = earlier_duplicates(evidence.candidates, sieve.left, min_ratio * evidence.scale)
    ratio = np.where(np.isfinite(twin), evidence.scaled(twin, sieve.labels), np.inf)
    # Two real rows that lie so near set the limit: in a table of few levels, repetition is no fault.
    return nearness_gauge(ratio, evidence.heldout_ratio, min_ratio)


def _lights(
    train: TrainView, validation: ValidationView, candidates: Samples, sieve: Sieve, config: CurateConfig, seed: int
) -> dict[str, Light]:
    """The known weaknesses of images; a red light that the settings require not to be red rejects the whole set."""
    checks = [*config.weaknesses.checks, *config.weaknesses.require]
    if not checks or isinstance(candidates.payload, pd.DataFrame):
        return {}
    real = Samples.concat([train.samples, validation.samples])
    lights = check_weaknesses(
        np.asarray(real.payload), real.label_indices(train.spec),
        np.asarray(candidates.payload)[sieve.left], sieve.labels[sieve.left],
        seed=derive_seed(seed, "weaknesses"), checks=checks,
    )  # fmt: skip
    for name in config.weaknesses.require:
        if lights[name].colour == "red":
            sieve.rejected_by[sieve.left] = name
    return lights


def _random_within_class(sieve: Sieve, seed: int) -> npt.NDArray[np.int64]:
    # Not the judge's favourites first: they are the ones nearest to what the classifier knows already.
    shuffled = numpy_generator(seed, "order of preference").permutation(np.flatnonzero(sieve.left))
    return shuffled[np.argsort(sieve.labels[shuffled], kind="stable")]


def _merged(counts: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    classes = {key: counts["classes"][key] | figures["classes"][key] for key in counts["classes"]}
    return counts | figures | {"classes": classes, "overall": counts["overall"] | figures["overall"]}
