"""The task of attributes, against scikit-learn column by column and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import Adjustment, VariantRecord
from gan_augment.core.records import HELD
from gan_augment.scoring.adjustment import adjust, choose_tau, log_prior
from gan_augment.scoring.metrics import score
from gan_augment.scoring.tasks import task_of
from tests.scoring.toys import GLASSES, HAIR, attribute_samples, attribute_spec

SPEC = attribute_spec()
ROWS = attribute_samples(SPEC, 80)
TASK = task_of(SPEC, ROWS)
TARGETS = TASK.targets(ROWS)
SPANS = (slice(0, 3), slice(3, 5))


def guesses(seeds: int = 1) -> np.ndarray:
    rng = np.random.default_rng(1)
    parts = [rng.dirichlet(np.ones(width), size=(seeds, len(TARGETS))) for width in (3, 2)]
    return np.concatenate(parts, axis=-1)


def test_the_answers_are_those_of_the_train_rows_and_a_gap_is_unknown() -> None:
    assert TASK.levels == {"hair": HAIR, "glasses": GLASSES}
    assert ((TARGETS >= 0) == ROWS.companions["attributes"].notna().to_numpy()).all()
    assert (TARGETS == -1).any()


def test_a_value_that_no_train_row_has_is_unknown() -> None:
    held = pd.DataFrame({f"{HELD}hair": ["red", "green"], f"{HELD}glasses": ["no", pd.NA]}, index=["a", "b"])
    assert TASK.held_targets(held).tolist() == [[2, 0], [-1, -1]]


def test_withheld_attributes_are_a_leak() -> None:
    with pytest.raises(LeakError):
        TASK.targets(replace(ROWS, companions={}))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("mean_balanced_accuracy", balanced_accuracy_score),
        ("macro_f1", lambda true, answers: f1_score(true, answers, average="macro")),
        ("accuracy", lambda true, answers: (true == answers).mean()),
    ],
)
def test_a_figure_is_the_mean_over_the_columns(name: str, theirs: object) -> None:
    (given,) = guesses()
    columns = []
    for place, span in enumerate(SPANS):
        known = TARGETS[:, place] >= 0
        columns.append(theirs(TARGETS[known, place], given[known, span].argmax(axis=1)))  # type: ignore[operator]
    assert score(TASK.metrics[name], given, TARGETS) == pytest.approx(np.mean(columns))


def test_the_worst_combination_is_the_smallest_share_of_right_answers() -> None:
    (given,) = guesses()
    answers = np.stack([given[:, span].argmax(axis=1) for span in SPANS], axis=1)
    shares = []
    for hair in range(3):
        for glasses in range(2):
            rows = ((hair, glasses) == TARGETS).all(axis=1)
            if rows.sum() >= 10:
                shares.append((answers[rows] == TARGETS[rows]).mean())
    assert len(shares) > 1
    assert score(TASK.metrics["worst_combination"], given, TARGETS) == pytest.approx(min(shares))


def test_rows_that_count_twice_are_rows_that_are_there_twice() -> None:
    (given,), twice = guesses(), np.ones(len(TARGETS))
    twice[:30] = 2
    rows = np.repeat(np.arange(len(TARGETS)), twice.astype(int))
    for name in ("mean_balanced_accuracy", "macro_f1", "log_loss", "average_precision"):
        metric = TASK.metrics[name]
        assert metric(given, TARGETS, twice[None])[0] == pytest.approx(score(metric, given[rows], TARGETS[rows]))


def test_each_column_has_an_adjustment_of_its_own() -> None:
    given = guesses(3)
    counts = TASK.counts(TARGETS)
    found = TASK.adjustment(given, TARGETS, [counts])
    pieces = []
    for place, span in enumerate(SPANS):
        known = TARGETS[:, place] >= 0
        own = choose_tau(given[:, known, span], TARGETS[known, place], [log_prior(counts[span])])
        assert found.parts[place].tau == own.tau
        pieces.append(adjust(given[..., span], own, calibrate=True))
    np.testing.assert_allclose(adjust(given, found, calibrate=True), np.concatenate(pieces, axis=-1))


def test_adjustments_of_columns_are_written_and_those_of_classes_stay_as_they_were() -> None:
    found = TASK.adjustment(guesses(), TARGETS, [TASK.counts(TARGETS)])
    assert Adjustment.model_validate_json(found.model_dump_json()) == found
    assert "parts" not in Adjustment().model_dump(mode="json")
    variant = VariantRecord(name="natural", adjustment=found, validation_loss=1.0, validation={TASK.headline: 0.5})
    written = variant.model_dump(mode="json")
    assert written[f"validation_{TASK.headline}"] == 0.5
    assert VariantRecord.model_validate(written) == variant


def test_agreement_is_the_mean_probability_of_the_known_values() -> None:
    given = np.array([[0.2, 0.3, 0.5, 0.9, 0.1], [0.2, 0.3, 0.5, 0.9, 0.1], [0.2, 0.3, 0.5, 0.9, 0.1]])
    targets = np.array([[2, 1], [-1, 0], [-1, -1]])
    np.testing.assert_allclose(TASK.agreement(given, targets), [0.3, 0.9, 1.0])


def test_a_column_that_is_unknown_everywhere_counts_for_nothing() -> None:
    (given,), targets = guesses(), TARGETS.copy()
    targets[:, 1] = -1
    known = targets[:, 0] >= 0
    own = balanced_accuracy_score(targets[known, 0], given[known, :3].argmax(axis=1))
    assert score(TASK.metrics[TASK.headline], given, targets) == pytest.approx(own)
    assert [part.key for part in TASK.parts(targets)] == ["hair"]


def test_a_column_of_one_value_asks_nothing() -> None:
    frame = frame_of(ROWS.companions["attributes"])
    even = replace(ROWS, companions={"attributes": frame.assign(hair="red")})
    assert task_of(SPEC, even).levels == {"glasses": GLASSES}
    with pytest.raises(DataError, match="No attribute has two values"):
        task_of(SPEC, replace(even, companions={"attributes": frame.assign(hair="red", glasses=pd.NA)}))


def test_a_draw_without_any_counted_combination_has_the_value_of_all_rows() -> None:
    (given,), metric = guesses(), TASK.metrics["worst_combination"]
    everything = score(metric, given, TARGETS)
    none = np.zeros((1, len(TARGETS)))
    none[0, (TARGETS < 0).any(axis=1)] = 1.0  # a draw of rows that belong to no combination
    (drawn,) = metric(given, TARGETS, none)
    assert drawn == pytest.approx(everything)


def test_the_worst_combination_is_a_number_where_each_row_lacks_a_value() -> None:
    (given,), metric = guesses(), TASK.metrics["worst_combination"]
    gaps = TARGETS.copy()
    gaps[:, 1] = -1
    shares = [(given[:, :3].argmax(axis=1) == gaps[:, 0])[gaps[:, 0] == value].mean() for value in range(3)]
    assert score(metric, given, gaps) == pytest.approx(min(shares))
