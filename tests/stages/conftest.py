"""Finished runs that several files look at; nobody writes into them."""

from __future__ import annotations

from typing import Any

import pytest

from gan_augment.project.layout import Project
from tests.stages.measured import image_project, run_all, table_project


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    project = image_project(tmp_path_factory.mktemp("image"))
    return project, run_all(project)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    project = table_project(tmp_path_factory.mktemp("table"))
    return project, run_all(project)
