"""Train the variants of an arm: the same seeds, steps and order for every arm, so that they can be paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.predictions import ArmRecord, Family, FamilyRecord, VariantRecord
from gan_augment.core.progress import silent
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, Samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.downstream.api import Classifier, Predictor, Probabilities
from gan_augment.downstream.arms import Recipe, base_rows
from gan_augment.downstream.balancing import fill_up
from gan_augment.scoring.tasks import Task

__all__ = [
    "BestVariant",
    "Sources",
    "arm_record",
    "best_variant",
    "predict",
    "shown_shares",
    "train_recipe",
    "training_seeds",
]


@dataclass(frozen=True)
class Sources:
    """What arms draw their rows from: real train rows; synthetic rows that join them; ones that stand in for them.

    `task` is what classifiers learn of them.
    """

    task: Task
    spec: DatasetSpec
    real: Samples
    added: Samples
    alone: Samples

    def rows(self, recipe: Recipe) -> Samples:
        """The rows of a recipe before any filling up."""
        return base_rows(recipe, self.real, self.added, self.alone)

    @property
    def real_counts(self) -> npt.NDArray[np.int64]:
        """int64 [K]: real train rows of each class."""
        return np.bincount(self.real.label_indices(self.spec), minlength=len(self.spec.classes)).astype(np.int64)


def shown_shares(recipe: Recipe, sources: Sources) -> npt.NDArray[np.float64]:
    """float64 [K]: the shares of the answers that training sees, sampling, weights and filling up included.

    A recipe that evens out shows every class equally often, and within each class its rows.
    """
    rows = sources.rows(recipe)
    labels = rows.label_indices(sources.spec)
    weights = 1 / np.bincount(labels)[labels] if recipe.evens_out else None
    seen = sources.task.counts(sources.task.targets(rows), weights)
    shares: npt.NDArray[np.float64] = seen / seen.sum()
    return shares


def training_seeds(base: int, count: int) -> list[int]:
    """One seed a repetition; the same for every arm and family, so that repetitions can be paired."""
    return [derive_seed(base, "repetition", number) for number in range(count)]


def train_recipe(classifier: Classifier, recipe: Recipe, sources: Sources, seeds: Sequence[int]) -> list[Predictor]:
    """One predictor a seed."""
    rows = sources.rows(recipe)
    if not recipe.redrawn:
        rows = fill_up(rows, sources.spec, recipe.fill, numpy_generator(seeds[0], "fill"))
        return classifier.fit(rows, sources.spec, recipe.treatment, seeds)
    predictors: list[Predictor] = []
    for seed in seeds:
        filled = fill_up(rows, sources.spec, recipe.fill, numpy_generator(seed, "fill"))
        predictors += classifier.fit(filled, sources.spec, recipe.treatment, [seed])
    return predictors


def predict(predictors: Sequence[Predictor], payload: Payload) -> Probabilities:
    """float32 [seeds, n, classes]. A predictor that stands for several seeds is asked once."""
    asked: dict[int, Probabilities] = {}
    for predictor in predictors:
        if id(predictor) not in asked:
            asked[id(predictor)] = predictor.predict_probabilities(payload)
    return np.stack([asked[id(predictor)] for predictor in predictors])


@dataclass(frozen=True)
class BestVariant:
    """The variant that speaks for its arm: of the smallest loss on validation; the earlier one on a tie.

    Attributes
    ----------
    chosen
        Its place.
    variants
        What the judge says of each.
    validation
        float32 [variants, seeds, n, classes]: probabilities on the validation rows.
    predictors
        Of the chosen one, one a seed.
    """

    chosen: int
    variants: tuple[VariantRecord, ...]
    validation: Probabilities
    predictors: list[Predictor]

    def record(self, kind: str, effort: dict[str, int | float | str]) -> FamilyRecord:
        """The choice, for arm.json."""
        return FamilyRecord(classifier=kind, effort=effort, variants=self.variants, chosen=self.chosen)


def best_variant(
    classifier: Classifier,
    recipes: Sequence[Recipe],
    sources: Sources,
    seeds: Sequence[int],
    validation: Payload,
    judge: Callable[[Recipe, Probabilities], VariantRecord],
    report: Callable[[str], None] = silent,
) -> BestVariant:
    """Train every recipe; choose by the loss that `judge` finds in the validation probabilities [seeds, n, classes]."""
    best: list[Predictor] = []
    variants: list[VariantRecord] = []
    probabilities, chosen = [], 0
    for place, recipe in enumerate(recipes):
        predictors = train_recipe(classifier, recipe, sources, seeds)
        probabilities.append(predict(predictors, validation))
        variants.append(judge(recipe, probabilities[-1]))
        if not best or variants[-1].validation_loss < variants[chosen].validation_loss:
            chosen, best = place, predictors
        report(recipe.name)
    return BestVariant(chosen, tuple(variants), np.stack(probabilities), best)


def arm_record(
    arm: str,
    sources: Sources,
    recipe: Recipe,
    *,
    seeds: int,
    test_ids: Sequence[str],
    families: dict[Family, FamilyRecord],
) -> ArmRecord:
    """What arm.json says of an arm with the rows of `recipe`. An arm without families had no rows to train on."""
    rows = sources.rows(recipe)
    synthetic = int((rows.manifest["origin"] == "synthetic").sum())
    return ArmRecord(
        arm=arm,
        skipped=None if families else "no synthetic row was accepted",
        rows_real=len(rows) - synthetic,
        rows_synthetic=synthetic,
        seeds=seeds,
        train_counts=tuple(int(count) for count in sources.real_counts),
        test_ids=tuple(test_ids),
        families=families,
        levels=sources.task.levels,
    )
