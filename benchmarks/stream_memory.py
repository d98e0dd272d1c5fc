"""Peak memory and time of generate, curate, mix and export, by the number of candidates in all.

    python benchmarks/stream_memory.py 10000 100000 1000000                       images, 8x8x1, ten classes
    python benchmarks/stream_memory.py 100000 1000000 --stages generate export --side 32 --channels 3
    python benchmarks/stream_memory.py 100000 1000000 --modality table            20 columns, two classes

Each stage runs in a process of its own on a project that is made up for the purpose: blobs (or clouds), as many real
rows for every size, an untrained MLP generator (or a copula). The curation bears every default filter's cost and is
told to reject next to nothing, so that later stages see (nearly) all rows; `mix` tries the ratios 0 and 1; the export
is then given all accepted rows. Times hold for the machine they were taken on.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import Payload, Samples, make_manifest, write_samples
from gan_augment.core.streams import label_indices
from gan_augment.project.layout import Project

STAGES = ("generate", "curate", "mix", "export")
REAL = 400  # rows in all, whatever the number of candidates
_LET_THROUGH = {"enabled": True, "budget": 1.0, "over_budget": "keep", "real_rejection": 0.05}


def make_project(root: Path, spec: DatasetSpec, candidates: int) -> None:
    """params.yaml, prepared rows, and an untrained model for every class."""
    share, rest = divmod(candidates, len(spec.classes))
    params = {
        "base": {"device": "cpu"},
        "classes": {
            record.key: {"label": record.label, "candidates": share + (number < rest)}
            for number, record in enumerate(spec.classes)
        },
        "prepare": {"source": {"kind": "demo", "name": "digits"}},
        "synthesis": _synthesis(spec),
        "curate": {
            "copies": _LET_THROUGH | {"min_ratio": 0.01}, "duplicates": _LET_THROUGH | {"min_ratio": 0.05},
            "judge": _LET_THROUGH | {"min_probability": 0.0}, "judged_by": {"members": 1, "steps": 20},
            "train_on_synthetic_seeds": 1, "weaknesses": {"checks": []},
        },
        "mix": {"ratios": [0, 1], "seeds": 2}, "retrain": {"classifier": {"kind": "logistic_regression"}},
    }  # fmt: skip
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    project = Project.open(root)
    spec.save(project.layout.dataset)
    each = REAL // len(spec.classes)
    for number, record in enumerate(spec.classes):
        _write(project.layout.train(record.key), _real(spec, number, each, "train"))
    held = [_real(spec, number, each, "validation") for number in range(len(spec.classes))]
    _write(project.layout.validation, Samples.concat(held))
    _train(project)


def _synthesis(spec: DatasetSpec) -> dict[str, Any]:
    if spec.table is not None:
        return {"method": "copula", "settings": {}}
    small = {"architecture": "mlp", "width": 64, "latent": 16, "kimg": 0.128, "specialise_kimg": 0, "checks": 1}
    return {"method": "conditional", "settings": small}


def _write(folder: Path, samples: Samples) -> None:
    folder.mkdir(parents=True)
    write_samples(folder, samples)


def _real(spec: DatasetSpec, label: int, count: int, split: str) -> Samples:
    ids = [f"{split}-{label}-{number}" for number in range(count)]
    manifest = make_manifest(count, id=ids, label=spec.labels[label], split=split, origin="real")
    return Samples(manifest, _rows(spec, label, count, np.random.default_rng([label, split == "train"])))


def _rows(spec: DatasetSpec, label: int, count: int, rng: np.random.Generator) -> Payload:
    if spec.image is None:
        assert spec.table is not None
        numbers = {c.name: rng.normal(label, 1, count) for c in spec.table.columns if c.kind == "numeric"}
        words = {c.name: pd.array(rng.choice(["a", "b", "c"], count), "string") for c in spec.table.columns[16:]}
        return pd.DataFrame(numbers | words)
    side = spec.image.height
    y, x = np.mgrid[:side, :side] / side
    centre = 0.2 + 0.6 * rng.random((count, 2, 1, 1))
    blob = np.exp(-(((x - centre[:, 0]) ** 2 + (y - centre[:, 1]) ** 2) * (10 + 5 * label)))
    noisy = blob[..., None] * 200 + rng.normal(20, 6, (count, side, side, spec.image.channels))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _train(project: Project) -> None:
    from gan_augment.stages import pretrain, train_gan

    pretrain.run(project)
    for key in project.params.classes:
        train_gan.run(project, key)
        served = project.layout.train_gan(key) / "served.json"
        write_json(served, read_json(served) | {"served": "joint"})  # whatever the gate thinks of so little training


def run_stage(root: Path, stage: str) -> None:
    """One stage in this process; prints its figures as JSON."""
    import importlib

    project = Project.open(root)
    module = importlib.import_module(f"gan_augment.stages.{stage}")
    start = time.perf_counter()
    if stage == "generate":
        for key in project.params.classes:
            module.run(project, key)
    else:
        module.run(project)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = os.times()
    print(json.dumps({"MiB": peak, "seconds": time.perf_counter() - start, "cpu": times.user + times.system}))


def export_everything(project: Project) -> None:
    """Stand-ins for what `mix` and `measure` would have written, had they asked for all accepted rows."""
    spec, mixed = project.spec(), project.layout.mixed
    (mixed / "synthetic").parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(mixed / "synthetic", ignore_errors=True)
    source = project.layout.curated if project.layout.curated.exists() else None
    if source is None:
        join_candidates(project, mixed / "synthetic")
    else:
        shutil.copytree(source, mixed / "synthetic")
    found = np.bincount(label_indices(mixed / "synthetic", spec), minlength=len(spec.classes))
    counts = {record.key: int(count) for record, count in zip(spec.classes, found, strict=True)}
    write_json(mixed / "plan.json", {"ratio": 1.0, "shown_ratio": 1.0, "counts": counts, "shown_counts": counts})
    gain = {"points": 0, "low": 0, "high": 0, "confidence": 0, "baseline_arm": "real", "synthetic_arm": "real"}
    stand_in = {"verdict": "helps", "sentence": "a stand-in", "use_synthetic": True, "gain": gain}
    write_json(project.layout.measure_report, stand_in | {"arms": [], "ratio": 1, "seeds": [0], "test_rows": 0})


def join_candidates(project: Project, folder: Path) -> None:
    """All candidates as one samples folder."""
    from gan_augment.core.streams import SamplesWriter, StoredSamples

    folder.mkdir(parents=True)
    with SamplesWriter(folder) as writer:
        for chunk in StoredSamples(tuple(map(project.layout.synthetic, project.params.classes))).chunks(4096):
            writer.append(chunk)


def measure(spec: DatasetSpec, candidates: int, stages: list[str], folder: Path | None) -> dict[str, dict[str, float]]:
    """Figures by stage, from a project of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        make_project(root, spec, candidates)
        figures = {}
        for stage in stages:
            if stage == "export":
                export_everything(Project.open(root))
            command = [sys.executable, __file__, "--one", stage, str(root)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            figures[stage] = json.loads(done.stdout.splitlines()[-1])
            mib, seconds, cpu = figures[stage].values()
            print(f"{stage:<10}{candidates:>12,}{mib:>9.0f} MiB{seconds:>9.1f} s{cpu:>9.1f} CPU-s", flush=True)
        return figures


def spec_of(modality: str, side: int, channels: int) -> DatasetSpec:
    """Ten classes of images, or two of table rows."""
    if modality == "image":
        classes = tuple(ClassRecord(key=f"c{n}", label=f"class {n}") for n in range(10))
        image = ImageSpec.model_validate({"height": side, "width": side, "channels": channels})
        return DatasetSpec(name="blobs", modality="image", classes=classes, image=image)
    classes = tuple(ClassRecord(key=f"c{n}", label=f"class {n}") for n in range(2))
    columns = [Column(name=f"n{n}", kind="numeric", dtype="float64") for n in range(16)]
    columns += [Column(name=f"w{n}", kind="categorical", dtype="string") for n in range(4)]
    table = TableSpec(columns=tuple(columns), target="y")
    return DatasetSpec(name="clouds", modality="table", classes=classes, table=table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candidates", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--modality", choices=["image", "table"], default="image")
    parser.add_argument("--side", type=int, default=8)
    parser.add_argument("--channels", type=int, choices=[1, 3], default=1)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--folder", type=Path, help="where the projects are made; default: the system's")
    parser.add_argument("--one", nargs=2, metavar=("STAGE", "ROOT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_stage(Path(options.one[1]), options.one[0])
        return
    spec = spec_of(options.modality, options.side, options.channels)
    found = [measure(spec, number, options.stages, options.folder) for number in options.candidates]
    for stage in options.stages if len(found) > 1 else ():
        growth = found[-1][stage]["MiB"] / found[-2][stage]["MiB"] - 1
        print(f"{stage:<10}grows by {growth:+.1%} from {options.candidates[-2]:,} to {options.candidates[-1]:,}")


if __name__ == "__main__":
    main()
