"""Curation: selection and order of the candidates that are fit for training, and figures on their quality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.progress import Advance, silent
from gan_augment.core.records import DatasetSpec
from gan_augment.core.row_file import RecordFile
from gan_augment.core.samples import PoolView, Samples, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.core.streams import HeldSamples, SampleSource, gather_samples
from gan_augment.curation.config import CopyFilter, CurateConfig
from gan_augment.curation.evidence import Evidence, chunk_rows, gather_evidence
from gan_augment.curation.filters import (
    Computed,
    Gauge,
    Sieve,
    density_gauge,
    discriminator_gauge,
    earlier_duplicates,
    nearness_gauge,
    places_of,
)
from gan_augment.curation.guarding import GUARDED, guard_candidates, guard_json
from gan_augment.curation.ledger import Ledger
from gan_augment.curation.recognise import recogniser_of
from gan_augment.curation.report import counts_and_copying, quality, score_table
from gan_augment.curation.spaces import Space
from gan_augment.curation.train_on_synthetic import train_on_synthetic
from gan_augment.curation.weaknesses import Light, check_weaknesses

__all__ = ["Curated", "curate"]

Floats = npt.NDArray[np.float64]
_READ = 65_536  # rows ordered together


@dataclass(frozen=True)
class Curated:
    """The result of `curate`.

    Attributes
    ----------
    candidates
        The candidates judged.
    order
        int32 [m], in a file: the accepted rows, class by class, in order of preference: the first n of a class
        are a random n of it.
    report
        The contents of reports/curate.json.
    """

    candidates: SampleSource
    order: RecordFile
    report: dict[str, Any]
    train: TrainView
    evidence: Evidence
    sieve: Sieve

    @property
    def samples(self) -> Samples:
        """Accepted rows in that order, in memory."""
        return gather_samples(self.candidates, self.order[:], rows=chunk_rows(self.train.spec))

    @property
    def scores(self) -> pd.DataFrame:
        """Scores, a row per candidate: id, label, accepted, rejected_by, judge_probability, copy_distance, nearest."""
        return pd.concat(self.score_chunks(), ignore_index=True)

    def score_chunks(self) -> Iterator[pd.DataFrame]:
        """Pieces of `scores`."""
        start = 0
        for manifest in self.candidates.manifests(chunk_rows(self.train.spec)):
            yield score_table(manifest, start, self.evidence, self.sieve)
            start += len(manifest)

    def sureness_chunks(self) -> Iterator[pd.DataFrame]:
        """Agreement of the judge with the targets of accepted rows (float32), in their order, in pieces."""
        probability, rows = self.evidence.findings.column("agreement"), chunk_rows(self.train.spec)
        for start in range(0, max(len(self.order), 1), rows):
            yield pd.DataFrame({"judge_probability": probability[self.order[start : start + rows]]})


def curate(
    train: TrainView,
    validation: ValidationView,
    candidates: Samples | SampleSource,
    config: CurateConfig,
    *,
    seed: int,
    device: str = "cpu",
    progress: Advance = silent,
    ledger: Ledger | None = None,
    pool: PoolView | None = None,
) -> Curated:
    """Judge the candidates by real rows, filter them, and measure what is left.

    Networks, scales and spaces are fitted on train rows only; validation rows set the filters' limits and are the
    reference for quality. Copies are searched among train rows and those of the `pool`. The same arguments give the
    same bytes. Findings about each candidate are entered into `ledger` (None: a temporary one); candidates in it are
    not examined again.
    """
    source = HeldSamples(candidates) if isinstance(candidates, Samples) else candidates
    steps = _Steps(progress, config.judged_by.members + 2 * config.train_on_synthetic_seeds + 6)
    recogniser = recogniser_of(train, config.judged_by, device)
    copies, features = recogniser.spaces(train, seed=seed)
    steps.tick("feature space")
    evidence = gather_evidence(
        train, validation, source, copies, config.judged_by,
        seed=seed, device=device, tick=steps.tick, along=steps.along, ledger=Ledger() if ledger is None else ledger,
        recogniser=recogniser, pool=pool,
    )  # fmt: skip
    steps.tick("candidates")
    sieve, guarded = _Sifter(train, validation, source, evidence, copies, config, seed, device, pool).sift()
    steps.tick("filters")
    lights = _lights(train, validation, source, sieve, config, seed)
    steps.tick("known weaknesses")
    order = _random_within_class(sieve, seed)
    shown = _shown(order, sieve, config.evaluation_rows)
    accepted = gather_samples(source, shown, rows=chunk_rows(train.spec))
    figures = quality(train, validation, accepted, features, config, seed=derive_seed(seed, "quality"))
    steps.tick("quality")
    report = _merged(counts_and_copying(train.spec, evidence, sieve, config), figures)
    report |= {
        "weaknesses": {name: asdict(light) for name, light in lights.items()},
        "guard": guarded,
        "tstr": None,
        "feature_space": features.name,
        "copy_space": copies.name,
    }
    if config.train_on_synthetic_seeds and len(accepted) and len(validation):
        report["tstr"] = train_on_synthetic(
            train, validation, accepted.payload, accepted.label_indices(train.spec), config.judged_by,
            seeds=config.train_on_synthetic_seeds, seed=seed, device=device, tick=steps.tick, recogniser=recogniser,
        )  # fmt: skip
    steps.finish()
    return Curated(source, order, report, train, evidence, sieve)


class _Steps:
    """Counter of steps for the progress bar; `along` moves it within the current step."""

    def __init__(self, progress: Advance, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def tick(self, note: str) -> None:
        self._done += 1
        self._progress(self._done, self._total, note)

    def along(self, share: float, note: str) -> None:
        self._progress(self._done + share, self._total, note)

    def finish(self) -> None:
        self._progress(self._total, self._total, "done")


@dataclass(frozen=True)
class _Sifter:
    """The filters in their order, and what they need."""

    train: TrainView
    validation: ValidationView
    source: SampleSource
    evidence: Evidence
    space: Space
    config: CurateConfig
    seed: int
    device: str
    pool: PoolView | None

    def sift(self) -> tuple[Sieve, dict[str, Any] | None]:
        """Candidates that are left, and the figures of the guard."""
        evidence, config, classes = self.evidence, self.config, len(self.train.spec.classes)
        made, heldout = evidence.candidates, evidence.heldout
        sieve = Sieve(made.labels, heldout.labels, classes)
        sieve.apply("copy", _copy_gauge(evidence, config.copies), config.copies)
        if config.duplicates.enabled:
            sieve.apply("duplicate", _duplicate_gauge(evidence, sieve, config.duplicates.min_ratio), config.duplicates)
        if config.density.enabled:
            neighbours = config.density.neighbours
            sieve.apply("density", density_gauge(made, heldout, evidence.train, neighbours), config.density)
        if config.discriminator.enabled:
            gauge = discriminator_gauge(made, heldout, evidence.train, classes, derive_seed(self.seed, "discriminator"))
            sieve.apply("discriminator", gauge, config.discriminator)
        refused, guarded = self._guard(sieve)
        if config.judge.enabled and config.judge.over_budget == "refuse":
            _refuse_wrong_classes(evidence, sieve)
        for index in refused.keys() - sieve.refusals.keys():
            sieve.refuse(index, "guard", refused[index])
        doubts, labels = evidence.judged_real
        doubt = Gauge(Computed(evidence.doubt), doubts, 1 - config.judge.min_probability, labels)
        sieve.apply("judge", doubt, config.judge)
        return sieve, guarded

    def _guard(self, sieve: Sieve) -> tuple[dict[int, str], dict[str, Any] | None]:
        """Class index -> why its rows are not what was asked for, and the figures; of images alone."""
        spec, config = self.train.spec, self.config
        if not config.guard.enabled or not _are_images(spec) or not len(self.validation):
            return {}, None
        left = places_of(sieve.left)
        left = left[_first(sieve.labels[left], GUARDED)]
        made = gather_samples(self.source, left, rows=chunk_rows(spec))
        found, values = guard_candidates(
            self.train, self.validation, made, self.evidence.judge, self.space, config.judged_by,
            seed=self.seed, device=self.device, pool=self.pool,
        )  # fmt: skip
        problems = {index: found.problem(index, config.guard.refuse) for index in range(len(spec.classes))}
        refused = {index: problem for index, problem in problems.items() if problem}
        return refused, guard_json(found, [record.key for record in spec.classes], values)


def _refuse_wrong_classes(evidence: Evidence, sieve: Sieve) -> None:
    """Refuse wrong classes as a whole: single rows may pass where classes overlap, a class's rows together do not."""
    for index in range(sieve.classes):
        found = evidence.likeness(index, sieve.left)
        if found is not None and found.problem:
            sieve.refuse(index, "judge", found.problem)


