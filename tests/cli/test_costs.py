"""What stages took is written down by the command that runs them, and shown by `summary`."""

from __future__ import annotations

import json
import os
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from gan_augment.cli import stages
from gan_augment.cli.costs import Cost, costs_json, read_costs, recorded
from gan_augment.compute import claims
from gan_augment.core.atomic import write_json
from gan_augment.project.layout import Project
from gan_augment.stages import report
from tests.cli.command import run
from tests.finished_project import write_project


def _write(root: Path, *costs: Cost) -> None:
    for cost in costs:
        write_json(root / ".gan_augment/costs" / f"{cost.stage}.json", vars(cost))


def test_time_of_the_clock_and_of_the_processor_is_written_down(tmp_path: Path) -> None:
    with recorded(tmp_path, "train_gan@cat", gpus=0.25):
        time.sleep(0.2)
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
    cost = read_costs(tmp_path)["train_gan@cat"]
    assert cost.seconds >= 0.49
    assert cost.cpu_seconds >= 0.27  # its clock ticks in hundredths
    assert cost.gpu_seconds >= cost.seconds / 4 - 0.02  # its clock is read last
    assert cost.price(3600) == pytest.approx(cost.seconds / 4)


def test_a_stage_that_failed_is_not_counted(tmp_path: Path) -> None:
    with pytest.raises(KeyError), recorded(tmp_path, "curate", gpus=0):
        raise KeyError
    assert read_costs(tmp_path) == {}


def test_a_damaged_file_is_no_failure(tmp_path: Path) -> None:
    _write(tmp_path, Cost("curate", 3.0, 2.0))
    (tmp_path / ".gan_augment/costs/mix.json").write_text("{")
    (tmp_path / ".gan_augment/costs/export.json").write_text('{"other": 1}')
    assert list(read_costs(tmp_path)) == ["curate"]


@pytest.mark.parametrize(("gpu", "world", "gpus"), [(None, "1", 0.0), ("0", "1", 0.5), ("0", "4", 2.0)])
def test_a_stage_run_by_the_command_says_which_share_of_gpus_it_held(
    tmp_path: Path, gpu: str | None, world: str, gpus: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path
    write_project(root)
    text = (root / "params.yaml").read_text().replace("seed: 3", "seed: 3\n  gpu_share: 2")
    (root / "params.yaml").write_text(text)
    monkeypatch.setattr(claims, "claim_device", lambda *_, **__: nullcontext(gpu))
    monkeypatch.setattr(report, "run", lambda _: time.sleep(0.1))
    monkeypatch.setenv("WORLD_SIZE", world)
    stages.run_stage(stages.STAGES["report"], root, None)
    cost = read_costs(root)["report"]
    assert cost.gpu_seconds >= cost.seconds * gpus - 0.03
    assert bool(cost.gpu_seconds) == bool(gpus)
    monkeypatch.setenv("RANK", "1")
    os.unlink(root / ".gan_augment/costs/report.json")
    stages.run_stage(stages.STAGES["report"], root, None)
    assert read_costs(root) == {}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Measured, with what some stages took; a class and an arm of it are none of the project's any more."""
    project = write_project(tmp_path)
    first, second, _ = project.params.classes
    _write(
        tmp_path,
        Cost("prepare", 36.0, 30.0),
        Cost(f"train_gan@{first}", 1800.0, 1900.0, 450.0, 0.25),
        Cost(f"train_gan@{second}", 3600.0, 3700.0, 900.0, 0.25),
        Cost("train_gan@gone", 9999.0, 9999.0),
        Cost("retrain@gone", 9999.0, 9999.0),
    )
    return project


def test_summary_shows_what_each_stage_took_and_cost(project: Project) -> None:
    done = run("summary", "--price-per-hour", "4", cwd=project.layout.root)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert ["prepare", "1", "36.0 s", "30.0 s", "–", "0.04"] in rows
    assert ["train_gan", "2", "90.0 min", "93.3 min", "0.38", "1.50"] in rows
    assert ["all", "3", "90.6 min", "93.8 min", "0.38", "1.54"] in rows
    free = run("summary", cwd=project.layout.root).stdout
    assert "GPU hours" in free
    assert "cost" not in free.split("What each stage took")[1]


def test_summary_for_machines_has_each_stage(project: Project) -> None:
    found = json.loads(run("summary", "--json", "--price-per-hour", "4", cwd=project.layout.root).stdout)
    assert found["verdict"] == "helps"
    assert len(found["costs"]["stages"]) == 3
    total = {"stage": "total", "seconds": 5436.0, "cpu_seconds": 5630.0, "gpu_seconds": 1350.0, "price": 1.54}
    assert found["costs"]["total"] == total
    assert "price" not in costs_json([], None)["total"]


def test_summary_says_so_where_nothing_ran(tmp_path: Path) -> None:
    write_project(tmp_path)
    assert "no stage has run here yet" in run("summary", "--price-per-hour", "4", cwd=tmp_path).stdout
    assert "no stage" not in run("summary", cwd=tmp_path).stdout
