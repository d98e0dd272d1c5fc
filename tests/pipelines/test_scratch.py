"""The scratch folder: git ignores it, and a lane's log holds its last run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pipelines.scratch import LaneLogs, scratch_folder


def test_git_ignores_all_of_it_and_what_the_user_wrote_there_stays(tmp_path: Path) -> None:
    folder = scratch_folder(tmp_path)
    (folder / "x").write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    seen = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert seen.stdout == ""
    (folder / ".gitignore").write_text("mine\n")
    assert scratch_folder(tmp_path) == folder
    assert (folder / ".gitignore").read_text() == "mine\n"


def test_a_log_begins_anew_and_grows_line_by_line(tmp_path: Path) -> None:
    logs = LaneLogs(tmp_path)
    for text in ("old", "new"):
        logs.begin("generate@a")
        logs.line("generate@a", text)
        logs.line("generate@a", "ü")
    assert logs.path("generate@a").read_text(encoding="utf-8") == "new\nü\n"


def test_each_lane_has_a_file_in_the_folder_whatever_its_name(tmp_path: Path) -> None:
    logs = LaneLogs(tmp_path)
    for lane in ("generate@a", "generate@b", "../../generate"):
        logs.begin(lane)
        assert logs.path(lane).parent == tmp_path / ".gan_augment/logs"
    assert len(list((tmp_path / ".gan_augment/logs").iterdir())) == 3
