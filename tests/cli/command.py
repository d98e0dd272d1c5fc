"""The command as tests call it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from gan_augment.cli.main import main

__all__ = ["Done", "run"]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path) -> Done:
    """The command in this process: the same `main`, without paying torch's import for every test."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.dict(os.environ),  # --quiet and --verbose are kept there
        mock.patch.object(sys, "argv", ["gan-augment", *arguments]),
        # Under `python -m pytest` the program would call itself that.
        mock.patch.object(sys.modules["__main__"], "__package__", None),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())
