"""What the measurement costs: CPU-seconds of `mix`, `retrain` and `measure` as seeds, arms and train rows grow.

    OMP_NUM_THREADS=1 python benchmarks/measurement_cost.py

The embedded digits with the default classifiers; the synthesizer hands out train rows again, so that nothing is trained
but classifiers. One setting is changed at a time; the first line is the demo's.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from gan_augment.core.samples import Samples, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.config import ARMS
from gan_augment.params import Params
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import in_split, write_part, write_parts
from gan_augment.stages import measure, mix, retrain
from gan_augment.studies.calibrate import Calibration, demo_calibration

HELD = 36  # validation rows a class, and as many test rows
FEW_ARMS = ("real", "real_classical", "real_classical_synthetic")
SETTINGS = [
    (5, ARMS, 45),
    (2, ARMS, 45),
    (10, ARMS, 45),
    (20, ARMS, 45),
    (5, FEW_ARMS, 45),
    (5, ARMS, 22),
    (5, ARMS, 90),
]


def write_project(root: Path, data: Calibration, params: Params, rows: int) -> Project:
    """`rows` train images a class, and three times as many candidates."""
    spec, samples = data.spec, data.samples
    labels, random = samples.label_indices(spec), numpy_generator(0, "cost")
    train, validation, test, again = [], [], [], []
    for label in range(len(spec.classes)):
        order = random.permutation(np.flatnonzero(labels == label))
        validation.append(order[:HELD])
        test.append(order[HELD : 2 * HELD])
        train.append(order[2 * HELD : 2 * HELD + rows])
        again.append(random.choice(train[-1], 3 * rows))
    layout = Layout(root)
    write_parts(layout, spec, samples.take(np.concatenate(train)), samples.take(np.concatenate(validation)))
    held = in_split(samples.take(np.concatenate(test)), "test")
    unlabelled = held.manifest.assign(label=pd.array([pd.NA] * len(held), dtype="string"))
    write_part(layout.test_inputs, Samples(unlabelled, held.payload))
    held.manifest[["id", "label"]].to_parquet(layout.test_labels, index=False)
    source = samples.take(np.concatenate(again))
    ids = [f"again-{number}" for number in range(len(source))]
    columns = {"label": source.manifest["label"], "split": "train", "origin": "synthetic", "method": "null"}
    write_part(layout.curated, Samples(make_manifest(len(source), id=ids, **columns), source.payload))
    return Project(params, layout)


def seconds(run: Callable[[], None]) -> float:
    started = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run()
    return time.process_time() - started


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    data = demo_calibration("digits", None)
    print(f"{'seeds':>6}{'arms':>6}{'rows a class':>14}{'mix':>8}{'retrain':>9}{'measure':>9}{'CPU-s':>8}")
    for seeds, arms, rows in SETTINGS:
        changes = {
            "mix": data.params.mix.model_copy(update={"judge_probabilities": ()}),
            "retrain": data.params.retrain.model_copy(update={"seeds": seeds, "arms": arms}),
        }
        with tempfile.TemporaryDirectory() as folder:
            project = write_project(Path(folder), data, data.params.model_copy(update=changes), rows)
            spent = [
                seconds(lambda project=project: mix.run(project)),
                seconds(lambda project=project, arms=arms: [retrain.run(project, arm) for arm in arms] and None),
                seconds(lambda project=project: measure.run(project)),
            ]
        figures = "".join(f"{value:>{width}.1f}" for value, width in zip(spent, (8, 9, 9), strict=True))
        print(f"{seeds:>6}{len(arms):>6}{rows:>14}{figures}{sum(spent):>8.1f}", flush=True)


if __name__ == "__main__":
    main()
