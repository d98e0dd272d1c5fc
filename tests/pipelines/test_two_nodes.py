"""Two Ray nodes that share no folder: own clones of a repository, an S3-compatible store on loopback as the remote."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.patience import HANG, wait_until
from tests.pipelines.fake_project import REPOSITORY, lock_of, run, stages_run
from tests.pipelines.test_local import tree

pytest.importorskip("ray")
pytest.importorskip("dvc_s3")
moto = pytest.importorskip("moto.server")
boto3: Any = pytest.importorskip("boto3")
pytestmark = [pytest.mark.nightly]

SECRETS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
LOOPBACK = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@b"]
FAN_OUT = {f"{stage}@{key}" for stage in ("train_gan", "generate") for key in ("cat", "dog", "real")}
ARMS = {"retrain@real", "retrain@cheap", "retrain@real_synthetic"}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The store's address; it has a bucket `lanes`."""
    for name, value in {**SECRETS, **LOOPBACK}.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    address = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            # The buckets are this process's, not this server's: another test's would leave nothing to do.
            urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
            break
        except OSError:
            time.sleep(0.1)
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="lanes")
    yield address
    server.stop()


@dataclass
class Site:
    """The coordinator's folder, and the cluster with a clone a node."""

    root: Path
    clones: list[Path]
    cluster: Any
    nodes: list[Any]

    def start(self, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipelines", "run", "--executor", "ray", "--clones", "--retries", "0"]
        environment = {"PYTHONPATH": str(REPOSITORY), "RAY_ADDRESS": self.cluster.address, **environment}
        return subprocess.Popen(
            command, cwd=self.root, env={**os.environ, **environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


@pytest.fixture
def site(project: Path, store: str, tmp_path: Path) -> Iterator[Site]:
    """A repository in which nothing has run, its two clones, a head without processors, and two nodes."""
    from ray.cluster_utils import Cluster

    run(project, "git", "init", "-q")
    (project / ".gitignore").write_text("/data/\n/models/\n/predictions/\n/export/\n/reports/\nran.log\n.failed_*\n")
    run(project, "dvc", "config", "core.no_scm", "false")
    run(project, "dvc", "config", "core.analytics", "false")
    run(project, "dvc", "remote", "add", "-d", "store", "s3://lanes/project")
    run(project, "dvc", "remote", "modify", "store", "endpointurl", store)
    run(project, "git", "add", "-A")
    run(project, "git", *IDENTITY, "commit", "-qm", "project")
    clones = [tmp_path / name for name in ("node0", "node1")]
    for clone in clones:
        run(tmp_path, "git", "clone", "-q", str(project), str(clone))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    variables = {"PYTHONPATH": str(REPOSITORY), "RAY_USAGE_STATS_ENABLED": "0"}
    seconds = {"FAKE_SECONDS": "3"}  # long enough to be killed in the middle of
    nodes = [
        cluster.add_node(num_cpus=1, env_vars={**variables, **seconds, "GAN_AUGMENT_CLONES": str(clone)})
        for clone in clones
    ]
    yield Site(project, clones, cluster, nodes)
    cluster.shutdown()


def test_lanes_run_on_both_nodes_and_the_coordinator_only_joins(site: Site, finished: Path) -> None:
    with site.start(FAKE_SECONDS="0") as process:
        said, _ = process.communicate(timeout=HANG)
    assert process.returncode == 0, said
    assert "was made here again" not in said
    ran = Counter(stage for folder in (site.root, *site.clones) for stage in stages_run(folder))
    assert set(ran.values()) == {1}, ran  # no lane was trained twice, by anybody
    assert FAN_OUT | ARMS | {"pretrain", "cross_fit", "rivals", "learning_curve"} == {
        stage for clone in site.clones for stage in stages_run(clone)
    }
    assert all(stages_run(clone) for clone in site.clones)
    assert lock_of(site.root) == lock_of(finished)
    assert tree(site.root) == tree(finished)


def test_a_node_that_is_killed_in_mid_lane_is_replaced(site: Site, finished: Path) -> None:
    left = site.clones[1]
    process = site.start()
    try:
        # Two nodes start first, which is long on a busy machine.
        begun = wait_until(
            lambda: any("@" in stage for stage in stages_run(site.clones[0])), lambda: process.poll() is not None
        )
        assert begun, process.communicate()[0]
        interrupted = (site.clones[0] / "ran.log").read_text().split()[-1]
        stop_node(site.nodes[0])
        said, _ = process.communicate(timeout=HANG)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert interrupted in stages_run(left)  # begun on the node that died, made on the one that is left
    assert {"measure", "report"} <= set(stages_run(site.root))
    assert lock_of(site.root) == lock_of(finished)
    assert tree(site.root) == tree(finished)


def stop_node(node: Any) -> None:
    """SIGKILL to everything of the node at once, as a power cut would."""
    raylets = [info.process.pid for infos in node.all_processes.values() for info in infos]
    family = [child for pid in raylets for child in psutil.Process(pid).children(recursive=True)]
    for process in [*(psutil.Process(pid) for pid in raylets), *family]:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
