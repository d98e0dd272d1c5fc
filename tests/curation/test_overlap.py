"""Curation over classes that overlap: a set equal to the data is never refused, shuffled labels always are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.records import Modality
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import Curated, curate
from tests.overlap import draw, overlapping, samples, shuffled, spec_of

QUICK: dict[str, Any] = {
    "judged_by": {"members": 1, "steps": 40, "shifts": False},
    "train_on_synthetic_seeds": 0,
    "weaknesses": {"checks": []},
}
STRICT = {"enabled": True, "over_budget": "refuse"}
ALL_FILTERS: dict[str, Any] = {"density": STRICT, "discriminator": STRICT}


def curated(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int], *, right: bool, seed: int = 0,
    **filters: Any,
) -> Curated:  # fmt: skip
    """`train`, `held`: real rows a class. The candidates of both classes are fresh rows, or labelled by chance."""
    rng, spec = np.random.default_rng(seed), spec_of(modality)
    views = overlapping(modality, error, train, held, rng)
    asked = np.repeat([0, 1], 400)
    truth = asked if right else shuffled(800, train, rng)
    candidates = samples(spec, asked, draw(modality, truth, error, rng), "train", "synthetic")
    return curate(*views, candidates, CurateConfig.model_validate(QUICK | filters), seed=seed)


SETTINGS = [
    ("table", 0.2, (180, 60), (60, 20)),
    ("table", 0.3, (1200, 120), (300, 30)),
    ("table", 0.3, (1500, 30), (300, 3)),
    ("table", 0.4, (900, 300), (600, 200)),
    ("table", 0.45, (300, 100), (60, 5)),
    ("image", 0.25, (200, 50), (60, 40)),
    ("image", 0.45, (150, 50), (40, 3)),
    ("image", 0.2, (1000, 20), (200, 4)),
    ("image", 0.3, (600, 60), (100, 10)),
]


@pytest.mark.parametrize(("modality", "error", "train", "held"), SETTINGS)
def test_a_set_equal_to_the_data_is_never_refused(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]
) -> None:
    for seed in range(3 if modality == "table" else 1):
        report = curated(modality, error, train, held, right=True, seed=seed).report
        for key in ("good", "bad"):
            found = report["classes"][key]
            assert (found["refused_by"], found["refused_because"]) == (None, None)
            assert found["accepted"] >= 0.7 * found["candidates"]


@pytest.mark.parametrize(
    ("modality", "error", "train", "held"), [*SETTINGS[:2], SETTINGS[3], SETTINGS[5], *SETTINGS[7:]]
)
def test_shuffled_labels_are_refused_and_the_reason_compares_with_real_rows(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]
) -> None:
    for seed in range(1 if modality == "table" else 3):
        found = curated(modality, error, train, held, right=False, seed=seed).report["classes"]["bad"]
        assert (found["refused_by"], found["accepted"]) == ("judge", 0)
        assert "held-out real rows of it" in found["refused_because"]


@pytest.mark.parametrize(("modality", "error", "train", "held"), [SETTINGS[1], SETTINGS[2], SETTINGS[7]])
def test_the_filters_that_are_off_by_default_refuse_no_set_equal_to_the_data_either(
    modality: Modality, error: float, train: tuple[int, int], held: tuple[int, int]
) -> None:
    report = curated(modality, error, train, held, right=True, **ALL_FILTERS).report
    assert [report["classes"][key]["refused_by"] for key in ("good", "bad")] == [None, None]
