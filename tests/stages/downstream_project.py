"""A project folder with everything that mix, retrain and measure read, made without a GAN: the "synthetic" rows are
real rows held back (oracle), copies of train rows (null), rows with shuffled labels (harmful), or, in turn, rows held
back of which the judge is sure and shuffled ones of which it is not (mixed)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml
from sklearn.datasets import load_breast_cancer, load_digits

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import Payload, Samples, make_manifest, write_samples
from gan_augment.project.layout import Project

__all__ = ["Synthesizer", "make_project", "write_params"]

Synthesizer = Literal["oracle", "null", "harmful", "mixed", "none"]


def make_project(
    root: Path,
    *,
    modality: Literal["image", "table"] = "image",
    synthesizer: Synthesizer = "oracle",
    train: tuple[int, ...] = (20, 20, 5),
    held: int = 20,
    per_split: int = 20,
    candidates: int = 40,
    seed: int = 0,
    **sections: Any,
) -> Project:
    """Write a project into `root` and open it. `train`: real rows a class; `held`: rows an oracle may give a class."""
    rng = np.random.default_rng(seed)
    spec, payload, targets = _digits(len(train)) if modality == "image" else _breast_cancer()
    classes = range(len(spec.classes))
    train = train[: len(spec.classes)]
    pools = {c: list(rng.permutation(np.flatnonzero(targets == c))) for c in classes}
    parts = {name: {c: [pools[c].pop() for _ in range(per_split)] for c in classes} for name in ("validation", "test")}
    real = {c: [pools[c].pop() for _ in range(train[c])] for c in classes}
    prepared = root / "data/prepared"
    prepared.mkdir(parents=True)
    spec.save(prepared / "dataset.json")
    for c in classes:
        _write(prepared / "train" / spec.classes[c].key, _samples(spec, payload, {c: real[c]}, "train"))
    _write(prepared / "validation", _samples(spec, payload, parts["validation"], "validation"))
    test = _samples(spec, payload, parts["test"], "test")
    labels = test.manifest[["id", "label"]].sample(frac=1, random_state=0)  # the order must not matter
    labels.to_parquet(prepared / "test_labels.parquet", index=False)
    _write(
        prepared / "test_inputs", Samples(test.manifest.assign(label=pd.NA).astype({"label": "string"}), test.payload)
    )
    made = _candidates(spec, payload, real, pools, synthesizer, held, candidates, rng)
    _write(root / "data/curated", made)
    scores = pd.DataFrame({"id": made.manifest["id"], "accepted": True, "judge_probability": np.float32(0.95)})
    if synthesizer == "mixed":
        scores.loc[1::2, "judge_probability"] = 0.6
    scores.to_parquet(root / "data/curated/scores.parquet", index=False)
    scores[["judge_probability"]].astype("float32").to_parquet(root / "data/curated/sureness.parquet", index=False)
    write_params(root, spec, sections)
    return Project.open(root)


def _candidates(
    spec: DatasetSpec,
    payload: Payload,
    real: dict[int, list[int]],
    pools: dict[int, list[int]],
    synthesizer: Synthesizer,
    held: int,
    count: int,
    rng: np.random.Generator,
) -> Samples:
    rows: dict[int, list[int]] = {}
    for c, own in real.items():
        others = [row for other, held_rows in real.items() if other != c for row in held_rows]
        sources = {"null": own, "harmful": others}
        if synthesizer in sources:
            rows[c] = [int(row) for row in rng.choice(sources[synthesizer], count)]
        elif synthesizer == "mixed":
            wrong = rng.choice(others, held)
            rows[c] = [int(row) for pair in zip(pools[c][:held], wrong, strict=True) for row in pair]
        else:
            rows[c] = pools[c][:held] if synthesizer == "oracle" else []
    return _samples(spec, payload, rows, "train", origin="synthetic", method=synthesizer)


def _samples(spec: DatasetSpec, payload: Payload, rows: dict[int, list[int]], split: str, **columns: Any) -> Samples:
    order = [row for c in rows for row in rows[c]]
    labels = [spec.labels[c] for c in rows for _ in rows[c]]
    method = columns.get("method", "row")
    ids = [f"{method}-{split}-{place}-{row}" for place, row in enumerate(order)]
    if method == "row":
        ids = [f"row-{row}" for row in order]
    manifest = make_manifest(len(order), id=ids, label=labels, split=split, **{"origin": "real", **columns})
    index = np.asarray(order, dtype=np.int64)
    part = payload.iloc[index].reset_index(drop=True) if isinstance(payload, pd.DataFrame) else payload[index]
    return Samples(manifest, part)


def _write(directory: Path, samples: Samples) -> None:
    directory.mkdir(parents=True)
    write_samples(directory, samples)


def _digits(classes: int) -> tuple[DatasetSpec, Payload, np.ndarray[Any, Any]]:
    data = load_digits()
    keep = data.target < classes
    images = np.clip(data.images[keep] * 16, 0, 255).astype(np.uint8)[..., None]
    records = tuple(ClassRecord(key=f"digit-{c}", label=str(c)) for c in range(classes))
    image = ImageSpec(height=8, width=8, channels=1)
    return DatasetSpec(name="digits", modality="image", classes=records, image=image), images, data.target[keep]


def _breast_cancer() -> tuple[DatasetSpec, Payload, np.ndarray[Any, Any]]:
    data = load_breast_cancer(as_frame=True)
    frame = data.data.iloc[:, :8].copy()
    frame["size"] = pd.cut(frame["mean radius"], 3, labels=["small", "middle", "large"]).astype("string")
    frame.loc[::7, "mean texture"] = np.nan
    columns = tuple(
        Column(name=name, kind="categorical" if name == "size" else "numeric", dtype=str(frame[name].dtype))
        for name in frame.columns
    )
    records = tuple(ClassRecord(key=str(name), label=str(name)) for name in data.target_names)
    table = TableSpec(columns=columns, target="diagnosis")
    spec = DatasetSpec(name="breast_cancer", modality="table", classes=records, table=table)
    return spec, frame, data.target.to_numpy()


def write_params(root: Path, spec: DatasetSpec, sections: dict[str, Any]) -> None:
    """A params.yaml for these classes, with these sections."""
    params = {
        "base": {"seed": 0, "device": "cpu"},
        "classes": {record.key: {"label": record.label} for record in spec.classes},
        "prepare": {"source": {"kind": "demo", "name": spec.name}},
        "synthesis": {"method": "conditional"},
        **sections,
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
