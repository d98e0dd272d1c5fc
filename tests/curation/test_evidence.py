"""What is found out about candidates: distances, judgements, and that pieces and a ledger change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.core.streams import HeldSamples
from gan_augment.curation import evidence as module
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.evidence import Evidence, chunk_rows, gather_evidence
from gan_augment.curation.ledger import Ledger
from gan_augment.curation.recognise import recogniser_of
from tests.curation.toys import IMAGES, TABLE, draw, good_candidates, synthetic, views

QUICK = JudgeConfig(members=1, steps=3, shifts=False, table_model="linear")


def gathered(spec: DatasetSpec, candidates: Samples, count: int = 30, ledger: Ledger | None = None) -> Evidence:
    train, validation = views(spec, count)
    recogniser = recogniser_of(train, QUICK, "cpu")
    space, _ = recogniser.spaces(train, seed=0)
    return gather_evidence(
        train, validation, HeldSamples(candidates), space, QUICK,
        seed=0, device="cpu", tick=lambda _: None, along=lambda *_: None,
        ledger=Ledger() if ledger is None else ledger, recogniser=recogniser,
    )  # fmt: skip


def findings(evidence: Evidence) -> Any:
    return evidence.findings[slice(None)]


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_a_train_row_is_at_zero_names_itself_and_a_fresh_row_is_as_far_as_held_out_ones(spec: DatasetSpec) -> None:
    train = views(spec)[0].samples
    copies = synthetic(spec, 1, train.take(np.arange(30, 40)).payload, "copy")  # of class 1
    evidence = gathered(spec, Samples.concat([good_candidates(spec, 30), copies]))
    found = findings(evidence)
    np.testing.assert_allclose(found["distance"][90:], 0, atol=1e-5)
    assert found["nearest"][90:].tolist() == list(range(30, 40))
    fresh, usual = np.median(found["distance"][:90]), np.median(evidence.heldout_distance)
    assert 0.5 * usual < fresh < 2 * usual
    assert len(evidence) == 100
    np.testing.assert_array_equal(evidence.distances(1), found["distance"][found["label"] == 1])


def test_the_judge_doubts_rows_of_another_class() -> None:
    wrong = synthetic(TABLE, 0, draw(TABLE, 2, 20, seed=9), "wrong")
    evidence = gathered(TABLE, Samples.concat([good_candidates(TABLE, 20), wrong]))
    doubt, agrees = evidence.doubt(slice(0, 80)), findings(evidence)["agrees"]
    assert doubt[:60].mean() < 0.15
    assert doubt[60:].min() > 0.9
    assert agrees[:60].mean() > 0.9
    assert not agrees[60:].any()
    left = np.ones(80, dtype=bool)
    right, mixed = evidence.likeness(1, left), evidence.likeness(0, left)
    assert right is not None
    assert not right.problem
    assert mixed is not None
    assert mixed.problem


def test_pieces_and_a_ledger_that_knows_some_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = good_candidates(TABLE, 20)
    whole = findings(gathered(TABLE, candidates))
    monkeypatch.setattr(module, "chunk_rows", lambda _: 20)
    ledger = Ledger()
    gathered(TABLE, candidates.take(slice(0, 40)), ledger=ledger)
    before = findings(gathered(TABLE, candidates.take(slice(0, 40))))
    again = findings(gathered(TABLE, candidates, ledger=ledger))
    for name in whole.dtype.names:
        np.testing.assert_allclose(again[name], whole[name], atol=1e-6, err_msg=name)
        np.testing.assert_array_equal(again[name][:40], before[name], err_msg=name)


def test_an_image_has_leave_to_be_near_its_own_parent() -> None:
    train = views(IMAGES)[0].samples
    made = synthetic(IMAGES, 0, train.take(np.arange(6)).payload, "child")
    own = Samples(made.manifest.assign(parents=train.manifest["id"].iloc[:6].to_numpy()), made.payload)
    stranger = Samples(made.manifest.assign(parents=train.manifest["id"].iloc[10:16].to_numpy()), made.payload)
    for candidates, near in ((own, False), (stranger, True)):
        found = findings(gathered(IMAGES, candidates))
        assert (found["stranger"] < 1e-5).all() == near
        assert (found["parent"] < 1e-5).all() != near
    table = synthetic(TABLE, 0, views(TABLE)[0].samples.take(np.arange(6)).payload, "child")
    named = Samples(
        table.manifest.assign(parents=views(TABLE)[0].samples.manifest["id"].iloc[:6].to_numpy()), table.payload
    )
    assert np.isnan(findings(gathered(TABLE, named))["parent"]).all()


def test_classes_of_few_held_out_rows_are_made_up_for_with_train_rows() -> None:
    few, many = (gathered(TABLE, good_candidates(TABLE, 5), count) for count in (8, 45))
    assert few.scarce == [0, 1, 2]
    assert len(few.fresh[0]) == 24 + 24  # each train row to the nearest other one
    assert few.unseen
    assert many.scarce == []
    assert len(many.fresh[0]) == 3 * 45
    assert not many.unseen
    assert len(few.judged_real[0]) > len(few.heldout.labels)


def test_distances_are_in_units_of_their_class_and_one_where_there_is_no_unit() -> None:
    evidence = replace(gathered(TABLE, good_candidates(TABLE, 5)), scale=np.array([2.0, 0.0, 4.0]))
    scaled = evidence.scaled(np.array([2.0, 2.0, 2.0]), np.array([0, 1, 2]))
    assert scaled.tolist() == [1.0, 1.0, 0.5]


def test_without_candidates_there_is_no_closest_record() -> None:
    evidence = gathered(TABLE, good_candidates(TABLE, 5).take(slice(0, 0)))
    assert len(evidence) == 0
    assert evidence.closest is None
    assert gathered(TABLE, good_candidates(TABLE, 5)).closest is not None


def test_a_chunk_is_a_multiple_of_what_is_predicted_together_and_small_for_large_images() -> None:
    large = IMAGES.model_copy(update={"image": IMAGES.images.model_copy(update={"height": 512, "width": 512})})
    sizes = [chunk_rows(spec) for spec in (IMAGES, TABLE, large)]
    assert all(size % 1024 == 0 and size >= 1024 for size in sizes)
    assert sizes[2] == 1024 < sizes[0]
