"""Curation over classes that overlap: a set equal to the data is never refused, shuffled labels always are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, Modality, TableSpec
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView, make_manifest
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import Curated, curate

Labels = npt.NDArray[np.int64]

QUICK: dict[str, Any] = {
    "judged_by": {"members": 1, "steps": 40, "shifts": False},
    "train_on_synthetic_seeds": 0,
    "weaknesses": {"checks": []},
}
CLASSES = (ClassRecord(key="good", label="good"), ClassRecord(key="bad", label="bad"))
TABLE = DatasetSpec(
    name="credit",
    modality="table",
    classes=CLASSES,
    table=TableSpec(columns=tuple(Column(name=name, kind="numeric", dtype="float64") for name in "xyz"), target="risk"),
)
IMAGES = DatasetSpec(name="patches", modality="image", classes=CLASSES, image=ImageSpec(height=8, width=8, channels=1))


def draw(modality: Modality, labels: Labels, error: float, rng: np.random.Generator) -> Payload:
    """Rows whose balanced Bayes error is `error`; the brightness of an image is all that tells its class."""
    shift = -2 * float(norm.ppf(error)) * labels
    if modality == "table":
        return pd.DataFrame(
            {"x": rng.normal(shift), "y": rng.normal(size=len(labels)), "z": rng.normal(size=len(labels))}
        )
    level = 100 + 20 * rng.normal(shift)
    return np.clip(level[:, None, None, None] + rng.normal(0, 8, (len(labels), 8, 8, 1)), 0, 255).astype(np.uint8)


def samples(spec: DatasetSpec, names: Labels, payload: Payload, split: str, origin: str) -> Samples:
    ids = [f"{origin}-{split}-{place}" for place in range(len(names))]
    labels = [spec.labels[name] for name in names]
    return Samples(make_manifest(len(names), id=ids, label=labels, split=split, origin=origin), payload)


def curated(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int], *, shuffled: bool, seed: int = 0
) -> Curated:
    """`train`, `held`: real rows a class. The candidates of both classes are fresh rows, or labelled by chance."""
    rng, spec = np.random.default_rng(seed), TABLE if modality == "table" else IMAGES
    parts = []
    for split, sizes in (("train", train), ("validation", held)):
        labels = np.repeat([0, 1], sizes)
        parts.append(samples(spec, labels, draw(modality, labels, error, rng), split, "real"))
    asked = np.repeat([0, 1], 400)
    truth = (rng.random(800) < train[1] / sum(train)).astype(np.int64) if shuffled else asked
    candidates = samples(spec, asked, draw(modality, truth, error, rng), "train", "synthetic")
    config = CurateConfig.model_validate(QUICK)
    return curate(TrainView(spec, parts[0]), ValidationView(spec, parts[1]), candidates, config, seed=seed)


SETTINGS = [
    ("table", 0.2, (180, 60), (60, 20)),
    ("table", 0.3, (1200, 120), (300, 30)),
    ("table", 0.3, (1500, 30), (300, 3)),
    ("table", 0.4, (900, 300), (600, 200)),
    ("table", 0.45, (300, 100), (60, 5)),
    ("image", 0.25, (200, 50), (60, 40)),
    ("image", 0.45, (150, 50), (40, 3)),
]


@pytest.mark.parametrize(("modality", "error", "train", "held"), SETTINGS)
def test_a_set_equal_to_the_data_is_never_refused(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]
) -> None:
    for seed in range(3 if modality == "table" else 1):
        report = curated(modality, error, train, held, shuffled=False, seed=seed).report
        for key in ("good", "bad"):
            found = report["classes"][key]
            assert (found["refused_by"], found["refused_because"]) == (None, None)
            assert found["accepted"] >= 0.7 * found["candidates"]


@pytest.mark.parametrize(("modality", "error", "train", "held"), [*SETTINGS[:2], SETTINGS[3], SETTINGS[5]])
def test_shuffled_labels_are_refused_and_the_reason_compares_with_real_rows(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]
) -> None:
    found = curated(modality, error, train, held, shuffled=True).report["classes"]["bad"]
    assert (found["refused_by"], found["accepted"]) == ("judge", 0)
    assert "held-out real rows of it" in found["refused_because"]
