"""`pretrain`: one model over all classes, or none where a method has one a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.errors import MethodError
from gan_augment.project.layout import Project
from gan_augment.project.training import check_method
from gan_augment.stages import pretrain
from gan_augment.synthesis.generators.copula import Copula, FittedCopula
from tests.stages.downstream_project import make_project
from tests.stages.test_translator import project as image_project


def table(root: Path, method: str = "copula", **sections: Any) -> Project:
    sections = {"synthesis": {"method": method}} | sections
    return make_project(root, modality="table", train=(30, 12), held=5, **sections)


def test_the_model_is_that_of_its_seed_and_loads_again(tmp_path: Path) -> None:
    first, same = table(tmp_path / "first"), table(tmp_path / "same")
    other = table(tmp_path / "other", base={"seed": 7, "device": "cpu"})
    for opened in (first, same, other):
        pretrain.run(opened)
    hashes = [file_hash(opened.layout.pretrain) for opened in (first, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert read_json(first.layout.pretrain / "model.json")["method"] == "copula"
    assert Copula().load(first.layout.pretrain, first.spec()).copulas.counts.tolist() == [30, 12]
    assert first.layout.training_curve("pretrain").exists()


def test_a_method_of_one_class_leaves_a_note_and_a_curve_without_rows(tmp_path: Path) -> None:
    opened = make_project(tmp_path, train=(6, 6), held=5, synthesis={"method": "vanilla"})
    pretrain.run(opened)
    assert "one model a class" in (opened.layout.pretrain / "README").read_text()
    assert not (opened.layout.pretrain / "model.json").exists()
    assert len(pd.read_csv(opened.layout.training_curve("pretrain"))) == 0


def test_a_run_that_ends_early_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = table(tmp_path)
    pretrain.run(opened)
    before = file_hash(opened.layout.pretrain)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FittedCopula, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain.run(opened)
    assert file_hash(opened.layout.pretrain) == before


def test_settings_that_do_not_fit_the_images_are_refused_before_training(tmp_path: Path) -> None:
    opened = image_project(tmp_path, factor=4)
    with pytest.raises(MethodError, match="too small"):
        check_method(opened.params, opened.spec())
    with pytest.raises(MethodError, match="too small"):
        pretrain.run(opened)
