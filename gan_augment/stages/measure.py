"""`measure`: the only stage that reads the test labels. Scores every arm, computes the gain, gives the verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd
from rich.console import Console

from gan_augment.core.atomic import replacing_file, write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import ArmRecord, Family, read_curve, read_probabilities
from gan_augment.core.records import HELD
from gan_augment.core.seeds import numpy_generator
from gan_augment.core.verbosity import verbosity
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.groups import Grouping, grouped
from gan_augment.gain.measurement import measure
from gan_augment.gain.table import arms_frame, render
from gan_augment.project.layout import Layout, Project, read_plan
from gan_augment.project.prepared import check_groups, read_held
from gan_augment.project.rival_rows import read_arms
from gan_augment.scoring.tasks import task_with

__all__ = ["evaluation_of", "read_families", "read_test_rows", "run"]

_LOG_WIDTH = 120


def run(project: Project) -> None:
    """Write reports/measure.json and reports/arms.csv, and print the table and the verdict (quiet: its sentence)."""
    layout, params = project.layout, project.params
    records = read_arms(layout, params)
    trained = [record for record in records if not record.skipped]
    evaluation, held = evaluation_of(project, trained[0])
    measured = measure(
        read_families(layout, trained),
        [record for record in records if record.skipped],
        evaluation,
        evaluation.task.targets(project.validation_view(evaluation.task.roles).samples),
        read_plan(layout),
        read_curve(layout.learning_curve),
        _groups(project, held),
    )
    write_json(layout.measure_report, measured, sealed=True)
    with replacing_file(layout.arms_table) as partial:
        arms_frame(measured).to_csv(partial, index=False, lineterminator="\n")
    if verbosity() == "quiet":
        print("\n".join([*measured["before"], measured["sentence"]]))
        return
    paths = {"report": str(layout.report), "shards": str(layout.export), "figures": str(layout.measure_report)}
    Console(width=None if sys.stdout.isatty() else _LOG_WIDTH).print(render(measured, paths))


def read_families(layout: Layout, records: Sequence[ArmRecord]) -> dict[Family, list[ArmPredictions]]:
    """The arms' predictions, by family of classifiers."""
    families: dict[Family, list[ArmPredictions]] = {}
    for record in records:
        directory = layout.predictions(record.arm)
        for family, found in record.families.items():
            validation = read_probabilities(directory, family, "validation")[found.chosen]
            test = read_probabilities(directory, family, "test")
            families.setdefault(family, []).append(ArmPredictions(record, found, validation, test))
    return families


def read_test_rows(layout: Layout, ids: Sequence[str]) -> pd.DataFrame:
    """What is withheld of the predicted rows, in the order of the predictions."""
    held = read_held(layout)
    missing = [name for name in ids if name not in held.index]
    if missing:
        raise MissingInputError(
            "Predictions and test labels do not belong together",
            where=layout.test_labels,
            got=f"no label for {len(missing)} of {len(ids)} predicted rows, for example {missing[0]}",
            remedy="run `dvc repro`, which makes both from the same split",
        )
    return held.loc[list(ids)]


def evaluation_of(project: Project, record: ArmRecord) -> tuple[Evaluation, pd.DataFrame]:
    """The test rows of an arm's predictions, ready to score all arms on; and what is withheld of them."""
    spec, params = project.spec(), project.params
    held, task = read_test_rows(project.layout, record.test_ids), task_with(spec, record.levels)
    evaluation = Evaluation(
        spec,
        spec.class_indices(held["label"]),
        params.measure,
        numpy_generator(params.base.seed, "measure"),
        task=task,
        targets=task.held_targets(held),
        ids=record.test_ids,
    )
    return evaluation, held


def _groups(project: Project, held: pd.DataFrame) -> dict[str, Grouping]:
    """Column -> the groups of test rows that `measure.groups` asks for. Raises ParamsError."""
    names, found = project.params.measure.groups, {}
    check_groups(names, project.spec())
    for name in names:
        if HELD + name in held:
            values = held[HELD + name]
        else:
            inputs = project.test_inputs().samples
            place = pd.Index(inputs.manifest["id"]).get_indexer(pd.Index(held.index))
            values = frame_of(inputs.payload)[name].iloc[place]
        found[name] = grouped(name, values)
    return found
