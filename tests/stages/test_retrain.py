"""`retrain`: predictions of the test rows by arms that validation chose, without a test label in reach."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import ParamsError
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.samples import read_samples
from gan_augment.project.layout import Project
from gan_augment.stages import mix, retrain
from tests.stages.downstream_project import make_project
from tests.stages.measured import IMAGE, run_all, table_project


def test_predictions_are_probabilities_of_the_test_rows_for_every_seed(table: tuple[Project, Any]) -> None:
    layout = table[0].layout
    record = read_arm(layout.predictions("cheap"))
    assert list(record.test_ids) == read_samples(layout.test_inputs).manifest["id"].tolist()
    test = read_probabilities(layout.predictions("cheap"), "first", "test")
    validation = read_probabilities(layout.predictions("cheap"), "first", "validation")
    assert test.shape == (2, 40, 2)
    assert validation.shape == (len(record.families["first"].variants), 2, 40, 2)
    np.testing.assert_allclose(test.sum(axis=2), 1, atol=1e-5)


def test_test_inputs_change_no_choice(tmp_path: Path, table: tuple[Project, Any]) -> None:
    project = table_project(tmp_path)
    manifest = read_samples(project.layout.test_inputs)
    assert isinstance(manifest.payload, pd.DataFrame)
    rows = manifest.payload
    numeric = rows.select_dtypes("number").columns
    rows[numeric] = rows[numeric] * 100
    rows.to_parquet(project.layout.test_inputs / "rows.parquet", index=False)
    mix.run(project)
    retrain.run(project, "cheap")
    for family_file in ("first_validation.npy", "arm.json"):
        ours, theirs = (found.layout.predictions("cheap") / family_file for found in (project, table[0]))
        assert file_hash(ours) == file_hash(theirs)


def test_another_seed_gives_other_classifiers(tmp_path: Path, table: tuple[Project, Any]) -> None:
    shutil.copytree(table[0].layout.root, tmp_path / "p")
    params = yaml.safe_load((tmp_path / "p/params.yaml").read_text())
    params["retrain"]["classifier"] = {"kind": "random_forest", "trees": 5}
    found = []
    for seed in (0, 1, 0):
        (tmp_path / "p/params.yaml").write_text(yaml.safe_dump(params | {"base": {"seed": seed, "device": "cpu"}}))
        project = Project.open(tmp_path / "p")
        retrain.run(project, "real")
        found.append(read_probabilities(project.layout.predictions("real"), "first", "test"))
    assert (found[0] == found[2]).all()
    assert (found[0] != found[1]).any()


def test_an_arm_outside_the_params_is_refused(table: tuple[Project, Any]) -> None:
    with pytest.raises(ParamsError, match="real_classical"):
        retrain.run(table[0], "real_magic")


def test_a_killed_retrain_leaves_the_old_predictions(
    tmp_path: Path, table: tuple[Project, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(table[0].layout.root, tmp_path / "p")
    project = Project.open(tmp_path / "p")
    before = file_hash(project.layout.predictions("real"))
    monkeypatch.setattr(retrain, "write_probabilities", _killed)
    with pytest.raises(KeyboardInterrupt):
        retrain.run(project, "real")
    assert file_hash(project.layout.predictions("real")) == before
    assert not list(project.layout.predictions("real").parent.glob(".*"))


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_modes_are_variants_that_validation_chooses_among(tmp_path: Path) -> None:
    sections = {
        **IMAGE,
        "retrain": {**IMAGE["retrain"], "modes": ["pooled", "fine_tuned"], "arms": ["real", "real_synthetic"]},
    }
    project = make_project(tmp_path, **sections)
    measured = run_all(project)
    families = read_arm(project.layout.predictions("real_synthetic")).families
    names = {family: [variant.name for variant in found.variants] for family, found in families.items()}
    tuned = ["natural, fine-tuned", "balanced, fine-tuned"]
    assert names == {"first": ["natural", "balanced", *tuned], "second": ["natural", "balanced"]}  # no steps, no order
    losses = [variant.validation_loss for variant in families["first"].variants]
    assert families["first"].chosen == int(np.argmin(losses))
    assert len(set(losses)) == 4
    assert measured["gain"]["synthetic_variant"] == families["first"].best.described
