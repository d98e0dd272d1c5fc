"""What mixing ratios are tried on: counts, plans for these rows, and no row that no plan asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gan_augment.mixing.ratio import Plan
from gan_augment.project.layout import Project
from gan_augment.project.search_rows import SearchRows
from tests.stages.downstream_project import Synthesizer, make_project

LINEAR: dict[str, Any] = {
    "retrain": {"classifier": {"kind": "logistic_regression"}, "second_opinion": "none"},
    "mix": {"judge_probabilities": [0.7]},
}


def project(root: Path, synthesizer: Synthesizer = "oracle") -> Project:
    return make_project(
        root, modality="table", synthesizer=synthesizer, train=(30, 12), held=40, per_split=20, **LINEAR
    )  # fmt: skip


def counts(*values: int) -> npt.NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


def test_rows_are_counted_and_plans_are_those_of_these_rows(tmp_path: Path) -> None:
    rows = SearchRows.read(project(tmp_path))
    assert rows.counts.tolist() == [30, 12]
    assert rows.accepted.counts().tolist() == [40, 40]
    plan = rows.adapt(Plan(2.0, counts(5, 9), counts(5, 9)))  # of other rows
    assert plan.wanted.tolist() == [30, 48]
    assert plan.counts.tolist() == [30, 40]  # no more than was accepted


def test_a_threshold_is_of_the_judge(tmp_path: Path) -> None:
    rows = SearchRows.read(project(tmp_path, "mixed"))
    assert rows.accepted.counts(0.7).tolist() == [40, 40]
    sure = rows.adapt(Plan(2.0, counts(5, 9), counts(5, 9), threshold=0.7))
    assert sure.counts.tolist() == [30, 40]
    assert rows.accepted.counts().sum() == 160


def test_as_many_rows_are_held_as_a_plan_or_the_arm_without_real_rows_may_ask_for(tmp_path: Path) -> None:
    rows = SearchRows.read(project(tmp_path))
    held = rows.hold([Plan(1.0, counts(0, 18), counts(0, 18))])
    assert held.samples.label_indices(rows.project.spec()).tolist() == [0] * 30 + [1] * 18
    assert len(held.of(Plan(1.0, counts(0, 18), counts(0, 18)))) == 18


@pytest.mark.parametrize(("synthesizer", "helps"), [("oracle", True), ("harmful", False)])
def test_rows_of_a_plan_are_trained_on_and_validation_rows_predicted(
    tmp_path: Path, synthesizer: Synthesizer, helps: bool
) -> None:
    rows = SearchRows.read(project(tmp_path, synthesizer))
    plan = Plan(1.0, counts(0, 18), counts(0, 18))
    train = rows.trainer(rows.hold([plan]), device="cpu", root=tmp_path)
    found = train(plan, [1, 2])
    assert found.shape == (2, len(rows.validation), 2)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-5)
    none = train(Plan(0.0, counts(0, 0), counts(0, 0)), [1])
    labels = rows.validation.labels
    own = np.arange(len(labels)), labels
    assert (np.log(found[0][own]).mean() > np.log(none[0][own]).mean()) is np.bool_(helps)
