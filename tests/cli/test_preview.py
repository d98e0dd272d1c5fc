"""`gan-augment preview`: where the page goes, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import run as command
from tests.studies.test_preview import project


def test_the_command_writes_outside_of_dvcs_sight(tmp_path: Path) -> None:
    project(tmp_path)
    done = command("preview", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "page: .gan_augment/preview.html" in done.stdout
    assert (tmp_path / ".gan_augment/preview.html").is_file()
    printed = json.loads(command("preview", "--json", "--html", "x.html", cwd=tmp_path).stdout)
    assert printed["page"] == "x.html"
    assert printed["rows"] == 57
    assert (tmp_path / "x.html").is_file()


def test_a_place_that_takes_no_page_is_told_before_any_work(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "taken").mkdir()
    done = command("preview", "--html", "taken", cwd=tmp_path)
    assert done.returncode == 2
    assert "The page cannot be written" in done.stderr
    assert list((tmp_path / "taken").iterdir()) == []
