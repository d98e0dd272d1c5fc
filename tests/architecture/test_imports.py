"""Imports as a picture of the rooms: no circle, nothing private from another folder, every module alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grimp
import networkx as nx
import pytest

from tests.patience import HANG
from tests.pipelines.fake_project import REPOSITORY

RUNS_AT_IMPORT = {"gan_augment.__main__", "pipelines.__main__"}
NEEDS_AN_EXTRA = {"pipelines.on_ray"}  # imports ray


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Imports for type checkers are imports: two files that know each other's types are one file."""
    return grimp.build_graph("gan_augment", "pipelines", cache_dir=None)


def edges(imports: grimp.ImportGraph) -> list[tuple[str, str]]:
    return [(name, other) for name in imports.modules for other in imports.find_modules_directly_imported_by(name)]


def test_there_is_no_circle(imports: grimp.ImportGraph) -> None:
    circles = [sorted(part) for part in nx.strongly_connected_components(nx.DiGraph(edges(imports))) if len(part) > 1]
    assert sorted(circles) == []


def test_no_private_module_is_imported_from_another_folder(imports: grimp.ImportGraph) -> None:
    def is_private(name: str) -> bool:
        last = name.rpartition(".")[2]
        return last.startswith("_") and not last.startswith("__")

    def folder(name: str) -> str:
        return name.rpartition(".")[0]

    assert [(a, b) for a, b in edges(imports) if is_private(b) and folder(a) != folder(b)] == []


def test_each_module_can_be_imported_first(imports: grimp.ImportGraph) -> None:
    graph = nx.DiGraph([(other, name) for name, other in edges(imports)])
    graph.add_nodes_from(imports.modules)
    modules = [
        name for name in nx.lexicographical_topological_sort(graph) if name not in RUNS_AT_IMPORT | NEEDS_AN_EXTRA
    ]
    assert len(modules) > 300
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("import_each.py")],
        input="\n".join(modules),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_folder_of_stages_holds_the_stages() -> None:
    from gan_augment.setup.code import CODE

    files = {path.stem for path in (REPOSITORY / "gan_augment/stages").glob("*.py")} - {"__init__"}
    assert files == set(CODE)


def test_a_folder_is_a_package(imports: grimp.ImportGraph) -> None:
    for name in imports.modules:
        path = REPOSITORY.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), name


def test_a_method_of_several_files_is_a_folder() -> None:
    for room in ("generators", "translators"):
        for path in sorted(Path(REPOSITORY, "gan_augment/synthesis", room).iterdir()):
            assert not path.name.startswith("_") or path.name.startswith("__"), f"{path}: a folder, or the kit"
            if path.is_dir() and not path.name.startswith("__"):
                assert (path / "method.py").exists(), path
