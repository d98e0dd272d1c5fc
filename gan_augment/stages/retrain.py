"""`retrain`: train the variants of one arm, choose among them on validation, predict the test inputs.

Test labels are not among this stage's inputs: the views it opens hold none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from gan_augment.core.checksums import replacing_output
from gan_augment.core.predictions import (
    Family,
    FamilyRecord,
    VariantRecord,
    rival_arm,
    write_arm,
    write_probabilities,
)
from gan_augment.core.progress import progress_bar
from gan_augment.core.samples import read_samples
from gan_augment.downstream.api import Probabilities
from gan_augment.downstream.arms import Recipe, known_arm, rival_variants, variants_of
from gan_augment.downstream.classifiers import choose_classifiers, classifiers_of, make_classifier, modes_of
from gan_augment.downstream.config import Arm, ClassifierConfig
from gan_augment.downstream.experiment import (
    Sources,
    arm_record,
    best_variant,
    predict,
    shown_shares,
    training_seeds,
)
from gan_augment.project.layout import Project
from gan_augment.project.rival_rows import rivals_in
from gan_augment.scoring.adjustment import adjust
from gan_augment.scoring.metrics import score
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks import task_of
from gan_augment.scoring.tasks.api import Targets

__all__ = ["judged", "run"]

_FAMILIES: tuple[Family, Family] = ("first", "second")


def run(project: Project, arm: str) -> None:
    """Write predictions/<arm>; with `cheap` those of the method's rivals, which are cheap alternatives too."""
    known = known_arm(arm, project.params.retrain.arms)
    own, rivals = _own(project, known), rivals_in(project.layout) if known == "cheap" else []
    total, done = own.variants + len(rivals) * sum(map(len, _rival_variants(project))), 0
    with replacing_output(project.layout.predictions(arm)) as directory, progress_bar(f"retrain {arm}") as advance:

        def report(name: str) -> None:
            nonlocal done
            done += 1
            advance(done, total, name)

        # One after the other: the rows of all rivals need not be in memory at once.
        for training in chain([own], (_of_rival(project, name, own.sources) for name in rivals)):
            folder = directory / training.folder
            folder.mkdir(parents=True, exist_ok=True)
            _write_arm(project, training, folder, report)


@dataclass(frozen=True)
class _Training:
    """An arm to train: its rows, and for each family its classifier and the variants, which all show the same rows.

    `folder`: where its predictions go, below those of the arm that was asked for. `first`: its first variant, whether
    there are rows for it or not.
    """

    arm: str
    folder: str
    sources: Sources
    first: Recipe
    families: dict[Family, tuple[ClassifierConfig, tuple[Recipe, ...]]]

    @property
    def variants(self) -> int:
        return sum(len(recipes) for _, recipes in self.families.values())


def _own(project: Project, arm: Arm) -> _Training:
    config, spec = project.params.retrain, project.spec()
    classifiers, readers = classifiers_of(arm, config, spec.modality, spec.target), readers_of(spec)
    task = task_of(spec)
    real = project.train_view(task.roles).samples
    added, alone = (read_samples(project.layout.mixed / name, companions=task.roles) for name in ("synthetic", "alone"))
    sources = Sources(task_of(spec, real), spec, real, added, alone)
    variants = [variants_of(arm, spec.modality, modes_of(one, config), readers) if one else () for one in classifiers]
    return _training(arm, "", sources, classifiers, variants)


def _of_rival(project: Project, name: str, own: Sources) -> _Training:
    """The rival's rows in the place of the synthetic ones."""
    rows = read_samples(project.layout.mixed / "rivals" / name, companions=own.task.roles)
    sources = replace(own, added=rows, alone=rows.take(slice(0, 0)))
    classifiers = choose_classifiers(project.params.retrain, own.spec.modality, own.spec.target)
    return _training(rival_arm(name), f"rivals/{name}", sources, classifiers, _rival_variants(project))


def _rival_variants(project: Project) -> list[tuple[Recipe, ...]]:
    """By family; none of a family without a classifier."""
    config, spec = project.params.retrain, project.spec()
    classifiers, readers = choose_classifiers(config, spec.modality, spec.target), readers_of(spec)
    return [
        rival_variants(config.arms, spec.modality, modes_of(one, config), readers) if one else () for one in classifiers
    ]


def _training(
    arm: str,
    folder: str,
    sources: Sources,
    classifiers: Sequence[ClassifierConfig | None],
    variants: Sequence[tuple[Recipe, ...]],
) -> _Training:
    families: dict[Family, tuple[ClassifierConfig, tuple[Recipe, ...]]] = {
        family: (classifier, recipes)
        for family, classifier, recipes in zip(_FAMILIES, classifiers, variants, strict=True)
        if classifier is not None and len(sources.rows(recipes[0]))
    }
    return _Training(arm, folder, sources, variants[0][0], families)


def _write_arm(project: Project, training: _Training, directory: Path, report: Callable[[str], None]) -> None:
    families: dict[Family, FamilyRecord] = {}
    for family, (config, recipes) in training.families.items():
        families[family] = _train(project, training.sources, recipes, family, config, directory, report)
    test_ids = tuple(project.test_inputs().samples.manifest["id"])
    seeds = project.params.retrain.seeds
    found = arm_record(
        training.arm, training.sources, training.first, seeds=seeds, test_ids=test_ids, families=families
    )
    write_arm(directory, found)


def _train(
    project: Project,
    sources: Sources,
    recipes: Sequence[Recipe],
    family: Family,
    config: ClassifierConfig,
    directory: Path,
    report: Callable[[str], None],
) -> FamilyRecord:
    """Train one family's variants; write the validation predictions of all and the test predictions of the best."""
    params = project.params
    validation = project.validation_view(sources.task.roles)
    targets = sources.task.targets(validation.samples)

    def judge(recipe: Recipe, probabilities: Probabilities) -> VariantRecord:
        return judged(recipe, sources, probabilities, targets)

    classifier = make_classifier(
        config,
        params.retrain.classical,
        train_rows=len(sources.real),
        device=params.base.device,
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
