"""Attributes from the train rows to the candidates: stages read them for a method that needs them, and pass them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan_augment.core.checksums import list_checksums
from gan_augment.core.errors import MethodError
from gan_augment.core.samples import read_samples, roles_in, write_samples
from gan_augment.project.layout import Project
from gan_augment.stages import curate, generate, pretrain, train_gan
from tests.settings import METHODS
from tests.stages.downstream_project import write_params
from tests.toys import attribute_toy, image_toy

LEARNS = {"kimg": 12.8, "width": 64, "learning_rate": 3e-3}


def project(root: Path, toy: Any = attribute_toy, **settings: Any) -> Project:
    train, validation = toy()
    spec = train.spec.model_copy(update={"name": "digits"})
    prepared = root / "data/prepared"
    parts = {f"train/{record.key}": train.of_class(index) for index, record in enumerate(train.spec.classes)}
    for name, view in (parts | {"validation": validation}).items():
        (prepared / name).mkdir(parents=True)
        write_samples(prepared / name, view.samples)
    spec.save(prepared / "dataset.json")
    own = {"method": "attribute_gan", "settings": METHODS["attribute_gan"].settings | settings}
    write_params(root, spec, {"synthesis": own, "generate": {"candidates": 70}, "curate": {"judged_by": {"steps": 5}}})
    return Project.open(root)


def refuse(opened: Project, reasons: dict[str, str]) -> None:
    """Make the joint model refuse these classes and no others, whatever so short a training came to."""
    path = opened.layout.pretrain / "model.json"
    about = json.loads(path.read_text())
    about["summary"]["refused_classes"] = reasons
    path.write_text(json.dumps(about))
    list_checksums(opened.layout.pretrain)


def test_candidates_carry_their_attributes_through_curation(tmp_path: Path) -> None:
    """Also where another class has no candidates, and so nothing beside them."""
    opened = project(tmp_path, **LEARNS, combinations=[{"ink": "blue", "paper": "white"}], min_precision=0)
    pretrain.run(opened)
    refuse(opened, {"1": "badly drawn"})
    for key in ("red", "green-blue"):
        train_gan.run(opened, key)
        generate.run(opened, key)
    samples = read_samples(opened.layout.synthetic("red"), companions=["attributes"])
    attributes = pd.DataFrame(samples.companions["attributes"])
    assert len(samples) == 70
    assert attributes.drop_duplicates().to_numpy().tolist() == [["blue", "white"]]
    curate.run(opened)
    curated = read_samples(opened.layout.curated, companions=roles_in(opened.layout.curated))
    assert len(curated) > 0
    assert set(pd.DataFrame(curated.companions["attributes"])["ink"]) == {"blue"}


def test_rows_without_attributes_are_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="attributes"):
        pretrain.run(project(tmp_path, image_toy))
