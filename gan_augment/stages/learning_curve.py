"""`learning_curve`: train the best arm without synthetic rows again with fewer real rows of the rare classes.

`measure` reads from it what the synthetic rows are worth in real rows. Test labels are not among this stage's inputs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np

from gan_augment.core.checksums import replacing_output
from gan_augment.core.predictions import ArmRecord, CurvePoint, CurveRecord, rival_of, write_curve
from gan_augment.core.progress import progress_bar
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.api import Classifier, Probabilities
from gan_augment.downstream.arms import Recipe, known_arm, uses_synthetic, variants_of
from gan_augment.downstream.classifiers import classifiers_of, make_classifier, modes_of
from gan_augment.downstream.config import Arm
from gan_augment.downstream.experiment import Sources, predict, train_recipe, training_seeds
from gan_augment.gain.learning_curve import FEWEST_ROWS, affordable_shares, thinned, thinned_classes
from gan_augment.project.layout import Project
from gan_augment.project.rival_rows import read_arms
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks import task_of
from gan_augment.stages.retrain import judged

__all__ = ["run"]


def run(project: Project) -> None:
    """Write data/learning_curve."""
    config, setting = project.params.retrain, project.params.measure.learning_curve
    records = read_arms(project.layout, project.params)
    record, sources = _best_without(records), _real_rows(project)
    classes = thinned_classes(sources.real_counts)
    shares = affordable_shares(setting, _trainings(records), config.seeds)
    with replacing_output(project.layout.learning_curve) as directory:
        if why := _why_not(setting, record, shares, sources, classes):
            write_curve(directory, CurveRecord(skipped=why), None)
            return
        found, tests = _train(project, record, sources, classes, shares)
        write_curve(directory, found, tests)


def _best_without(records: list[ArmRecord]) -> ArmRecord:
    """The arm that `measure` compares with: of the smallest loss on validation, the simpler one on a tie."""
    order = [arm for arm in get_args(Arm) if not uses_synthetic(arm)]
    known = [record for record in records if (record.arm in order or rival_of(record.arm)) and not record.skipped]
    return min(known, key=lambda one: (one.families["first"].best.validation_loss, *_places(order, one.arm)))


def _places(order: list[str], arm: str) -> tuple[int, str]:
    return (order.index(arm) if arm in order else len(order)), arm


def _real_rows(project: Project) -> Sources:
    spec = project.spec()
    samples = project.train_view(task_of(spec).roles).samples
    nothing = samples.take(slice(0, 0))
    return Sources(task_of(spec, samples), spec, samples, nothing, nothing)


def _trainings(records: list[ArmRecord]) -> int:
    """What `retrain` trained of the classifier that decides: variants x seeds, of all arms."""
    return sum(len(record.families["first"].variants) * record.seeds for record in records if record.families)


def _why_not(
    setting: str, record: ArmRecord, shares: tuple[float, ...], sources: Sources, classes: list[int]
) -> str | None:
    if setting == "never":
        return "`measure.learning_curve` is never"
    if rival := rival_of(record.arm):  # fewer real rows would still be in the rows that it made of all of them
        return f"the best arm without them has the rows of the rival {rival}, which are made of all real rows"
    if not shares:
        return "it would cost more than a fifth of what retrain cost (`measure.learning_curve: always` pays it)"
    counts = sources.real_counts
    fewest = min(classes, key=lambda index: int(counts[index]))
    if counts[fewest] >= FEWEST_ROWS:
        return None
    return f"class {sources.spec.labels[fewest]!r} has {counts[fewest]} train rows, and a curve needs {FEWEST_ROWS}"


def _train(
    project: Project, record: ArmRecord, sources: Sources, classes: list[int], shares: tuple[float, ...]
) -> tuple[CurveRecord, Probabilities]:
    """The curve's points, and float32 [points, seeds, n, K]: their test predictions."""
    arm, best = known_arm(record.arm, project.params.retrain.arms), record.families["first"].best
    modality, config = sources.spec.modality, project.params.retrain
    modes = modes_of(classifiers_of(arm, config, modality, sources.spec.target)[0], config)
    recipes = variants_of(arm, modality, modes, readers_of(sources.spec))
    recipe = next(one for one in recipes if one.name == best.name)
    classifier, rows = _classifier(project, arm, sources), int(sources.real_counts[classes].sum())
    points, tests = [], []
    with progress_bar("learning_curve") as advance:
        for place, share in enumerate(shares):
            point, test = _point(project, classifier, recipe, sources, classes, share)
            points.append(point)
            tests.append(test)
            advance(place + 1, len(shares), f"{share:.0%} of the rows")
    found = CurveRecord(arm=record.arm, variant=best.name, classes=tuple(classes), rows=rows, points=tuple(points))
    return found, np.stack(tests)


def _classifier(project: Project, arm: Arm, sources: Sources) -> Classifier:
    params = project.params
    config, _ = classifiers_of(arm, params.retrain, sources.spec.modality, sources.spec.target)
    return make_classifier(
        config,
        params.retrain.classical,
        train_rows=len(sources.real),  # as many steps as the arm itself took
        device=params.base.device,
        root=project.layout.root,
        seed=params.base.seed,
        pool=sources.real,
        task=sources.task,
    )


def _point(
    project: Project, classifier: Classifier, recipe: Recipe, sources: Sources, classes: list[int], share: float
) -> tuple[CurvePoint, Probabilities]:
    """One share: each seed with rows of its own left out, one adjustment for all, chosen as the arms choose theirs."""
    validation, test = project.validation_view(sources.task.roles), project.test_inputs().samples.payload
    targets = sources.task.targets(validation.samples)
    labels, on_validation, on_test = sources.real.label_indices(sources.spec), [], []
    fewer = sources
    for seed in training_seeds(project.params.base.seed, project.params.retrain.seeds):
        kept = thinned(labels, classes, share, numpy_generator(seed, "learning_curve"))
        fewer = replace(sources, real=sources.real.take(kept))
        predictors = train_recipe(classifier, recipe, fewer, [seed])
        on_validation.append(predict(predictors, validation.samples.payload)[0])
        on_test.append(predict(predictors, test)[0])
    chosen = judged(recipe, fewer, np.stack(on_validation), targets)
    rows = int(fewer.real_counts[classes].sum())
    point = CurvePoint(share=rows / int(sources.real_counts[classes].sum()), rows=rows, adjustment=chosen.adjustment)
    return point, np.stack(on_test)
