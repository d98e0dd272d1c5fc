"""A folder of images, from `init` to shards: the whole of it runs, and runs again only where something changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.end_to_end.conftest import UserProject
from tests.patience import wait_until


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@contextmanager
def changed(project: UserProject, **sections: Any) -> Iterator[None]:
    """params.yaml with other values, put back afterwards."""
    path = project.root / "params.yaml"
    before = path.read_text()
    project.params(**sections)
    yield
    path.write_text(before)


def key_of(project: UserProject, label: str) -> str:
    classes = yaml.safe_load((project.root / "params.yaml").read_text())["classes"]
    return next(key for key, record in classes.items() if record["label"] == label)


def test_the_verdict_the_report_and_the_shards_are_there(images: UserProject) -> None:
    measured = images.read("reports/measure.json")
    assert measured["verdict"] in ("helps", "no measurable difference", "hurts", "not tried")
    shown = " ".join(images.run("gan-augment", "summary").stdout.split())
    assert measured["sentence"] in shown
    assert {arm["arm"] for arm in measured["arms"]} == {"real", "cheap", "real_synthetic"}
    report = (images.root / "reports/report.html").read_text()
    assert "top bar" in report
    images.run("gan-augment", "verify")
    manifest = pd.read_parquet(images.root / "export/manifest.parquet")
    assert set(manifest["label"]) == {"top bar", "mitte-ü", "low"}
    assert set(manifest["split"]) == {"train"}
    assert manifest["id"].is_unique


def test_which_model_served_a_class_is_recorded(images: UserProject) -> None:
    folders = [folder for folder in (images.root / "models/train_gan").iterdir() if folder.is_dir()]
    assert len(folders) == 3
    for folder in folders:
        served = images.read(f"models/train_gan/{folder.name}/served.json")
        assert served["served"] in ("joint", "specialised", "none")
        assert served["reason"]
        assert len(served["model_hash"]) == 64


def test_a_second_run_does_nothing(images: UserProject) -> None:
    assert images.stale() == set()
    assert images.rerun() == set()


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"report": {"pictures": 12}}, {"report"}),
        ({"export": {"rows_per_shard": 50}}, {"export", "report"}),  # which gives the licence of `export`
        ({"measure": {"minimum_gain": 1.0}}, {"measure", "report"}),
        ({"mix": {"seeds": 3}}, {"mix", "report"}),
    ],
)
def test_a_change_of_a_section_touches_only_its_readers(
    images: UserProject, sections: dict[str, Any], expected: set[str]
) -> None:
    with changed(images, **sections):
        stale = images.stale()
    assert {name.split("@")[0] for name in stale} == expected


def test_a_change_of_one_class_touches_only_its_own_stages(images: UserProject) -> None:
    key = key_of(images, "low")
    with changed(images, classes={key: {"label": "low", "candidates": 40}}):
        stale = images.stale()
    assert {f"generate@{key}", f"train_gan@{key}"} <= stale
    assert not {name for name in stale if name.startswith(("train_gan@", "generate@", "pretrain"))} - {
        f"generate@{key}",
        f"train_gan@{key}",
    }


def test_the_same_settings_give_the_same_bytes(images: UserProject) -> None:
    """Those of `pretrain` are compared below, where it runs again anyway."""
    for stage, folder in (("curate", "data/curated"), ("export", "export")):
        before = digests(images.root / folder)
        images.run("gan-augment", stage)
        assert digests(images.root / folder) == before, stage
    key = key_of(images, "low")
    for stage, folder in (("train_gan", f"models/train_gan/{key}"), ("generate", f"data/synthetic/{key}")):
        before = digests(images.root / folder)
        images.run("gan-augment", stage, key)
        assert digests(images.root / folder) == before, stage


def test_metrics_and_plots_are_dvcs(images: UserProject) -> None:
    assert "gain.points" in images.run("dvc", "metrics", "show", "reports/measure.json").stdout
    shown = images.run("dvc", "plots", "show", "-o", "plots_html").stdout
    assert "plots_html" in shown
    assert (images.root / "plots_html/index.html").exists()


def test_a_stage_that_is_killed_goes_on_at_the_next_run(images: UserProject) -> None:
    """SIGKILL in the middle of pretrain: the old output is still whole, and a rerun ends with the same bytes."""
    import signal
    import subprocess
    import sys

    from tests.end_to_end.conftest import ENVIRONMENT

    before = digests(images.root / "models/pretrain")
    process = subprocess.Popen(
        [sys.executable, "-m", "gan_augment", "pretrain"], cwd=images.root, env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    checkpoints = images.root / ".gan_augment/checkpoints"
    assert wait_until(lambda: any(checkpoints.glob("pretrain-*.safetensors")), lambda: process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL  # it was killed, not already done
    assert digests(images.root / "models/pretrain") == before
    assert "pretrain goes on where it was stopped" in images.run("gan-augment", "pretrain").stdout
    assert digests(images.root / "models/pretrain") == before
    assert not any(checkpoints.glob("pretrain-*"))
    assert "goes on" not in images.run("gan-augment", "pretrain").stdout
    assert digests(images.root / "models/pretrain") == before


def test_what_git_would_see_is_only_what_belongs_there(images: UserProject) -> None:
    untracked = images.run("git", "status", "--porcelain", "--untracked-files=all").stdout
    seen = {line[3:].strip('"') for line in untracked.splitlines() if not line[3:].startswith(("photos", ".dvc"))}
    assert not [name for name in seen if name.endswith((".npy", ".safetensors", ".tar", ".parquet"))], seen
    assert {"dvc.yaml", "params.yaml", "dvc.lock"} <= seen
