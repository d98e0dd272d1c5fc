"""Predictions on disk: what was written comes back, and what is damaged is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.checksums import list_checksums
from gan_augment.core.errors import DamagedInputError, MissingInputError
from gan_augment.core.predictions import (
    Adjustment,
    ArmRecord,
    CurvePoint,
    CurveRecord,
    FamilyRecord,
    VariantRecord,
    read_arm,
    read_curve,
    read_probabilities,
    write_arm,
    write_curve,
    write_probabilities,
)

ADJUSTED = Adjustment(tau=0.5, log_prior=(-0.7, -1.3), temperature=1.2)
VARIANTS = (
    VariantRecord(name="plain", validation_loss=0.4, validation_balanced_accuracy=0.8),
    VariantRecord(name="balanced", adjustment=ADJUSTED, validation_loss=0.3, validation_balanced_accuracy=0.9),
)
RECORD = ArmRecord(
    arm="real",
    rows_real=9,
    rows_synthetic=0,
    seeds=2,
    train_counts=(6, 3),
    test_ids=("a", "b/ü"),
    families={"first": FamilyRecord(classifier="cnn", effort={"steps": 3}, variants=VARIANTS, chosen=1)},
)
SHARES = np.random.default_rng(0).random((2, 3, 4, 2))


def test_an_arm_comes_back_and_its_chosen_variant_speaks_for_it(tmp_path: Path) -> None:
    write_arm(tmp_path, RECORD)
    list_checksums(tmp_path)
    found = read_arm(tmp_path)
    assert found == RECORD
    assert found.families["first"].best.described == "balanced, tau 0.5"
    assert found.families["first"].variants[0].described == "plain"


def test_probabilities_are_kept_in_single_precision_for_each_family_and_part(tmp_path: Path) -> None:
    for number, family in enumerate(("first", "second")):
        write_probabilities(tmp_path, family, "validation", SHARES + number)  # type: ignore[arg-type]
        write_probabilities(tmp_path, family, "test", SHARES[0] - number)  # type: ignore[arg-type]
    list_checksums(tmp_path)
    found = read_probabilities(tmp_path, "second", "validation")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, SHARES + 1, rtol=1e-6)
    np.testing.assert_allclose(read_probabilities(tmp_path, "second", "test"), SHARES[0] - 1, rtol=1e-6)


def test_what_is_absent_is_missing_and_what_is_no_record_is_damaged(tmp_path: Path) -> None:
    list_checksums(tmp_path)
    with pytest.raises(MissingInputError):
        read_arm(tmp_path)
    with pytest.raises(MissingInputError):
        read_probabilities(tmp_path, "first", "test")
    (tmp_path / "arm.json").write_text('{"arm": "real"}')
    list_checksums(tmp_path)
    with pytest.raises(DamagedInputError):
        read_arm(tmp_path)


def test_a_changed_byte_is_told(tmp_path: Path) -> None:
    write_probabilities(tmp_path, "first", "test", SHARES[0].astype(np.float32))
    list_checksums(tmp_path)
    path = tmp_path / "first_test.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedInputError):
        read_probabilities(tmp_path, "first", "test")


def test_a_curve_comes_back_with_its_predictions(tmp_path: Path) -> None:
    points = tuple(CurvePoint(share=share, rows=rows, adjustment=ADJUSTED) for share, rows in ((0.5, 3), (1.0, 6)))
    curve = CurveRecord(arm="real", variant="plain", classes=(1,), rows=6, points=points)
    write_curve(tmp_path, curve, SHARES.astype(np.float32))
    list_checksums(tmp_path)
    found = read_curve(tmp_path)
    assert found is not None
    assert found[0] == curve
    np.testing.assert_array_equal(found[1], SHARES.astype(np.float32))  # type: ignore[arg-type]


def test_a_skipped_curve_has_no_predictions_and_an_old_project_no_curve(tmp_path: Path) -> None:
    assert read_curve(tmp_path) is None
    write_curve(tmp_path, CurveRecord(skipped="one class only"), None)
    list_checksums(tmp_path)
    assert read_curve(tmp_path) == (CurveRecord(skipped="one class only"), None)
