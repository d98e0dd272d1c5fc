"""Study `replicate`: train the synthesizer again with other seeds, on the same split, and measure over all trainings.

Not a stage of the pipeline: it runs the stages from `pretrain` to `retrain` in temporary folders, because a second
training takes as long as the first, and only the final interval needs it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from gan_augment.core.atomic import write_json
from gan_augment.core.predictions import read_arm
from gan_augment.core.seeds import derive_seed
from gan_augment.gain.evaluation import Evaluation
from gan_augment.gain.replication import Replicate, combine, replicate_of
from gan_augment.project.layout import Layout, Project, read_plan
from gan_augment.project.rival_rows import read_arms
from gan_augment.stages import cross_fit, curate, generate, mix, pretrain, retrain, rivals, train_gan
from gan_augment.stages.measure import evaluation_of, read_families

__all__ = ["run", "train_and_predict"]


def run(project: Project, runs: int) -> dict[str, Any]:
    """Write reports/replicates.json: this project's own training and `runs - 1` further ones, together.

    The project must have been measured before.
    """
    evaluation, _ = evaluation_of(project, read_arm(project.layout.predictions("real")))
    replicates = [_scored(project, evaluation)]
    for number in range(1, runs):
        with tempfile.TemporaryDirectory(prefix="gan-augment-replicate-") as folder:
            other = _reseeded(project, Path(folder), number)
            train_and_predict(other)
            replicates.append(_scored(other, evaluation))
    found = combine(replicates, evaluation)
    write_json(project.layout.root / "reports/replicates.json", found)
    return found


def _reseeded(project: Project, folder: Path, number: int) -> Project:
    """Same split in another folder, with another seed for everything after it."""
    other = Layout(folder)
    prepared = project.layout.dataset.parent
    shutil.copytree(prepared, other.dataset.parent, ignore=shutil.ignore_patterns(project.layout.test_labels.name))
    seed = derive_seed(project.params.base.seed, "replicate", number) % 2**31
    base = project.params.base.model_copy(update={"seed": seed})
    return Project(project.params.model_copy(update={"base": base}), other)


def train_and_predict(project: Project) -> None:
    """Run every stage after `prepare` and before `measure`."""
    pretrain.run(project)
    for key in project.params.classes:
        train_gan.run(project, key)
        generate.run(project, key)
    curate.run(project)
    cross_fit.run(project)
    rivals.run(project)
    mix.run(project)
    for arm in project.params.retrain.arms:
        retrain.run(project, arm)


def _scored(project: Project, evaluation: Evaluation) -> Replicate:
    records = read_arms(project.layout, project.params)
    families = read_families(project.layout, [record for record in records if not record.skipped])
    return replicate_of(families["first"], read_plan(project.layout), evaluation)
