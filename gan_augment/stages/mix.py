"""`mix`: choose on validation how many synthetic rows each class gets, and lay those rows out for the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import write_json
from gan_augment.core.checksums import replacing_output
from gan_augment.core.not_made import read_not_made
from gan_augment.core.progress import Advance, progress_bar
from gan_augment.core.samples import write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.experiment import training_seeds
from gan_augment.mixing.curation_threshold import ThresholdTrial, choose_threshold, stricter_plans
from gan_augment.mixing.plan import Search, curve, plan_record, search_metrics, write_curve
from gan_augment.mixing.ratio import Evaluate, Plan, choose_ratio, drop_useless_classes, make_plans, search_ratios
from gan_augment.project.layout import Project
from gan_augment.project.rival_rows import lay_out_rivals
from gan_augment.project.search_rows import SearchRows
from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.statistics import TestRows

__all__ = ["run"]

_DRAWS = 500


def run(project: Project) -> None:
    """Write data/mixed, reports/mix.json and reports/ratio_curve.csv."""
    layout, own = project.layout, SearchRows.read(project)
    plans = make_plans(project.params.mix.ratios, own.counts, own.accepted.counts())
    held = own.hold(plans, companions=True)
    with progress_bar("mix") as advance:
        search = _search(project, own, plans, advance)
    write_curve(layout.ratio_curve, curve(search))
    with replacing_output(layout.mixed, beside=[layout.ratio_curve]) as directory:
        rivals = lay_out_rivals(layout, project.spec(), search.shown.counts, directory)
        said = {"not_made": _not_made(project, own), **({"rivals": rivals} if rivals else {})}
        write_json(directory / "plan.json", plan_record(search) | said)
        for name, wanted in (("synthetic", search.shown.counts), ("alone", own.counts)):
            (directory / name).mkdir()
            write_samples(directory / name, held.of(replace(search.shown, counts=wanted)))
    write_json(layout.mix_report, search_metrics(search), sealed=True)


def _not_made(project: Project, own: SearchRows) -> dict[str, str]:
    """Class key -> why there is no synthetic row of it to be tried."""
    said = read_not_made(project.layout.curated)
    counts = zip(project.spec().classes, own.accepted.counts(), strict=True)
    return {record.key: said.get(record.key, "no candidate was accepted") for record, count in counts if not count}


def _search(project: Project, own: SearchRows, plans: Sequence[Plan], advance: Advance) -> Search:
    config, seed, judging = project.params.mix, project.params.base.seed, _judging(project, own)
    labels = np.concatenate([rows.validation.labels for rows in judging])
    targets = np.concatenate([own.task.targets(rows.validation.samples) for rows in judging])
    rows = TestRows(labels, targets, draws=_DRAWS, generator=numpy_generator(seed, "mix", "rows"))
    shown_of_real = own.task.counts(own.task.targets(own.real))
    criterion, seeds = Criterion(rows, [shown_of_real], own.task), training_seeds(seed, config.seeds)
    evaluate = _evaluation(project, judging, plans, advance)
    trials = search_ratios(plans, evaluate, criterion, seeds, early_stopping=config.early_stopping)
    choice = choose_ratio(trials)
    shown = next(plan for plan in plans if plan.ratio == choice.shown_ratio)
    if config.per_class:
        shown = drop_useless_classes(shown, evaluate, criterion, seeds)
    tried: list[ThresholdTrial] = []
    if choice.ratio > 0:
        accepted = {threshold: own.accepted.counts(threshold) for threshold in (0.0, *config.judge_probabilities)}
        shown, tried = choose_threshold(shown, stricter_plans(shown, accepted), evaluate, criterion, seeds)
    return Search(
        project.spec(),
        tuple(trials),
        choice,
        shown,
        tuple(tried),
        len(rows),
        project.params.cross_fit.folds,
        headline=own.task.headline,
    )


def _judging(project: Project, own: SearchRows) -> list[SearchRows]:
    """What the plans are tried on: the project's own rows, or those of each fold."""
    folds = [Project(project.params, project.layout.fold(number)) for number in range(project.params.cross_fit.folds)]
    return [replace(SearchRows.read(fold), task=own.task) for fold in folds] or [own]  # the same answers for all


def _evaluation(project: Project, judging: Sequence[SearchRows], plans: Sequence[Plan], advance: Advance) -> Evaluate:
    """Trains on a plan's rows and predicts the validation rows, fold after fold."""
    device, root = project.params.base.device, project.layout.root
    held = [rows.hold([rows.adapt(plan) for plan in plans]) for rows in judging]
    trainers = [rows.trainer(kept, device=device, root=root) for rows, kept in zip(judging, held, strict=True)]
    done, total = 0, _trainings(project, plans)

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        nonlocal done
        found = []
        for number, (rows, train) in enumerate(zip(judging, trainers, strict=True)):
            found.append(train(rows.adapt(plan), seeds))
            note = f"ratio {plan.ratio:g}" + (f", judge {plan.threshold:g}" if plan.threshold else "")
            share = done + len(seeds) * (number + 1) / len(judging)
            advance(share, max(share, total), note + (f", fold {number + 1}" if len(judging) > 1 else ""))
        done += len(seeds)
        return list(np.concatenate(found, axis=1))

    return evaluate


def _trainings(project: Project, plans: Sequence[Plan]) -> int:
    """How many classifiers a search trains on each fold, at most."""
    config, largest = project.params.mix, np.max([plan.counts for plan in plans], axis=0)
    single_classes = int(np.count_nonzero(largest)) if config.per_class else 0
    return (len(plans) + len(config.judge_probabilities) + single_classes) * config.seeds
