"""`gan-augment draw`: the sheet and what its rows are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from gan_augment.core.png import decode_png
from tests.captioned_project import write_captioned_project
from tests.cli.command import run


def test_the_sheet_and_its_rows(tmp_path: Path) -> None:
    write_captioned_project(tmp_path)
    done = run("draw", "--caption", "left: red ink, black", "--count", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "row 1: left: red ink, black (class red)\nsheet: .gan_augment/draw.png\n"
    sheet = decode_png((tmp_path / ".gan_augment/draw.png").read_bytes())
    assert sheet.shape == (72, 3 * 68 + 4, 3)
    printed = json.loads(run("draw", "--class", "red", "--json", "--output", "x.png", cwd=tmp_path).stdout)
    assert printed["sheet"] == "x.png"
    assert printed["rows"] == [{"row": 1, "caption": None, "class": "red", "note": ""}]
    assert np.unique(decode_png((tmp_path / "x.png").read_bytes())).size > 2


def test_a_place_that_takes_no_sheet_is_told_before_any_work(tmp_path: Path) -> None:
    write_captioned_project(tmp_path, trained=False)
    done = run("draw", "--output", "params.yaml/sheet.png", cwd=tmp_path)
    assert done.returncode == 2
    assert "The sheet cannot be written" in done.stderr
