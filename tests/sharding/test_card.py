from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from gan_augment.core.records import Modality
from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, TABLE, task_of


@pytest.mark.parametrize("modality", ["image", "table"])
def test_croissant_validates_and_its_records_are_the_manifest(tmp_path: Path, modality: Modality) -> None:
    croissant = pytest.importorskip("mlcroissant")
    project = write_project(tmp_path / "p", modality=modality)
    export(task_of(project, IMAGE if modality == "image" else TABLE), tmp_path / "out")
    dataset = croissant.Dataset(jsonld=tmp_path / "out/croissant.json")
    assert not dataset.metadata.issues.errors
    records = [record["samples/id"].decode() for record in dataset.records("samples")]
    assert sorted(records) == sorted(pd.read_parquet(tmp_path / "out/manifest.parquet")["id"])
    described = {item.content_url for item in dataset.metadata.distribution}
    shards = {entry["file"] for entry in json.loads((tmp_path / "out/index.json").read_text())["shards"]}
    assert described == (shards - {"folder"}) | {"manifest.parquet"}


def front_matter(card: str) -> Any:
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_yaml_whatever_the_licence(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    task = task_of(project, IMAGE)
    licence = (
        'CC-BY: "quoted" # not a comment\n- 猫 😀 \x7f\x85\u2028 <script>alert(1)</script> ![x](http://x) `x` | ---'
    )
    task = dataclasses.replace(task, spec=task.spec.model_copy(update={"licence": licence}))
    export(task, tmp_path / "out")
    assert front_matter((tmp_path / "out/README.md").read_text())["license_name"] == licence
    body = (tmp_path / "out/README.md").read_text().partition("## Licence")[2]
    assert "<script>" not in body
    assert "![x]" not in body
    assert len(body.strip().splitlines()) == 1
    assert json.loads((tmp_path / "out/croissant.json").read_text())["license"] == licence


def test_the_card_names_models_seeds_verdict_and_limits(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    export(task_of(project, IMAGE), tmp_path / "out")
    card = (tmp_path / "out/README.md").read_text()
    for fact in ("1111111111111111", "conditional", "| 8 |", "Synthetic data: helps", "Limits", "never to validate"):
        assert fact in card
