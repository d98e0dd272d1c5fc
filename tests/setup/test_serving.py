"""Which methods a data set can serve, at the end of `init` and in the list of methods."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from gan_augment.setup.inspect import inspect_demo, inspect_path
from gan_augment.setup.serving import readiness, served_methods
from gan_augment.synthesis.generators.infogan.method import Infogan
from gan_augment.synthesis.registry import resolve_method
from tests.cli.command import run
from tests.setup.test_pool import with_pool


def test_a_method_that_must_have_a_pool_is_ready_with_one_alone(tmp_path: Path) -> None:
    findings = inspect_path(with_pool(tmp_path))
    without = findings.spec.model_copy(update={"pool": None})
    hungry = mock.Mock(wraps=Infogan(), traits=Infogan.traits.__class__(**{**vars(Infogan.traits), "pool": "must"}))
    assert readiness(hungry, findings.spec) == "ready"
    assert readiness(hungry, without) == "needs pool"
    assert readiness(Infogan(), without) == "ready"


def test_init_ends_with_the_methods_that_the_data_can_serve(tmp_path: Path) -> None:
    done = run("init", str(with_pool(tmp_path)), "-C", str(tmp_path / "project"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (served,) = [
        line for line in (done.stdout + done.stderr).splitlines() if "methods that this data can serve" in line
    ]
    assert "conditional, " in served
    assert "the pool is learnt from by infogan (synthesis.method" in done.stdout + done.stderr
    ready, _ = served_methods(inspect_path(tmp_path / "photos").spec)
    assert {"conditional", "infogan", "vanilla"} <= set(ready)
    assert "smote" not in ready


def test_settings_that_do_not_fit_are_told_apart_from_data_that_is_missing() -> None:
    spec = inspect_demo("digits").spec
    assert readiness(resolve_method("super_resolution"), spec) in ("ready", "needs other settings")
    strict = mock.Mock(wraps=Infogan(), traits=Infogan.traits)
    strict.Config = lambda: Infogan.Config.model_validate({"codes": 2})
    assert readiness(strict, spec) == "needs other settings"


def test_a_look_at_the_data_knows_what_lies_beside_the_images() -> None:
    ready, others = served_methods(inspect_demo("colour_digits").spec)
    assert "attribute_gan" in ready
    assert not any("attributes" in needed for needed in others.values())
