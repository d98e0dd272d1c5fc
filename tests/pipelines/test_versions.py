"""The broken pairs are named with their remedy, and the environment that the tests run in has none."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError

import pytest

from pipelines.versions import version_problems

GOOD = {"dvc": "3.67.1", "prefect": "3.8.8", "fastapi": "0.150.0", "sqlalchemy": "2.0.58"}


def installed(**changes: str | None) -> Callable[[str], str]:
    versions = {**GOOD, **changes}

    def version(package: str) -> str:
        found = versions[package]
        if found is None:
            raise PackageNotFoundError(package)
        return found

    return version


def test_versions_that_were_tried_have_no_problem() -> None:
    assert version_problems(installed()) == []


@pytest.mark.parametrize(
    ("package", "version", "remedy"),
    [
        ("fastapi", "0.165.0", "fastapi>=0.139,<0.151"),
        ("fastapi", "0.151", "fastapi>=0.139,<0.151"),
        ("sqlalchemy", "2.1.9", "sqlalchemy[asyncio]>=2.0,<2.1"),
        ("sqlalchemy", "2.1.0b1", "sqlalchemy[asyncio]>=2.0,<2.1"),
        ("sqlalchemy", None, "sqlalchemy[asyncio]>=2.0,<2.1"),
        ("prefect", "2.20.1", "prefect>=3.8,<4"),
        ("dvc", "4.0", "dvc>=3.67,<4"),
        ("dvc", None, "dvc>=3.67,<4"),
    ],
)
def test_a_broken_version_is_named_with_its_remedy(package: str, version: str | None, remedy: str) -> None:
    (problem,) = version_problems(installed(**{package: version}))
    assert problem.what == package
    assert problem.state.startswith(version or "missing")
    assert remedy in problem.remedy


def test_prefect_may_be_absent_with_all_that_belongs_to_it() -> None:
    assert version_problems(installed(prefect=None, fastapi="0.165.0", sqlalchemy=None)) == []


def test_this_environment_keeps_to_the_caps() -> None:
    assert version_problems() == []


def test_prefects_server_imports_with_the_fastapi_that_is_installed() -> None:
    pytest.importorskip("prefect")
    assert importlib.import_module("prefect.server.api.server").create_app
