"""Rows on which mixing ratios are tried: the project's own or, with cross-fitting, those of each fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import ParamsError
from gan_augment.core.samples import Samples, ValidationView
from gan_augment.downstream.arms import search_recipe
from gan_augment.downstream.classifiers import choose_classifiers, make_classifier
from gan_augment.downstream.experiment import Sources, predict, train_recipe
from gan_augment.mixing.ratio import Counts, Plan
from gan_augment.project.accepted import Accepted, HeldRows
from gan_augment.project.layout import Project
from gan_augment.scoring.reading import readers_of
from gan_augment.scoring.tasks import Task, task_of

__all__ = ["Predict", "SearchRows"]

Predict = Callable[[Plan, Sequence[int]], npt.NDArray[np.float32]]  # plan, seeds -> probabilities [seeds, n, classes]


@dataclass(frozen=True)
class SearchRows:
    """Real train rows, accepted candidates, and validation rows unseen by their synthesizer."""

    project: Project
    real: Samples
    accepted: Accepted
    validation: ValidationView
    task: Task

    @classmethod
    def read(cls, project: Project) -> SearchRows:
        """Rows in the folders of `project`: its own, or a fold's (`Layout.fold`)."""
        spec, judged = project.spec(), bool(project.params.mix.judge_probabilities)
        accepted = Accepted.read(project.layout, spec, judged=judged)
        roles = task_of(spec).roles
        real, validation = project.train_view(roles).samples, project.validation_view(roles)
        return cls(project, real, accepted, validation, task_of(spec, real))

    @property
    def counts(self) -> Counts:
        """Real train rows of each class, int64 [K]."""
        spec = self.project.spec()
        return np.bincount(self.real.label_indices(spec), minlength=len(spec.classes)).astype(np.int64)

    def adapt(self, plan: Plan) -> Plan:
        """Plan of other rows as a plan of these."""
        return plan.onto(self.counts, self.accepted.counts(plan.threshold))

    def hold(self, plans: Sequence[Plan], *, companions: bool = False) -> HeldRows:
        """Load the candidates that one of `plans` may use, under any threshold to be tried; and as many of each class
        as there are real rows, for the arm without real rows. `companions`: all of them, to be written again; else only
        those that are trained on, for most tasks none.
        """
        thresholds = (0.0, *self.project.params.mix.judge_probabilities)
        most = np.max([self.counts, *(plan.counts for plan in plans)], axis=0)
        return self.accepted.hold(most, thresholds, companions=companions or bool(self.task.roles))

    def sources(self, added: Samples) -> Sources:
        """Real rows and these synthetic ones, with the companions that the task reads."""
        if lacking := [role for role in self.task.roles if len(added) and role not in added.companions]:
            raise ParamsError(
                "Synthetic rows lack the target",
                where="synthesis.method in params.yaml",
                got=f"{self.project.params.synthesis.method}, whose rows have no {', '.join(lacking)}",
                expected="rows that carry the target of prepare.target",
                remedy="choose a method that makes them (`gan-augment methods list`), or set prepare.target to label",
            )
        added = added.with_roles(self.task.roles) if len(added) else self.real.take(slice(0, 0))
        return Sources(self.task, self.project.spec(), self.real, added, added)

    def trainer(self, held: HeldRows, *, device: str, root: Path) -> Predict:
        """Trainer of the first classifier on a plan's rows, once per seed; predicts the validation rows.

        `root`: the folder in which the module of a custom classifier is searched.
        """
        params, spec = self.project.params, self.project.spec()
        recipe = search_recipe(spec.modality, readers_of(spec))
        classifier = make_classifier(
            choose_classifiers(params.retrain, spec.modality, spec.target)[0],
            params.retrain.classical,
            train_rows=len(self.real),
            device=device,
            root=root,
            seed=params.base.seed,
            pool=self.sources(held.samples).rows(recipe),
            task=self.task,
        )

        def evaluate(plan: Plan, seeds: Sequence[int]) -> npt.NDArray[np.float32]:
            predictors = train_recipe(classifier, recipe, self.sources(held.of(plan)), seeds)
            return predict(predictors, self.validation.samples.payload)

        return evaluate
