"""`retrain`: train the variants of one arm, choose among them on validation, predict the test inputs.

Test labels are not among this stage's inputs: the views it opens hold none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gan_augment.core.checksums import replacing_output
from gan_augment.core.predictions import Family, FamilyRecord, write_arm, write_probabilities
from gan_augment.core.samples import read_samples
from gan_augment.downstream.api import Probabilities
from gan_augment.downstream.arms import known_arm, variants_of
from gan_augment.downstream.classifiers import classifiers_of, make_classifier
from gan_augment.downstream.config import Arm, ClassifierConfig
from gan_augment.downstream.experiment import Sources, arm_record, best_variant, predict, training_seeds
from gan_augment.gain.metrics import balanced_accuracy, score
from gan_augment.stages.progress import progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import resolve_device

__all__ = ["run"]

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
    labels = validation.labels

    def validation_score(probabilities: Probabilities) -> float:
        return float(np.mean([score(balanced_accuracy, one, labels) for one in probabilities]))

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
    best = best_variant(classifier, recipes, sources, seeds, validation.samples.payload, validation_score, report)
    write_probabilities(directory, family, "validation", best.validation)
    test = predict(best.predictors, project.test_inputs().samples.payload)
    write_probabilities(directory, family, "test", test)
    return best.record(config.kind, classifier.effort, recipes)
