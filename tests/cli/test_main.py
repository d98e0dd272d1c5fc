"""The command's end: how each way out of the parser becomes an exit code, and what is swallowed (nothing)."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
import pytest

from gan_augment.cli.main import main

APP = importlib.import_module("gan_augment.cli.app")


def code_of(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> int:
    """The exit code where the parser gives this back, or raises it."""

    def app(*, standalone_mode: bool) -> Any:
        assert standalone_mode is False
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(APP, "app", app)
    monkeypatch.setattr(sys, "argv", ["gan-augment", "watch"])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(("outcome", "code"), [(0, 0), (None, 0), ("a table", 0), (2, 2), (3, 3), (130, 130)])
def test_a_number_is_the_code_and_anything_else_is_success(
    monkeypatch: pytest.MonkeyPatch, outcome: Any, code: int
) -> None:
    assert code_of(monkeypatch, outcome) == code


def test_a_wrong_option_is_shown_with_the_parsers_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(monkeypatch, click.UsageError("No such option: --x")) == 2
    assert "No such option: --x" in capsys.readouterr().err


def test_ctrl_c_and_the_end_of_input_are_not_aborts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(monkeypatch, click.exceptions.Abort()) == 130
    ended = click.exceptions.Abort()
    ended.__cause__ = EOFError("No data left")
    assert code_of(monkeypatch, ended) == 1
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert "ended too early" in said
    assert "Aborted" not in said
