"""The examples in docstrings run, and every public entry point has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

import gan_augment
from gan_augment import sharding, tabular
from gan_augment.sharding.export import export
from gan_augment.tabular import privacy
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of

PACKAGE = Path(gan_augment.__file__).parent
CLASSES = ("cat", "dog")


def modules_with_examples() -> list[str]:
    found = (path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8"))
    parts = (path.relative_to(PACKAGE.parent).with_suffix("").parts for path in found)
    return [".".join(names[:-1] if names[-1] == "__init__" else names) for names in parts]


def entry_points() -> list[Any]:
    return [
        *(gan_augment.load, gan_augment.SyntheticMix, sharding.verify, privacy.privacy_signals),
        *(tabular.TableSynthesizer, tabular.SyntheticOverSampler, tabular.choose_augmentation),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which examples run, with the folder `export` that they read."""
    root = tmp_path_factory.mktemp("examples")
    project = write_project(root / "project", labels=CLASSES, keys=CLASSES, real=(12, 4))
    export(task_of(project, IMAGE), root / "export")
    return root


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.attempted > 0, "an example that doctest does not find"
    assert result.failed == 0


@pytest.mark.parametrize("item", entry_points(), ids=lambda item: item.__name__)
def test_every_entry_point_has_an_example(item: Any) -> None:
    assert doctest.DocTestParser().get_examples(inspect.getdoc(item) or ""), item
