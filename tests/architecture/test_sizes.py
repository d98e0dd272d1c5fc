"""The small scale: short functions, and a test file at the mirrored path. The allow-lists only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.pipelines.fake_project import REPOSITORY

PACKAGES = ("gan_augment", "pipelines")
LONGEST = 60  # lines of a function
MEDIAN, PERCENTILE_90 = 7, 19
# Modules without a test file at the mirrored path. May only fall.
WITHOUT_OWN_TEST = 21


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def function_lengths() -> dict[str, int]:
    """Lines from `def` to the last one without the docstring; a Protocol's methods and nested functions count, too."""
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}"
                found[name] = lines_of(node) - (lines_of(node.body[0]) if ast.get_docstring(node) else 0)
    return found


def lines_of(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_functions_are_short() -> None:
    lengths = function_lengths()
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
    assert np.median(list(lengths.values())) <= MEDIAN
    assert np.percentile(list(lengths.values()), 90) <= PERCENTILE_90


def without_own_test() -> list[str]:
    return [
        str(path.relative_to(REPOSITORY))
        for path in sources()
        if not path.name.startswith("__")
        and not (REPOSITORY / "tests" / mirrored(path) / f"test_{path.stem.lstrip('_')}.py").exists()
    ]


def mirrored(path: Path) -> Path:
    """Folder of a module's tests, relative to tests/."""
    folder = path.relative_to(REPOSITORY).parent
    return folder if folder.parts[0] == "pipelines" else Path(*folder.parts[1:])


def test_modules_have_a_test_file_at_the_mirrored_path() -> None:
    missing = without_own_test()
    assert len(missing) == WITHOUT_OWN_TEST, "lower the number with each test file\n" + "\n".join(missing)
