"""A method that starts from real samples, through the stages: settings checked, classes refused, parents written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import list_checksums
from gan_augment.core.samples import read_samples, write_samples
from gan_augment.project.layout import Project
from gan_augment.stages import generate, pretrain, train_gan
from tests.curation.toys import IMAGES, views

QUICK = {"l1_kimg": 0.04, "adversarial_kimg": 0, "width": 8, "blocks": 1, "checks": 1}


def project(root: Path, **settings: Any) -> Project:
    params = {
        "classes": {record.key: {"label": record.label} for record in IMAGES.classes},
        "prepare": {"source": {"kind": "demo", "name": "digits"}},
        "synthesis": {"method": "super_resolution", "settings": QUICK | settings},
        "generate": {"candidates": 40},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    opened = Project.open(root)
    train, validation = views(IMAGES)
    IMAGES.save(opened.layout.dataset)
    places = {opened.layout.train(record.key): train.samples.of_class(record.label) for record in IMAGES.classes}
    for place, samples in (places | {opened.layout.validation: validation.samples}).items():
        place.mkdir(parents=True)
        write_samples(place, samples)
    return opened


def refuse(opened: Project, **problems: str) -> None:
    about = read_json(opened.layout.pretrain / "model.json")
    about["summary"]["refused_classes"] = {str(opened.class_index(key)): text for key, text in problems.items()}
    write_json(opened.layout.pretrain / "model.json", about)
    list_checksums(opened.layout.pretrain)


def test_a_refused_class_gets_no_samples_and_the_others_get_theirs(tmp_path: Path) -> None:
    opened = project(tmp_path)
    pretrain.run(opened)
    refuse(opened, b="restored no better than bicubic")
    for key in ("a", "b"):
        train_gan.run(opened, key)
        generate.run(opened, key)
    served = read_json(opened.layout.train_gan("b") / "served.json")
    assert served["served"] == "none"
    assert served["reason"] == "not synthesised: restored no better than bicubic"
    assert len(read_samples(opened.layout.synthetic("b"))) == 0
    made = read_samples(opened.layout.synthetic("a"))
    assert len(made) == 40
    assert set(made.manifest["parents"]) == set(read_samples(opened.layout.train("a")).manifest["id"])
    assert np.asarray(made.payload).shape == (40, 8, 8, 1)


def test_a_refused_class_is_refused_where_specialisation_is_off_too(tmp_path: Path) -> None:
    opened = project(tmp_path)
    pretrain.run(opened)
    refuse(opened, a="not a number")
    params = yaml.safe_load((tmp_path / "params.yaml").read_text())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params | {"train_gan": {"specialise": False}}))
    train_gan.run(Project.open(tmp_path), "a")
    assert read_json(opened.layout.train_gan("a") / "served.json")["served"] == "none"
