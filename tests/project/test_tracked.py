"""A pool in params.yaml that dvc.yaml does not name is refused, before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import ParamsError
from gan_augment.data.config import PrepareConfig
from gan_augment.project.tracked import check_pool_is_tracked, has_rivals_stage
from gan_augment.stages import prepare
from tests.stages.test_prepare import project

PHOTOS = {"kind": "image_folder", "path": "photos"}
POOLED = PrepareConfig.model_validate({"source": PHOTOS, "pool": {**PHOTOS, "path": "unlabelled"}})


def test_dvc_must_know_the_pool(tmp_path: Path) -> None:
    check_pool_is_tracked(tmp_path, POOLED)  # no DVC project
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    check_pool_is_tracked(tmp_path, PrepareConfig.model_validate({"source": PHOTOS}))
    with pytest.raises(ParamsError, match="does not name it"):
        check_pool_is_tracked(tmp_path, POOLED)
    (tmp_path / "dvc.yaml").write_text("outs: [data/prepared/pool]\n")
    check_pool_is_tracked(tmp_path, POOLED)
    with pytest.raises(ParamsError, match="names one"):
        check_pool_is_tracked(tmp_path, PrepareConfig.model_validate({"source": PHOTOS}))


def test_the_stage_asks_before_it_reads(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    opened = project(tmp_path, ["cat", "dog"], PHOTOS, pool={**PHOTOS, "path": "unlabelled"})
    with pytest.raises(ParamsError, match="does not name it"):
        prepare.run(opened)


def test_a_dvc_yaml_of_before_has_no_stage_for_rivals(tmp_path: Path) -> None:
    assert has_rivals_stage(tmp_path)  # no DVC project
    (tmp_path / "dvc.yaml").write_text("stages: {mix: {cmd: gan-augment mix}}\n")
    assert not has_rivals_stage(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages: {rivals: {cmd: gan-augment rivals}}\n")
    assert has_rivals_stage(tmp_path)
