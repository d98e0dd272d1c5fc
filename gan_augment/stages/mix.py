"""`mix`: choose on validation how many synthetic rows each class gets, and lay those rows out for the arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import replacing_directory, write_json
from gan_augment.core.samples import Samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.arms import search_recipe
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier
from gan_augment.downstream.experiment import Sources, predict, train_recipe, training_seeds
from gan_augment.gain.curation_threshold import ThresholdTrial, choose_threshold, stricter_plans
from gan_augment.gain.mixing import Search, curve, plan_record, search_metrics, write_curve
from gan_augment.gain.ratio import (
    Counts,
    Evaluate,
    Plan,
    choose_ratio,
    drop_useless_classes,
    make_plans,
    search_ratios,
)
from gan_augment.gain.statistics import TestRows
from gan_augment.stages.accepted import Accepted, HeldRows
from gan_augment.stages.progress import Advance, progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import resolve_device

__all__ = ["run"]

_DRAWS = 500


def run(project: Project) -> None:
    """Write data/mixed, reports/mix.json and reports/ratio_curve.csv."""
    layout, spec, config = project.layout, project.spec(), project.params.mix
    real, accepted = project.train_view().samples, Accepted.read(layout, spec, judged=bool(config.judge_probabilities))
    counts = np.bincount(real.label_indices(spec), minlength=len(spec.classes)).astype(np.int64)
    plans = make_plans(config.ratios, counts, accepted.counts())
    stricter = {threshold: accepted.counts(threshold) for threshold in (0.0, *config.judge_probabilities)}
    held = accepted.hold(np.max([counts, *(plan.counts for plan in plans)], axis=0), tuple(stricter))
    with progress_bar("mix") as advance:
        search = _search(project, plans, stricter, real, held, advance)
    with replacing_directory(layout.mixed) as directory:
        write_json(directory / "plan.json", plan_record(search))
        for name, wanted in (("synthetic", search.shown.counts), ("alone", counts)):
            (directory / name).mkdir()
            write_samples(directory / name, held.of(replace(search.shown, counts=wanted)))
    write_json(layout.mix_report, search_metrics(search))
    write_curve(layout.ratio_curve, curve(search))


def _search(
    project: Project,
    plans: Sequence[Plan],
    stricter: Mapping[float, Counts],
    real: Samples,
    held: HeldRows,
    advance: Advance,
) -> Search:
    config, seed, validation = project.params.mix, project.params.base.seed, project.validation_view()
    rows = TestRows(validation.labels, draws=_DRAWS, generator=numpy_generator(seed, "mix", "rows"))
    seeds = training_seeds(seed, config.seeds)
    evaluate = _evaluation(project, plans, real, held, advance)
    trials = search_ratios(plans, evaluate, rows, seeds, early_stopping=config.early_stopping)
    choice = choose_ratio(trials)
    shown = next(plan for plan in plans if plan.ratio == choice.shown_ratio)
    if config.per_class:
        shown = drop_useless_classes(shown, evaluate, rows, seeds)
    tried: list[ThresholdTrial] = []
    if choice.ratio > 0:
        shown, tried = choose_threshold(shown, stricter_plans(shown, stricter), evaluate, rows, seeds)
    return Search(project.spec(), tuple(trials), choice, shown, tuple(tried))


def _evaluation(project: Project, plans: Sequence[Plan], real: Samples, held: HeldRows, advance: Advance) -> Evaluate:
    """Trains on a plan's rows and predicts the validation rows."""
    params, spec, validation = project.params, project.spec(), project.validation_view()
    recipe, largest = search_recipe(spec.modality), np.max([plan.counts for plan in plans], axis=0)
    classifier = make_classifier(
        choose_classifiers(params.retrain, spec.modality)[0],
        params.retrain.classical,
        train_rows=len(real),
        device=resolve_device(params.base.device),
        root=project.layout.root,
        seed=params.base.seed,
        pool=Samples.concat([real, held.samples]) if len(held.samples) else real,
    )
    steps = (
        len(plans)
        + len(params.mix.judge_probabilities)
        + (int(np.count_nonzero(largest)) if params.mix.per_class else 0)
    )
    done = 0

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        nonlocal done
        rows = held.of(plan)
        predictors = train_recipe(classifier, recipe, Sources(spec, real, rows, rows), seeds)
        done += len(seeds)
        note = f"ratio {plan.ratio:g}" + (f", judge {plan.threshold:g}" if plan.threshold else "")
        advance(done, max(done, steps * params.mix.seeds), note)
        return list(predict(predictors, validation.samples.payload))

    return evaluate
