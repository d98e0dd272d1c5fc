"""What docs/consume.md says about DVC: another repository gets, imports and opens an export, from disk and from S3."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gan_augment
from gan_augment.sharding import verify
from gan_augment.sharding.export import export
from tests.docs.test_consume import PAGE
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of

pytestmark = pytest.mark.nightly
QUIET = {"DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")


def call(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    words = [sys.executable, "-m", "dvc", *command[1:]] if command[0] == "dvc" else list(command)
    done = subprocess.run(
        words, cwd=cwd, env=os.environ | QUIET | (env or {}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def producer(root: Path, remote: str, env: dict[str, str], options: dict[str, str]) -> Path:
    """A repository that has exported, committed and pushed."""
    repo = root / "producer"
    project = write_project(repo)
    export(task_of(project, IMAGE), repo / "export")
    call("git", *IDENTITY, "init", "-q", cwd=repo)
    call("dvc", "init", "-q", cwd=repo)
    call("dvc", "remote", "add", "-d", "store", remote, cwd=repo)
    for name, value in options.items():
        call("dvc", "remote", "modify", "store", name, value, cwd=repo)
    call("dvc", "add", "-q", "export", cwd=repo)
    call("git", "add", ".dvc", "export.dvc", ".gitignore", cwd=repo)
    call("git", *IDENTITY, "commit", "-qm", "export", cwd=repo)
    call("git", "tag", "v1.2", cwd=repo)
    call("dvc", "push", "-q", cwd=repo, env=env)
    subprocess.run(["rm", "-rf", ".dvc/cache", "export"], cwd=repo, check=True)  # only the remote has it now
    return repo


def consumer(root: Path) -> Path:
    repo = root / "consumer"
    repo.mkdir()
    call("git", *IDENTITY, "init", "-q", cwd=repo)
    call("dvc", "init", "-q", cwd=repo)
    return repo


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3-compatible store on loopback with one bucket; gives its address."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("dvc_s3")
    boto3: Any = pytest.importorskip("boto3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    server.start()
    address = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(address).close()
            break
        except OSError:
            time.sleep(0.1)
    secrets = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **secrets).create_bucket(Bucket="shards")
    yield address
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def repositories(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path, dict[str, str]]:
    """(producer, consumer, environment)."""
    if request.param == "disk":
        return producer(tmp_path, str(tmp_path / "store"), {}, {}), consumer(tmp_path), {}
    address = request.getfixturevalue("s3")
    env = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    env |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    options = {"endpointurl": address}
    return producer(tmp_path, "s3://shards/project", env, options), consumer(tmp_path), env


def documented(heading: str, language: str) -> str:
    body = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL))


def test_another_repository_gets_imports_and_opens_the_export(
    repositories: tuple[Path, Path, dict[str, str]],
) -> None:
    source, repo, env = repositories
    commands = [
        line.split("#")[0].split() for line in documented("From another repository, with DVC", "sh").splitlines()
    ]
    get, imported, one_file = ([str(source) if "example.org" in word else word for word in line] for line in commands)
    call(*get, cwd=repo, env=env)
    assert verify(repo / "train-data") > 10
    assert len(gan_augment.load(repo / "train-data", "numpy").y) == 72
    subprocess.run(["rm", "-rf", "train-data"], cwd=repo, check=True)
    call(*imported, cwd=repo, env=env)
    assert verify(repo / "train-data") > 10
    assert (repo / "train-data.dvc").exists()
    call(*one_file, cwd=repo, env=env)
    assert (repo / "index.json").exists()
    code = documented("From another repository, with DVC", "py").replace("https://example.org/project.git", str(source))
    script = repo / "job.py"
    script.write_text(code + "\nprint(len(manifest))\n", encoding="utf-8")
    assert call(sys.executable, script, cwd=repo, env=env).split()[-1] == "72"
    manifest = pd.read_parquet(repo / "train-data/manifest.parquet")
    shards = {Path(name).name for name in manifest["shard"]}
    assert {path.name for path in (repo / "shards").rglob("*.tar")} == shards
