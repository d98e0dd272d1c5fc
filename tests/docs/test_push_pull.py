"""The lines of docs/consume.md about a clone, in a project with fake stages and the remote that `init` sets up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from gan_augment.setup.initialise import repository_commands
from tests.docs.test_consume import PAGE
from tests.pipelines.fake_project import run, stages_run, write_project


def test_a_clone_has_everything_without_training(tmp_path: Path) -> None:
    block = re.search(r"^```sh\n(git add .*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert block is not None
    root = tmp_path / "project"
    root.mkdir()
    for command in repository_commands(root):
        run(root, *command)
    write_project(root)
    (root / ".gitignore").write_text("/ran.log\n")
    for word, value in {"email": "t@example.org", "name": "t"}.items():
        run(root, "git", "config", f"user.{word}", value)
    run(root, "dvc", "repro", "--quiet")
    trained = stages_run(root)
    assert len(trained) > 10
    done = run(root, "bash", "-ec", block[1])
    assert "Data and pipelines are up to date" in done.stdout
    clone = tmp_path / "clone"
    assert stages_run(clone) == []  # and it was no accident that the remote lay beside both
    assert (tmp_path / "project-dvc-store").is_dir()
    same = subprocess.run(["diff", "-r", root / "export", clone / "export"], check=False)
    assert same.returncode == 0
