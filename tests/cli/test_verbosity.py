"""--quiet leaves answers and errors, --verbose adds what helps to find a fault."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest

from gan_augment.cli.verbosity import with_verbosity
from gan_augment.core.verbosity import VERBOSITY
from tests.cli.command import run
from tests.finished_project import write_project


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return write_project(tmp_path).layout.root


def test_a_stage_says_less_or_more(finished: Path) -> None:
    normal, quiet, verbose = (run("export", *flags, cwd=finished) for flags in ([], ["-q"], ["--verbose"]))
    assert [done.returncode for done in (normal, quiet, verbose)] == [0, 0, 0]
    assert normal.stdout.startswith("export: ")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert verbose.stdout == normal.stdout
    first, *_, last = verbose.stderr.splitlines()
    assert first.startswith("export: gan-augment ")
    assert "MiB at most" in last
    assert "torch" not in normal.stderr


def test_what_a_stage_starts_says_as_much(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VERBOSITY, "quiet")
    assert run("export", cwd=finished).stdout == ""
    assert run("export", "-v", cwd=finished).stdout != ""  # the option wins
    assert os.environ[VERBOSITY] == "quiet"


def test_quiet_init_writes_and_says_nothing(tmp_path: Path) -> None:
    done = run("init", "--demo", "penguins", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "params.yaml").exists()


def test_errors_are_said_always_and_traced_if_verbose(tmp_path: Path) -> None:
    quiet, verbose = (run("mix", flag, cwd=tmp_path) for flag in ("-q", "-v"))
    assert quiet.stderr.startswith("error: There is no params.yaml here")
    assert verbose.stderr.startswith("Traceback")
    assert verbose.stderr.endswith(quiet.stderr)
    assert (quiet.returncode, verbose.returncode) == (2, 2)


def test_quiet_and_verbose_exclude_each_other(tmp_path: Path) -> None:
    done = run("mix", "-q", "-v", cwd=tmp_path)
    assert done.returncode == 2
    assert "exclude each other" in done.stderr


def test_an_unknown_word_is_told_before_any_work(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VERBOSITY, "loud")
    done = run("export", cwd=finished)
    assert done.returncode == 2
    assert "quiet, normal or verbose" in done.stderr
    assert not (finished / "export").exists()


def test_the_command_keeps_its_own_options() -> None:
    def command(key: str, root: Path = Path()) -> None: ...

    assert list(inspect.signature(with_verbosity(command)).parameters) == ["key", "root", "quiet", "verbose"]
