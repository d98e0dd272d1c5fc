"""The gate at the end of a run: asked only where a run made an export and params.yaml names a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import DataError
from gan_augment.stages.export import run
from pipelines.plan import Lane, Plan
from pipelines.publish import publish_shards, wants_to_publish
from tests.finished_project import write_project
from tests.pipelines.test_local import pipelines_run

WHOLE = Plan((Lane("measure", ("measure",)), Lane("export", ("export",), ("measure",), stale=False)), frozenset())


def with_policy(root: Path, policy: str) -> Path:
    params = root / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8") + f"publish: {policy}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(("policy", "wanted"), [("{}", False), ("", False), ("{to: ../published}", True)])
def test_a_run_publishes_only_where_it_is_told_where_to(tmp_path: Path, policy: str, wanted: bool) -> None:
    (tmp_path / "params.yaml").write_text("base: {seed: 1}\n")
    with_policy(tmp_path, policy)
    assert wants_to_publish(tmp_path, WHOLE) == wanted
    assert not wants_to_publish(tmp_path, WHOLE.only_up_to(["measure"]))  # such a run made no export


def test_the_verdict_decides_and_a_fault_is_said(tmp_path: Path) -> None:
    for verdict, passes in (("helps", True), ("hurts", False)):
        project = write_project(tmp_path / "project", verdict=verdict)
        run(project)
        with_policy(tmp_path / "project", "{to: ../published}")
        assert publish_shards(tmp_path / "project").startswith("Published" if passes else "Not published")
    assert (tmp_path / "published/current/index.json").exists()
    (tmp_path / "project/export/index.json").unlink()
    with pytest.raises(DataError, match="what was published before is still current"):
        publish_shards(tmp_path / "project")
    assert (tmp_path / "published/current/index.json").exists()


def test_a_run_whose_publication_fails_says_so_and_exits_with_2(finished: Path) -> None:
    with_policy(finished, "{to: ../published}")  # a fake project: its export is none
    done = pipelines_run(finished)
    assert done.returncode == 2
    assert "could not be published" in done.stderr
    assert "Traceback" not in done.stderr