def _copy_gauge(evidence: Evidence, config: CopyFilter) -> Gauge:
    ratio = Computed(lambda rows: evidence.copy_ratio(rows, config.min_ratio, config.min_parent_ratio))
    return nearness_gauge(ratio, evidence.fresh_ratio, config.min_ratio, evidence.fresh[1])


def _duplicate_gauge(evidence: Evidence, sieve: Sieve, min_ratio: float) -> Gauge:
    places, gaps = earlier_duplicates(evidence.candidates, sieve.left, min_ratio * evidence.scale)
    scaled = evidence.scaled(gaps, sieve.labels[places])

    def ratio(rows: slice) -> Floats:
        low, high = np.searchsorted(places, [rows.start, rows.stop])
        found = np.full(len(sieve.labels[rows]), np.inf)
        found[places[low:high] - rows.start] = scaled[low:high]
        return found

    # Two real rows that are this near set the limit: in a table of few levels, repetition is no fault.
    return nearness_gauge(Computed(ratio), evidence.fresh_ratio, min_ratio, evidence.fresh[1])


def _are_images(spec: DatasetSpec) -> bool:
    return spec.image is not None


def _lights(
    train: TrainView,
    validation: ValidationView,
    candidates: SampleSource,
    sieve: Sieve,
    config: CurateConfig,
    seed: int,
) -> dict[str, Light]:
    """Traffic lights for the known weaknesses of images; a red light of a required check rejects the whole set."""
    checks = [*config.weaknesses.checks, *config.weaknesses.require]
    if not checks or not _are_images(train.spec):
        return {}
    real = Samples.concat([train.samples, validation.samples])
    left = places_of(sieve.left)
    left = left[_first(sieve.labels[left], config.evaluation_rows)]
    made = gather_samples(candidates, left, rows=chunk_rows(train.spec))
    lights = check_weaknesses(
        np.asarray(real.payload), real.label_indices(train.spec),
        np.asarray(made.payload), made.label_indices(train.spec),
        seed=derive_seed(seed, "weaknesses"), checks=checks,
    )  # fmt: skip
    for name in config.weaknesses.require:
        if lights[name].colour == "red":
            sieve.reject(sieve.left, name)
    return lights


