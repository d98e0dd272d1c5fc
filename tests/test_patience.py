"""A busy machine fails no test: no test asserts how long something took, and what it waits for has time."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.patience import FOREVER, HANG, wait_until

TESTS = Path(__file__).parent
FILES = sorted(path for path in TESTS.rglob("*.py") if path != TESTS / "patience.py")
CLOCKS = {"monotonic", "perf_counter", "time", "monotonic_ns", "perf_counter_ns", "time_ns"}
WAITS = {"wait", "join", "communicate", "timeout"}


def named(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def seconds(node: ast.expr) -> float:
    """A literal number; for anything else as good as infinite."""
    literal = isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value is not True
    return float(node.value) if literal else float("inf")  # type: ignore[attr-defined]


def impatient(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert | ast.While) and any(map(reads_clock, ast.walk(node.test))):
            yield f"line {node.lineno}: a condition on the clock; use tests.patience.wait_until, or no time at all"
        if isinstance(node, ast.Call):
            yield from (f"line {node.lineno}: {problem}" for problem in impatient_call(node))


def reads_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and named(node.func) in CLOCKS and not node.args


def impatient_call(call: ast.Call) -> Iterator[str]:
    name, keywords = named(call.func), {word.arg: word.value for word in call.keywords if word.arg}
    if name == "settings" and seconds(keywords.get("deadline", ast.Constant(None))) < float("inf"):
        yield "a deadline for examples; tests/conftest.py has the one profile"
    if name == "settings" and "too_slow" not in ast.dump(keywords.get("suppress_health_check", ast.Name("too_slow"))):
        yield "a health check of speed; tests/conftest.py suppresses it, where a test does not say otherwise"
    limits = [value for key, value in keywords.items() if key.endswith("timeout")]
    limits += call.args[:1] if name in WAITS else []
    if any(seconds(limit) < HANG for limit in limits):
        yield f"a time-out below tests.patience.HANG ({HANG:g} s)"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_no_test_is_impatient(path: Path) -> None:
    assert list(impatient(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "assert time.monotonic() - begun < 30",
        "while not done() and perf_counter() < deadline: pass",
        "@settings(max_examples=3, deadline=200)\ndef f(): pass",
        "@settings(suppress_health_check=[HealthCheck.data_too_large])\ndef f(): pass",
        "subprocess.run(command, timeout=60)",
        "process.wait(10)",
        "thread.join(5)",
        "pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]",
        "prefect_test_harness(server_startup_timeout=30)",
    ],
)
def test_the_rule_sees_every_kind(code: str) -> None:
    assert len(list(impatient(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code", ["process.wait()", "', '.join(words)", "run(x, timeout=HANG)", "@settings(max_examples=3)\ndef f(): pass"]
)
def test_the_rule_lets_the_patient_pass(code: str) -> None:
    assert list(impatient(ast.parse(code))) == []


def test_pytest_s_own_limit_is_above_every_wait() -> None:
    told = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert HANG < told["tool"]["pytest"]["ini_options"]["timeout"] < FOREVER


def test_the_profile_is_the_patient_one() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
    assert settings().database is None


def test_waiting_ends_when_it_came_true_or_cannot_any_more() -> None:
    tries = iter([False, False, True])
    assert wait_until(lambda: next(tries))
    assert not wait_until(lambda: False, over=lambda: True)
