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
from gan_augment.downstream.classifiers import classifiers_of, make_classifier
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
from gan_augment.scoring.adjustment import adjust, choose_tau, log_prior
from gan_augment.scoring.metrics import Labels, balanced_accuracy, balanced_log_loss, score

__all__ = ["judged", "run"]

_FAMILIES: tuple[Family, Family] = ("first", "second")


def run(project: Project, arm: str) -> None:
    """Write predictions/<arm>."""
    layout, config, spec = project.layout, project.params.retrain, project.spec()
    known = known_arm(arm, config.arms)
    added, alone = (read_samples(layout.mixed / name) for name in ("synthetic", "alone"))
    sources, recipes = Sources(spec, project.train_view().samples, added, alone), variants_of(known, spec.modality)
    chosen = {
        family: classifier
        for family, classifier in zip(_FAMILIES, classifiers_of(known, config, spec.modality), strict=True)
        if classifier is not None and len(sources.rows(recipes[0]))
    }
    families: dict[Family, FamilyRecord] = {}
    with replacing_output(layout.predictions(arm)) as directory, progress_bar(f"retrain {arm}") as advance:
        done = 0

        def report(name: str) -> None:
            nonlocal done
            done += 1
            advance(done, len(recipes) * len(chosen), name)

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
    params, validation, recipes = project.params, project.validation_view(), variants_of(arm, sources.spec.modality)

    def judge(recipe: Recipe, probabilities: Probabilities) -> VariantRecord:
        return judged(recipe, sources, probabilities, validation.labels)

    classifier = make_classifier(
        config,
        params.retrain.classical,
        train_rows=len(sources.real),
        device=resolve_device(params.base.device),
        root=project.layout.root,
        seed=params.base.seed,
        pool=sources.rows(recipes[0]),
    )
    seeds = training_seeds(params.base.seed, params.retrain.seeds)
    best = best_variant(classifier, recipes, sources, seeds, validation.samples.payload, judge, report)
    write_probabilities(directory, family, "validation", best.validation)
    test = predict(best.predictors, project.test_inputs().samples.payload)
    write_probabilities(directory, family, "test", test)
    return best.record(config.kind, classifier.effort)


def judged(recipe: Recipe, sources: Sources, probabilities: Probabilities, labels: Labels) -> VariantRecord:
    """A variant after its adjustment: along the class shares that it was shown, or along those of the real rows.

    Where training evened the classes out the former says nothing is left to adjust; the latter matters there, because a
    classifier that separates its train rows hardly notices how often it is shown them.
    """
    priors = [log_prior(shown_shares(recipe, sources)), log_prior(sources.real_counts)]
    found = choose_tau(probabilities, labels, priors)
    calibrated, decided = adjust(probabilities, found, calibrate=True), adjust(probabilities, found)
    return VariantRecord(
        name=recipe.name,
        adjustment=found,
        validation_loss=float(np.mean([score(balanced_log_loss, one, labels) for one in calibrated])),
        validation_balanced_accuracy=float(np.mean([score(balanced_accuracy, one, labels) for one in decided])),
    )
