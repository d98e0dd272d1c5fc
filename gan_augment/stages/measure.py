"""`measure`: the only stage that reads the test labels. Scores every arm, computes the gain, gives the verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console

from gan_augment.core.atomic import replacing_file, write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.predictions import ArmRecord, Family, read_arm, read_curve, read_probabilities
from gan_augment.core.records import DatasetSpec
from gan_augment.core.seeds import numpy_generator
from gan_augment.core.verbosity import verbosity
from gan_augment.gain.evaluation import ArmPredictions, Evaluation
from gan_augment.gain.measurement import measure
from gan_augment.gain.table import arms_frame, render
from gan_augment.project.layout import Layout, Project, read_plan
from gan_augment.project.prepared import read_label_list

__all__ = ["read_families", "read_test_labels", "run"]

_LOG_WIDTH = 120


def run(project: Project) -> None:
    """Write reports/measure.json and reports/arms.csv, and print the table and the verdict (quiet: its sentence)."""
    layout, spec, params = project.layout, project.spec(), project.params
    records = [read_arm(layout.predictions(arm)) for arm in params.retrain.arms]
    trained = [record for record in records if not record.skipped]
    labels = read_test_labels(layout, spec, trained[0].test_ids)
    evaluation = Evaluation(spec, labels, params.measure, numpy_generator(params.base.seed, "measure"))
    measured = measure(
        read_families(layout, trained),
        [record for record in records if record.skipped],
        evaluation,
        project.validation_view().labels,
        read_plan(layout),
        read_curve(layout.learning_curve),
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


def read_test_labels(layout: Layout, spec: DatasetSpec, ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """int64 [n]: class indices in the order of the predictions."""
    held = read_label_list(layout)
    missing = [name for name in ids if name not in held.index]
    if missing:
        raise MissingInputError(
            "Predictions and test labels do not belong together",
            where=layout.test_labels,
            got=f"no label for {len(missing)} of {len(ids)} predicted rows, for example {missing[0]}",
            remedy="run `dvc repro`, which makes both from the same split",
        )
    place = {label: index for index, label in enumerate(spec.labels)}
    return np.fromiter((place[label] for label in held.loc[list(ids)]), dtype=np.int64, count=len(ids))
