"""`retrain`: train the variants of one arm, choose among them on validation, predict the test inputs.

Test labels are not among this stage's inputs: the views it opens hold none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gan_augment.compute.devices import resolve_device
from gan_augment.core.checksums import replacing_output
from gan_augment.core.predictions import Family, FamilyRecord, VariantRecord, write_arm, write_probabilities
from gan_augment.core.progress import progress_bar
from gan_augment.core.samples import read_samples
from gan_augment.downstream.api import Probabilities
from gan_augment.downstream.arms import Recipe, known_arm, variants_of
from gan_augment.downstream.classifiers import classifiers_of, make_classifier, modes_of
from gan_augment.downstream.config import Arm, ClassifierConfig, RetrainConfig
from gan_augment.downstream.experiment import (
    Sources,
    arm_record,
    best_variant,
    predict,
    shown_shares,
    training_seeds,
)
from gan_augment.project.layout import Project
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import score
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks import task_of
from gan_augment.scoring.tasks.api import Targets

__all__ = ["judged", "run"]

_FAMILIES: tuple[Family, Family] = ("first", "second")


def run(project: Project, arm: str) -> None:
    """Write predictions/<arm>."""
    layout, config, spec = project.layout, project.params.retrain, project.spec()
    known = known_arm(arm, config.arms)
    real = project.train_view(task_of(spec).roles).samples
    task = task_of(spec, real)
    added, alone = (read_samples(layout.mixed / name, companions=task.roles) for name in ("synthetic", "alone"))
    sources = Sources(task, spec, real, added, alone)
    chosen = {
        family: classifier
        for family, classifier in zip(_FAMILIES, classifiers_of(known, config, spec.modality, spec.target), strict=True)
        if classifier is not None and len(sources.rows(variants_of(known, spec.modality)[0]))
    }
    total = sum(len(_recipes(known, sources, config, one)) for one in chosen.values())
    families: dict[Family, FamilyRecord] = {}
    with replacing_output(layout.predictions(arm)) as directory, progress_bar(f"retrain {arm}") as advance:
        done = 0

        def report(name: str) -> None:
            nonlocal done
            done += 1
            advance(done, total, name)

        for family, classifier in chosen.items():
            families[family] = _train(project, known, sources, family, classifier, directory, report)
        test_ids = tuple(project.test_inputs().samples.manifest["id"])
        write_arm(directory, arm_record(known, sources, seeds=config.seeds, test_ids=test_ids, families=families))


def _train(
    project: Project,
    arm: Arm,
    sources: Sources,
    family: Family,
    config: ClassifierConfig,
    directory: Path,
    report: Callable[[str], None],
) -> FamilyRecord:
    """Train one family's variants; write the validation predictions of all and the test predictions of the best."""
    params, recipes = project.params, _recipes(arm, sources, project.params.retrain, config)
    validation = project.validation_view(sources.task.roles)
    targets = sources.task.targets(validation.samples)

    def judge(recipe: Recipe, probabilities: Probabilities) -> VariantRecord:
        return judged(recipe, sources, probabilities, targets)

    classifier = make_classifier(
        config,
        params.retrain.classical,
        train_rows=len(sources.real),
        device=resolve_device(params.base.device),
        root=project.layout.root,
        seed=params.base.seed,
        pool=sources.rows(recipes[0]),
        task=sources.task,
    )
    seeds = training_seeds(params.base.seed, params.retrain.seeds)
    best = best_variant(classifier, recipes, sources, seeds, validation.samples.payload, judge, report)
    write_probabilities(directory, family, "validation", best.validation)
    test = predict(best.predictors, project.test_inputs().samples.payload)
    write_probabilities(directory, family, "test", test)
    return best.record(config.kind, classifier.effort)


def _recipes(arm: Arm, sources: Sources, config: RetrainConfig, classifier: ClassifierConfig) -> tuple[Recipe, ...]:
    return variants_of(arm, sources.spec.modality, modes_of(classifier, config), readers_of(sources.spec))


def judged(recipe: Recipe, sources: Sources, probabilities: Probabilities, targets: Targets) -> VariantRecord:
    """A variant after its adjustment: along the shares that it was shown, or along those of the real rows.

    Where training evened the classes out the former says nothing is left to adjust; the latter matters there, because a
    classifier that separates its train rows hardly notices how often it is shown them.
    """
    task = sources.task
    shown = [shown_shares(recipe, sources), task.counts(task.targets(sources.real))]
    found = task.adjustment(probabilities, targets, shown)
    calibrated, decided = adjust(probabilities, found, calibrate=True), adjust(probabilities, found)
    return VariantRecord(
        name=recipe.name,
        adjustment=found,
        validation_loss=float(np.mean([score(task.loss, one, targets) for one in calibrated])),
        validation={
            task.headline: float(np.mean([score(task.metrics[task.headline], one, targets) for one in decided]))
        },
    )
