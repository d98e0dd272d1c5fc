"""reports/curate.json: counts add up, and what is said of a class is of its rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import Curated, curate
from gan_augment.curation.recognise import recogniser_of
from gan_augment.curation.report import counts_and_copying, quality, score_table
from tests.curation.toys import IMAGES, TABLE, draw, good_candidates, synthetic, views

CONFIG = CurateConfig.model_validate(
    {
        "judged_by": {"members": 1, "steps": 5, "shifts": False, "table_model": "linear"},
        "train_on_synthetic_seeds": 0,
        "weaknesses": {"checks": []},
    }
)


@pytest.fixture(scope="module")
def curated() -> Curated:
    """Good rows of classes a and b, and of c some copies of train rows of it."""
    train, validation = views(TABLE)
    good = good_candidates(TABLE).take(slice(0, 80))
    copies = synthetic(TABLE, 2, train.samples.take(np.arange(60, 70)).payload, "copy")
    fresh = synthetic(TABLE, 2, draw(TABLE, 2, 40, seed=8), "fresh")
    return curate(train, validation, Samples.concat([good, copies, fresh]), CONFIG, seed=0)


def figures(curated: Curated) -> dict[str, Any]:
    return counts_and_copying(TABLE, curated.evidence, curated.sieve, CONFIG)


def test_every_candidate_is_accepted_or_rejected_by_one_filter(curated: Curated) -> None:
    found = figures(curated)
    for part in (*found["classes"].values(), found["overall"]):
        assert part["candidates"] == part["accepted"] + sum(part["rejected"].values())
    assert [part["candidates"] for part in found["classes"].values()] == [40, 40, 50]
    assert found["overall"]["accepted"] == sum(part["accepted"] for part in found["classes"].values())
    json.dumps(found)


def test_copies_are_counted_in_their_class(curated: Curated) -> None:
    classes = figures(curated)["classes"]
    assert classes["c"]["rejected"]["copy"] >= 9
    assert classes["a"]["rejected"]["copy"] + classes["b"]["rejected"]["copy"] <= 2
    assert classes["c"]["copy_pvalue"] < classes["a"]["copy_pvalue"]


def test_the_judges_recall_is_weighed_by_the_candidates(curated: Curated) -> None:
    found = figures(curated)
    recalls = [part["judge_recall"] for part in found["classes"].values()]
    assert found["overall"]["judge_recall"] == pytest.approx(np.average(recalls, weights=[40, 40, 50]))
    assert found["judge"] == {"members": 1, "balanced_accuracy": pytest.approx(np.mean(recalls))}


def test_scores_name_the_nearest_train_row_from_any_start(curated: Curated) -> None:
    train = views(TABLE)[0].samples.manifest["id"].to_numpy()
    manifest = next(iter(curated.candidates.manifests(10**6)))
    whole = score_table(manifest, 0, curated.evidence, curated.sieve)
    assert whole["nearest"].iloc[80:90].tolist() == train[60:70].tolist()
    np.testing.assert_allclose(whole["copy_distance"].iloc[80:90], 0, atol=1e-5)
    assert (whole["rejected_by"] == "").tolist() == whole["accepted"].tolist()
    part = score_table(manifest[85:95].reset_index(drop=True), 85, curated.evidence, curated.sieve)
    assert part["nearest"].tolist() == whole["nearest"].iloc[85:95].tolist()
    assert part["accepted"].tolist() == whole["accepted"].iloc[85:95].tolist()


@pytest.mark.parametrize(("spec", "has_table"), [(IMAGES, False), (TABLE, True)], ids=["images", "table"])
def test_quality_is_of_each_class_and_of_tables_column_by_column(spec: DatasetSpec, has_table: bool) -> None:
    train, validation = views(spec)
    _, space = recogniser_of(train, CONFIG.judged_by, "cpu").spaces(train, seed=0)
    accepted = good_candidates(spec, 30)
    found = quality(train, validation, accepted, space, CONFIG, seed=0)
    assert set(found["classes"]) == {"a", "b", "c"}
    assert all(part["coverage"] > 0.5 for part in found["classes"].values())
    assert (found["table"] is not None) is has_table
    one = quality(train, validation, accepted.take(slice(0, 30)), space, CONFIG, seed=0)
    assert one["classes"]["b"]["coverage"] is None
    assert one["classes"]["a"] == found["classes"]["a"]


def test_only_the_first_rows_of_a_class_are_evaluated() -> None:
    train, validation = views(TABLE)
    _, space = recogniser_of(train, CONFIG.judged_by, "cpu").spaces(train, seed=0)
    accepted = good_candidates(TABLE, 40)
    few = CONFIG.model_copy(update={"evaluation_rows": 20})
    first = accepted.take(np.flatnonzero(np.arange(120) % 40 < 20))
    held = type(validation)(TABLE, validation.samples.take(np.flatnonzero(np.arange(90) % 30 < 20)))
    found = quality(train, validation, accepted, space, few, seed=0)["classes"]
    assert found == quality(train, held, first, space, CONFIG, seed=0)["classes"]