def _first(labels: npt.NDArray[np.integer[Any]], most: int) -> npt.NDArray[np.bool_]:
    """Mask bool [n] of the first `most` rows of each class."""
    first = np.zeros(len(labels), dtype=bool)
    for index in np.unique(labels):
        first[np.flatnonzero(labels == index)[:most]] = True
    return first


def _random_within_class(sieve: Sieve, seed: int) -> RecordFile:
    # Not ordered by the judge's probability: its favourites are nearest to what the classifier has learnt already.
    left, order = places_of(sieve.left), RecordFile(np.int32)
    numpy_generator(seed, "order of preference").shuffle(left)
    for index in range(sieve.classes):
        for start in range(0, len(left), _READ):
            places = left[start : start + _READ]
            order.append(places[sieve.labels[places] == index])
    return order


def _shown(order: RecordFile, sieve: Sieve, most: int) -> npt.NDArray[np.int32]:
    """First `most` rows of each class, from an order by class."""
    shown, start = list[npt.NDArray[np.int32]](), 0
    for index in range(sieve.classes):
        count = sieve.counts(sieve.labels == index)[""]
        shown.append(order[start : start + min(count, most)])
        start += count
    return np.concatenate(shown)


def _merged(counts: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    classes = {key: counts["classes"][key] | figures["classes"][key] for key in counts["classes"]}
    return counts | figures | {"classes": classes, "overall": counts["overall"] | figures["overall"]}
