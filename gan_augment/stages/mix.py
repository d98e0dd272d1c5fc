"""`mix`: choose on validation how many synthetic rows each class gets, and lay those rows out for the arms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import replacing_directory, write_json
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.arms import search_recipe
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier
from gan_augment.downstream.experiment import Sources, predict, train_recipe, training_seeds
from gan_augment.gain.mixing import Search, curve, plan_record, search_metrics, write_curve
from gan_augment.gain.ratio import Plan, Trial, choose_ratio, first_rows, make_plans, search_ratios
from gan_augment.gain.statistics import TestRows
from gan_augment.stages.progress import progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import resolve_device

__all__ = ["run"]

_DRAWS = 500


def run(project: Project) -> None:
    """Write data/mixed, reports/mix.json and reports/ratio_curve.csv."""
    layout, spec, config = project.layout, project.spec(), project.params.mix
    real, curated = project.train_view().samples, read_samples(layout.curated)
    counts = _class_counts(real.label_indices(spec), len(spec.classes))
    accepted = _class_counts(curated.label_indices(spec), len(spec.classes))
    plans = make_plans(config.ratios, counts, accepted)
    trials = _search(project, plans, real, curated)
    choice = choose_ratio(trials)
    search = Search(spec, tuple(trials), choice)
    with replacing_directory(layout.mixed) as directory:
        write_json(directory / "plan.json", plan_record(search))
        for name, wanted in (("synthetic", search.plan_of(choice.shown_ratio).counts), ("alone", counts)):
            (directory / name).mkdir()
            write_samples(directory / name, first_rows(curated, wanted, spec))
    write_json(layout.mix_report, search_metrics(search))
    write_curve(layout.ratio_curve, curve(search))


def _class_counts(labels: npt.NDArray[np.int64], classes: int) -> npt.NDArray[np.int64]:
    return np.bincount(labels, minlength=classes).astype(np.int64)


def _search(project: Project, plans: Sequence[Plan], real: Samples, curated: Samples) -> list[Trial]:
    params, spec, validation = project.params, project.spec(), project.validation_view()
    seed, recipe = params.base.seed, search_recipe(spec.modality)
    largest = first_rows(curated, np.max([plan.counts for plan in plans], axis=0), spec)
    classifier = make_classifier(
        choose_classifiers(params.retrain, spec.modality)[0],
        params.retrain.classical,
        train_rows=len(real),
        device=resolve_device(params.base.device),
        root=project.layout.root,
        seed=seed,
        pool=Samples.concat([real, largest]) if len(largest) else real,
    )
    rows = TestRows(validation.labels, draws=_DRAWS, generator=numpy_generator(seed, "mix", "rows"))
    with progress_bar("mix") as advance:
        done = 0

        def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
            nonlocal done
            added = first_rows(curated, plan.counts, spec)
            predictors = train_recipe(classifier, recipe, Sources(spec, real, added, added), seeds)
            done += len(seeds)
            advance(done, len(plans) * params.mix.seeds, f"ratio {plan.ratio:g}")
            return list(predict(predictors, validation.samples.payload))

        return search_ratios(
            plans,
            evaluate,
            rows,
            training_seeds(seed, params.mix.seeds),
            early_stopping=params.mix.early_stopping,
        )
