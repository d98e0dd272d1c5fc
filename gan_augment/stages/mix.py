"""`mix`: choose on validation how many synthetic rows each class gets, and lay those rows out for the arms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import replacing_directory, write_json
from gan_augment.core.samples import Samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.core.streams import StoredSamples, gather_samples, label_indices
from gan_augment.downstream.arms import search_recipe
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier
from gan_augment.downstream.experiment import Sources, predict, train_recipe, training_seeds
from gan_augment.gain.mixing import Search, curve, plan_record, search_metrics, write_curve
from gan_augment.gain.ratio import (
    Evaluate,
    Plan,
    choose_ratio,
    drop_useless_classes,
    first_rows,
    make_plans,
    search_ratios,
)
from gan_augment.gain.statistics import TestRows
from gan_augment.stages.progress import Advance, progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import resolve_device

__all__ = ["run"]

_DRAWS = 500
_ROWS = 4096  # that are read together


def run(project: Project) -> None:
    """Write data/mixed, reports/mix.json and reports/ratio_curve.csv."""
    layout, spec, config = project.layout, project.spec(), project.params.mix
    real, labels = project.train_view().samples, label_indices(layout.curated, spec)
    counts, accepted = (_class_counts(own, len(spec.classes)) for own in (real.label_indices(spec), labels))
    plans = make_plans(config.ratios, counts, accepted)
    curated = _needed(project, labels, np.max([counts, *(plan.counts for plan in plans)], axis=0))
    with progress_bar("mix") as advance:
        search = _search(project, plans, real, curated, advance)
    with replacing_directory(layout.mixed) as directory:
        write_json(directory / "plan.json", plan_record(search))
        for name, wanted in (("synthetic", search.shown.counts), ("alone", counts)):
            (directory / name).mkdir()
            write_samples(directory / name, first_rows(curated, wanted, spec))
    write_json(layout.mix_report, search_metrics(search))
    write_curve(layout.ratio_curve, curve(search))


def _needed(project: Project, labels: npt.NDArray[np.int32], most: npt.NDArray[np.int64]) -> Samples:
    """The accepted rows that some plan may ask for: the first `most[k]` of each class k; the others are not kept."""
    index = [np.flatnonzero(labels == number)[:count] for number, count in enumerate(most)]
    source = StoredSamples((project.layout.curated,))
    return gather_samples(source, np.sort(np.concatenate(index)), rows=_ROWS)


def _class_counts(labels: npt.NDArray[np.integer[Any]], classes: int) -> npt.NDArray[np.int64]:
    return np.bincount(labels, minlength=classes).astype(np.int64)


def _search(project: Project, plans: Sequence[Plan], real: Samples, curated: Samples, advance: Advance) -> Search:
    config, seed, validation = project.params.mix, project.params.base.seed, project.validation_view()
    rows = TestRows(validation.labels, draws=_DRAWS, generator=numpy_generator(seed, "mix", "rows"))
    seeds = training_seeds(seed, config.seeds)
    evaluate = _evaluation(project, plans, real, curated, advance)
    trials = search_ratios(plans, evaluate, rows, seeds, early_stopping=config.early_stopping)
    choice = choose_ratio(trials)
    shown = next(plan for plan in plans if plan.ratio == choice.shown_ratio)
    if config.per_class:
        shown = drop_useless_classes(shown, evaluate, rows, seeds)
    return Search(project.spec(), tuple(trials), choice, shown)


def _evaluation(project: Project, plans: Sequence[Plan], real: Samples, curated: Samples, advance: Advance) -> Evaluate:
    """Trains on a plan's rows and predicts the validation rows."""
    params, spec, validation = project.params, project.spec(), project.validation_view()
    recipe, largest = search_recipe(spec.modality), np.max([plan.counts for plan in plans], axis=0)
    added = first_rows(curated, largest, spec)
    classifier = make_classifier(
        choose_classifiers(params.retrain, spec.modality)[0],
        params.retrain.classical,
        train_rows=len(real),
        device=resolve_device(params.base.device),
        root=project.layout.root,
        seed=params.base.seed,
        pool=Samples.concat([real, added]) if len(added) else real,
    )
    steps = len(plans) + (int(np.count_nonzero(largest)) if params.mix.per_class else 0)
    done = 0

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        nonlocal done
        rows = first_rows(curated, plan.counts, spec)
        predictors = train_recipe(classifier, recipe, Sources(spec, real, rows, rows), seeds)
        done += len(seeds)
        advance(done, max(done, steps * params.mix.seeds), f"ratio {plan.ratio:g}")
        return list(predict(predictors, validation.samples.payload))

    return evaluate
