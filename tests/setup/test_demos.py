"""A demo that is about a method starts with it; others start with the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.data.config import DEMO_NAMES, DemoName, DemoSource, ImageFolderSource
from gan_augment.params import load_params
from gan_augment.setup.demos import demo_pool, demo_prepare, demo_values
from gan_augment.setup.initialise import write_project
from gan_augment.setup.inspect import inspect_demo
from gan_augment.synthesis.registry import method_names


def test_values_are_those_of_the_template_and_of_methods_that_there_are() -> None:
    for name in DEMO_NAMES:
        values = demo_values(DemoSource(name=name))
        assert values.get("method", "conditional") in method_names()
    assert demo_values(ImageFolderSource(path="x")) == demo_prepare(ImageFolderSource(path="x")) == {}
    assert demo_values(DemoSource(name="digits")) == {}


@pytest.mark.parametrize(("name", "target"), [("colour_digits", "label"), ("characters", "attributes")])
def test_such_a_project_is_written_and_read(name: DemoName, target: str, tmp_path: Path) -> None:
    write_project(tmp_path, inspect_demo(name), repository=False)
    params = load_params(tmp_path / "params.yaml")
    assert params.synthesis.method == "attribute_gan"
    assert params.prepare.target == target
    assert (params.retrain.seeds, params.measure.learning_curve) == (3, "never")


def test_where_the_judge_has_learnt_a_shortcut_it_rejects_nothing(tmp_path: Path) -> None:
    write_project(tmp_path, inspect_demo("stickers"), repository=False)
    params = load_params(tmp_path / "params.yaml")
    assert params.synthesis.method == "inpainting"
    assert not params.curate.judge.enabled
    assert params.curate.guard.refuse == ("moved",)
    assert params.measure.groups == ("group",)
    assert list(params.prepare.companions) == ["mask", "attributes"]
    write_project(tmp_path / "usual", inspect_demo("digits"), repository=False)
    usual = load_params(tmp_path / "usual/params.yaml")
    assert usual.curate.judge.enabled
    assert usual.curate.guard.refuse == ("moved", "kept", "conditioned")


def test_clips_have_their_companions_and_a_pool_of_clips(tmp_path: Path) -> None:
    write_project(tmp_path, inspect_demo("moving_digits"), repository=False)
    params = load_params(tmp_path / "params.yaml")
    assert params.synthesis.method == "next_frame"
    assert set(params.prepare.companions) == {"sequence", "mask"}
    assert params.prepare.pool == demo_pool("moving_digits")
    assert demo_pool("digits") is None
