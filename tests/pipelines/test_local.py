"""The whole pipeline on local processes: the same result as plain `dvc repro`, and nothing lost when something dies."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psutil
import pytest
import yaml

from tests.patience import FOREVER, wait_until
from tests.pipelines.fake_project import lock_of, stages_run
from tests.pipelines.processes import LOCAL, alive, environment


def pipelines_run(root: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOCAL, *arguments], cwd=root, env=environment(**extra), capture_output=True, text=True, check=False
    )


def tree(root: Path) -> dict[str, bytes]:
    folders = ["data", "models", "reports", "predictions", "export"]
    return {str(f.relative_to(root)): f.read_bytes() for d in folders for f in (root / d).rglob("*") if f.is_file()}


def test_side_by_side_gives_what_dvc_repro_gives(project: Path, finished: Path) -> None:
    done = pipelines_run(project, "--workers", "3")
    assert done.returncode == 0, done.stderr
    assert "Synthetic data helps: +3.1 points." in done.stdout
    assert lock_of(project) == lock_of(finished)
    assert tree(project) == tree(finished)
    assert "working on train_gan@cat" in (project / ".gan_augment/logs/train_gan+generate@cat.log").read_text()


def test_a_second_run_does_nothing(finished: Path) -> None:
    lock = (finished / "dvc.lock").read_bytes()
    done = pipelines_run(finished)
    assert done.returncode == 0, done.stderr
    assert stages_run(finished) == []
    assert (finished / "dvc.lock").read_bytes() == lock


def test_a_failed_class_keeps_its_siblings_and_the_rerun_does_what_is_left(pretrained: Path) -> None:
    failed = pipelines_run(pretrained, "mix", "--workers", "2", "--retries", "0", FAKE_EXIT_train_gan_cat="1")
    assert failed.returncode == 1
    assert "train_gan@cat failed with exit code 1" in failed.stderr
    assert "not started because of that: curate, mix" in failed.stderr
    assert {"generate@dog", "generate@real"} <= set(stages_run(pretrained))

    (pretrained / "ran.log").write_text("")
    again = pipelines_run(pretrained, "train_gan", "generate", "--workers", "2")
    assert again.returncode == 0, again.stderr
    assert stages_run(pretrained) == ["generate@cat", "train_gan@cat"]


def test_bad_input_is_not_tried_again_and_exits_with_2(project: Path) -> None:
    done = pipelines_run(project, FAKE_EXIT_prepare="2")
    assert done.returncode == 2
    assert stages_run(project) == ["prepare"]
    assert "Traceback" not in done.stderr


def test_a_project_inside_another_folder_is_named_by_root(pretrained: Path) -> None:
    done = subprocess.run(
        [*LOCAL, "train_gan@dog", "--root", str(pretrained)],
        cwd=pretrained.parent,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert stages_run(pretrained) == ["generate@dog", "train_gan@dog"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_run_that_is_killed(pretrained: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*LOCAL, "--workers", "2"],
        cwd=pretrained,
        env=environment(FAKE_SECONDS=str(FOREVER), FAKE_CHILD=str(FOREVER)),
        start_new_session=True,
        # A shell's background job ignores SIGINT and hands that down: the tests may run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        assert wait_until(lambda: len(stages_run(pretrained)) == 2)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 8  # twice guard, dvc, stage and its child
        process.send_signal(number)
        gone = wait_until(lambda: not alive(family))
        for left in alive(family):
            left.kill()
    assert gone
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert yaml.safe_load((pretrained / "dvc.lock").read_text())["stages"].keys() == {"prepare", "pretrain"}
