"""pretrain, train_gan and generate with each kind of method: who serves a class, and what a refused class gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan_augment.core.checksums import list_checksums
from gan_augment.core.samples import read_samples
from gan_augment.project.layout import Project
from gan_augment.stages import generate, pretrain, train_gan
from tests.stages.downstream_project import make_project

SMALL: dict[str, Any] = {"batch_size": 32, "width": 64, "latent": 4, "checks": 2, "learning_rate": 3e-3}


def project(root: Path, method: str, train: tuple[int, ...] = (40, 40), **settings: Any) -> Project:
    return make_project(
        root,
        train=train,
        held=5,
        synthesis={"method": method, "settings": SMALL | settings},
        generate={"candidates": 70},
    )


def run(opened: Project, key: str) -> tuple[dict[str, Any], Any]:
    """served.json, and the candidates."""
    train_gan.run(opened, key)
    generate.run(opened, key)
    served = json.loads((opened.layout.train_gan(key) / "served.json").read_text())
    return served, read_samples(opened.layout.synthetic(key))


def test_a_method_of_one_class_trains_in_train_gan_and_is_judged_on_validation(tmp_path: Path) -> None:
    opened = project(tmp_path, "vanilla", kimg=4.8)
    pretrain.run(opened)
    assert {path.name for path in opened.layout.pretrain.iterdir()} == {"README", "SHA256SUMS", ".listed"}
    served, samples = run(opened, "digit-0")
    assert (served["served"], served["decision"]) == ("specialised", "not tried")
    assert len(samples) == 70
    assert set(samples.manifest["label"]) == {"0"}
    assert set(samples.manifest["method"]) == {"vanilla"}
    assert set(samples.manifest["model_hash"]) == {served["model_hash"]}
    curve = pd.read_csv(opened.layout.training_curve("digit-0"))
    assert len(curve) == 2
    assert curve["kid"].notna().all()  # the class's validation rows chose the snapshot
    assert not list(opened.layout.root.glob(".gan_augment/checkpoints/*"))


@pytest.mark.parametrize("method", ["vanilla", "infogan", "conditional"])
def test_a_class_that_was_not_learnt_is_not_synthesised_and_the_reason_is_written(
    tmp_path: Path, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = project(
        tmp_path, method, kimg=0.032, checks=1, **({"specialise_kimg": 0} if method == "conditional" else {})
    )
    pretrain.run(opened)
    served, samples = run(opened, "digit-1")
    assert served["served"] == "none"
    assert served["reason"].startswith("not synthesised: ")
    assert len(samples) == 0
    assert "Class '1' got no synthetic rows, because " in capsys.readouterr().out


def test_infogan_serves_the_classes_that_its_codes_found_and_no_other(tmp_path: Path) -> None:
    """No gate looks at its classes again: what the fit refused stays refused."""
    opened = project(tmp_path, "infogan", kimg=9.6)
    pretrain.run(opened)
    about = json.loads((opened.layout.pretrain / "model.json").read_text())
    about["summary"]["refused_classes"] = {"1": "no code stands for this class"}
    (opened.layout.pretrain / "model.json").write_text(json.dumps(about))
    list_checksums(opened.layout.pretrain)
    served, samples = run(opened, "digit-0")
    assert served["served"] == "joint"
    assert set(samples.manifest["label"]) == {"0"}
    assert len(samples) == 70
    served, samples = run(opened, "digit-1")
    assert (served["served"], served["reason"]) == ("none", "not synthesised: no code stands for this class")
    assert len(samples) == 0
