"""`gan-augment compare`: folders, revisions and DVC experiments; the table, JSON, the page; mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.cli.compare import found_runs
from tests.cli.command import run
from tests.finished_project import write_project
from tests.studies.test_comparison import finished


def call(*words: str, cwd: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = [sys.executable, "-m", "dvc", *words[1:]] if words[0] == "dvc" else ["git", *identity, *words[1:]]
    env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "DVC_NO_ANALYTICS": "1"}
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, env=env)


def test_table_json_and_page(tmp_path: Path) -> None:
    finished(tmp_path, "weak", right=0.5, gain=1.0)
    finished(tmp_path, "strong", right=1.0, gain=6.0)
    done = run("compare", "weak", "strong", "--html", "out/page.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("strong") < done.stdout.index("weak")
    assert "paired" in done.stdout
    page = (tmp_path / "out/page.html").read_text(encoding="utf-8")
    assert "Against strong" in page
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["page.html"]
    board = json.loads(run("compare", "weak", "strong", "--json", cwd=tmp_path).stdout)
    assert [score["name"] for score in board["scores"]] == ["strong", "weak"]
    assert board["pairs"][0]["mean"] == pytest.approx(-50)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a project in a folder of it; the tag `before` has another gain, and its predictions in DVC."""
    root = tmp_path_factory.mktemp("repository")
    call("git", "init", "-q", cwd=root)
    finished(root, "project", right=0.5, gain=3.0)
    call("dvc", "init", "-q", "--subdir", cwd=root / "project")
    call("dvc", "add", "-q", "predictions", "data/prepared", cwd=root / "project")
    call("git", "add", "-f", "project/reports", "project/params.yaml", cwd=root)
    call("git", "add", "project/predictions.dvc", "project/data/prepared.dvc", "project/.dvc/config", cwd=root)
    call("git", "commit", "-qm", "first", cwd=root)
    call("git", "tag", "before", cwd=root)
    write_project(root / "project", gain=(7.0, 5.0, 9.0))
    return root


def test_a_revision_is_a_run_with_its_predictions(repository: Path) -> None:
    project = repository / "project"
    done = run("compare", "before", ".", "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    board = json.loads(done.stdout)
    assert [(score["name"], score["gain"]) for score in board["scores"]] == [(".", 7.0), ("before", 3.0)]
    assert board["pairs"][0]["mean"] == 0, board["pairs"]


def test_a_revision_without_predictions_is_listed_and_said_so(tmp_path: Path) -> None:
    write_project(tmp_path, gain=(3.0, 1.0, 5.0))
    call("git", "init", "-q", cwd=tmp_path)
    call("git", "add", "-f", "reports", "params.yaml", cwd=tmp_path)
    call("git", "commit", "-qm", "first", cwd=tmp_path)
    write_project(tmp_path / "now", gain=(7.0, 5.0, 9.0))
    done = run("compare", "HEAD", "now", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "HEAD: not paired, HEAD has no predictions" in done.stdout


def test_what_was_fetched_is_gone_afterwards(repository: Path) -> None:
    with found_runs(["before"], repository / "project") as folders:
        assert (folders["before"] / "reports/measure.json").is_file()
    assert not folders["before"].exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], "two different runs"),
        ([".", "."], "two different runs"),
        ([".", "nowhere"], "nowhere"),
        ([".", "empty"], "no measurement"),
        (["--", ".", "--output=x"], "no such run"),
    ],
)
def test_mistakes_end_with_2_and_no_traceback(repository: Path, arguments: list[str], message: str) -> None:
    (repository / "project/empty").mkdir(exist_ok=True)
    done = run("compare", *arguments, cwd=repository / "project")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (repository / "project/x").exists()


def test_outside_of_any_repository(tmp_path: Path) -> None:
    done = run("compare", "a", "b", cwd=tmp_path)
    assert done.returncode == 2
    assert "not a git repository" in done.stderr
