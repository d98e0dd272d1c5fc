"""Study `calibrate`: synthesizers of known effect go through mix, retrain and measure, and the verdicts are counted.

It is not a stage: it tests the pipeline's last stages. Every run writes a small project of its own into a temporary
folder and runs exactly the stages of a user's project.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from gan_augment.compute.devices import resolve_device
from gan_augment.core.atomic import read_json
from gan_augment.core.checksums import replacing_output
from gan_augment.core.progress import Advance
from gan_augment.core.records import ClassRecord, DatasetSpec
from gan_augment.core.samples import Samples, make_manifest, write_samples
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.curation.judge import fit_judge
from gan_augment.data.config import DemoName, DemoSource, PrepareConfig
from gan_augment.data.loading import load_data
from gan_augment.gain.calibrate import Control, Outcome, RowSplit, Tally, control_rows, split_rows, tally
from gan_augment.mixing.config import CrossFitConfig
from gan_augment.params import BaseConfig, Params
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import in_split, write_parts, write_test_part
from gan_augment.stages import measure, mix, retrain

__all__ = ["Calibration", "calibrate", "demo_calibration", "project_calibration", "run_once"]


@dataclass(frozen=True)
class Calibration:
    """Inputs of a calibration: labelled real rows, and the settings of mix, retrain and measure."""

    spec: DatasetSpec
    samples: Samples
    params: Params


def demo_calibration(name: DemoName, params: Params | None) -> Calibration:
    """Calibration on all rows of an embedded data set, under the settings of `params` (the defaults if None)."""
    source = PrepareConfig(source=DemoSource(name=name))
    data = load_data(source, Path())
    labels = sorted(set(data.rows["label"]))
    classes = tuple(ClassRecord(key=f"c{number}", label=label) for number, label in enumerate(labels))
    spec = DatasetSpec(name=data.name, modality=data.modality, classes=classes, image=data.image, table=data.table)
    manifest = make_manifest(len(data.rows), id=data.rows["id"], label=data.rows["label"], split="train", origin="real")
    defaults = Params.model_validate(
        {
            "classes": {record.key: {"label": record.label} for record in classes},
            "prepare": source.model_dump(),
            "synthesis": {"method": "none"},  # never trained: the controls take its place
        }
    )
    names = () if params is None else ("base", "curate", "mix", "retrain", "measure")
    settings = {name: getattr(params, name) for name in names}
    return Calibration(spec, Samples(manifest, data.payload), defaults.model_copy(update=settings))


def project_calibration(project: Project) -> Calibration:
    """Calibration on a project's own train and validation rows; its test rows stay unread."""
    train, validation = project.train_view().samples, in_split(project.validation_view().samples, "train")
    return Calibration(project.spec(), Samples.concat([train, validation]), project.params)


def calibrate(
    calibration: Calibration, controls: Sequence[Control], *, runs: int, jobs: int, seed: int, advance: Advance
) -> Iterator[Tally]:
    """Yield a tally per control; `runs` fresh splits each, `jobs` processes side by side (1: only this one)."""
    done, total = 0, len(controls) * runs
    for control in controls:
        outcomes = []
        for outcome in _outcomes(calibration, control, [derive_seed(seed, number) for number in range(runs)], jobs):
            outcomes.append(outcome)
            done += 1
            advance(done, total, control)
        yield tally(outcomes)


def _outcomes(calibration: Calibration, control: Control, seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """Outcomes in the order of the seeds."""
    if jobs == 1:
        yield from (run_once(calibration, control, seed) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(run_once, calibration, control, seed) for seed in seeds]
        yield from (task.result() for task in tasks)


def run_once(calibration: Calibration, control: Control, seed: int) -> Outcome:
    """Outcome of a fresh split with one synthesizer. The seed decides all of it."""
    spec, samples = calibration.spec, calibration.samples
    split = split_rows(samples.label_indices(spec), control, numpy_generator(seed, "split"))
    base = BaseConfig(seed=seed % 2**32, device=calibration.params.base.device)
    # There is nothing to fit on folds.
    params = calibration.params.model_copy(update={"base": base, "cross_fit": CrossFitConfig()})
    with tempfile.TemporaryDirectory(prefix="gan-augment-calibrate-") as folder:
        project = Project(params, Layout(Path(folder)))
        _write_prepared(project.layout, spec, samples, split)
        candidates = control_rows(control, samples, split, spec, numpy_generator(seed, "control"))
        _write_curated(project, candidates)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            mix.run(project)
            for arm in params.retrain.arms:
                retrain.run(project, arm)
            measure.run(project)
        measured = read_json(project.layout.measure_report)
    gain = measured["gain"]
    return Outcome(
        control=control,
        verdict=measured["verdict"],
        ratio=measured["ratio"],
        gain=gain["points"],
        low=gain["low"],
        high=gain["high"],
        smallest_detectable=gain["smallest_detectable"],
    )


def _write_prepared(layout: Layout, spec: DatasetSpec, samples: Samples, split: RowSplit) -> None:
    """Write the files that `prepare` would write for this split."""
    write_test_part(layout, in_split(samples.take(split.test), "test"))
    write_parts(layout, spec, samples.take(split.train), samples.take(split.validation))


def _write_curated(project: Project, candidates: Samples) -> None:
    """Write what `curate` would if it rejected none of these; the judge's probabilities only if `mix` reads them."""
    with replacing_output(project.layout.curated) as directory:
        write_samples(directory, candidates)
        if project.params.mix.judge_probabilities:
            spec, seed = project.spec(), derive_seed(project.params.base.seed, "curate")
            device = resolve_device(project.params.base.device)
            judge = fit_judge(project.train_view(), project.params.curate.judged_by, seed=seed, device=device)
            labels = candidates.label_indices(spec)
            agreement = judge.agreement(candidates, judge.probabilities(candidates.payload), labels)
            sureness = pd.DataFrame({"judge_probability": agreement.astype("float32")})
            sureness.to_parquet(directory / "sureness.parquet", index=False)
