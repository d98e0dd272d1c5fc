"""The lines of docs/schedule.md that hand on a published version with DVC and Git, in a project with a local remote."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gan_augment.project.layout import Project
from gan_augment.stages import export
from tests.finished_project import write_project

PAGE = Path(__file__).parents[2] / "docs/schedule.md"


def lines() -> str:
    block = re.search(
        r"^```sh\n(gan-augment publish.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert block is not None
    return block[1]


@pytest.fixture
def shell(tmp_path: Path, command_line: None) -> Path:
    """A project whose `export` is a stage's output, with a Git origin and a DVC remote of its own."""
    project = write_project(tmp_path / "p", verdict="helps")
    root = project.layout.root
    with (root / "params.yaml").open("a") as params:
        params.write("publish: {to: ../published, require: helps}\n")
    export.run(Project.open(root))
    stage = {"cmd": "true", "outs": ["export"]}
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"export": stage}}))
    say("git init -q && git init -q --bare ../origin && git remote add origin ../origin && dvc init -q", root)
    say("dvc remote add -q -d store ../store && dvc commit -q -f export && git add . && git commit -qm first", root)
    say("git push -q -u origin main", root)
    return root


def say(command: str, cwd: Path) -> str:
    done = subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_what_passed_is_pushed_and_tagged(shell: Path) -> None:
    (shell / "dvc.lock").write_text((shell / "dvc.lock").read_text() + "# of a new run\n")
    say(lines(), shell)
    say("git clone -q ../origin ../reader && cd ../reader && git checkout -q v1.2 && dvc pull -q export", shell)
    assert (shell / "../reader/export/index.json").read_bytes() == (shell / "export/index.json").read_bytes()
    assert (shell / "../published/current/index.json").exists()


def test_what_did_not_pass_goes_nowhere(shell: Path) -> None:
    index = (shell / "export/index.json").read_text()
    assert '"measured"' in index
    (shell / "export/index.json").write_text(index.replace('"measured"', '"refused"'))
    done = subprocess.run(["bash", "-c", lines()], cwd=shell, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert not (shell.parent / "store").exists()
    assert say("git ls-remote --tags origin", shell) == ""
