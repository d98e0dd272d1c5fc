"""What mixing ratios are tried on: the project's own rows, or with cross-fitting the rows of each fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan_augment.core.samples import Samples, ValidationView
from gan_augment.downstream.arms import search_recipe
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier
from gan_augment.downstream.experiment import Sources, predict, train_recipe
from gan_augment.mixing.ratio import Counts, Plan
from gan_augment.project.accepted import Accepted, HeldRows
from gan_augment.project.layout import Project

__all__ = ["Predict", "SearchRows"]

Predict = Callable[[Plan, Sequence[int]], npt.NDArray[np.float32]]  # plan, seeds -> probabilities [seeds, n, classes]


@dataclass(frozen=True)
class SearchRows:
    """Real train rows, accepted candidates, and validation rows that no synthesizer of theirs has seen."""

    project: Project
    real: Samples
    accepted: Accepted
    validation: ValidationView

    @classmethod
    def read(cls, project: Project) -> SearchRows:
        """From the folders of `project`: its own, or a fold's (`Layout.fold`)."""
        spec, judged = project.spec(), bool(project.params.mix.judge_probabilities)
        accepted = Accepted.read(project.layout, spec, judged=judged)
        return cls(project, project.train_view().samples, accepted, project.validation_view())

    @property
    def counts(self) -> Counts:
        """int64 [K]: real train rows of each class."""
        spec = self.project.spec()
        return np.bincount(self.real.label_indices(spec), minlength=len(spec.classes)).astype(np.int64)

    def adapt(self, plan: Plan) -> Plan:
        """A plan of other rows as a plan of these."""
        return plan.onto(self.counts, self.accepted.counts(plan.threshold))

    def hold(self, plans: Sequence[Plan]) -> HeldRows:
        """The candidates that one of `plans` may ask for, under any threshold that will be tried; and as many of each
        class as there are real rows, for the arm without real rows.
        """
        thresholds = (0.0, *self.project.params.mix.judge_probabilities)
        return self.accepted.hold(np.max([self.counts, *(plan.counts for plan in plans)], axis=0), thresholds)

    def trainer(self, held: HeldRows, *, device: str, root: Path) -> Predict:
        """Trains the first classifier on a plan's rows, one a seed, and predicts the validation rows.

        `root`: where the module of a custom classifier is looked for.
        """
        params, spec = self.project.params, self.project.spec()
        recipe = search_recipe(spec.modality)
        classifier = make_classifier(
            choose_classifiers(params.retrain, spec.modality)[0],
            params.retrain.classical,
            train_rows=len(self.real),
            device=device,
            root=root,
            seed=params.base.seed,
            pool=Samples.concat([self.real, held.samples]) if len(held.samples) else self.real,
        )

        def evaluate(plan: Plan, seeds: Sequence[int]) -> npt.NDArray[np.float32]:
            rows = held.of(plan)
            predictors = train_recipe(classifier, recipe, Sources(spec, self.real, rows, rows), seeds)
            return predict(predictors, self.validation.samples.payload)

        return evaluate
