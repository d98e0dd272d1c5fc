"""The command as a user meets it: exit codes, messages, quick help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gan_augment.cli.stages import STAGES, StageCommand
from gan_augment.synthesis.registry import resolve_method
from tests.cli.command import run

PARAMS = {
    "classes": {"a": {"label": "0"}, "b": {"label": "1"}},
    "prepare": {"source": {"kind": "demo", "name": "digits"}, "exclude": [str(digit) for digit in range(2, 10)]},
    "synthesis": {"method": "conditional"},
}


def write(root: Path, **sections: object) -> None:
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMS | sections))


def test_help_names_every_stage_and_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['gan-augment', '--help']\n"
        "from gan_augment.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'pandas', 'pydantic', 'dvc', 'prefect', 'sklearn'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for stage in STAGES:
        assert f"  {stage} " in done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_help(stage: str, tmp_path: Path) -> None:
    done = run(stage, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "--dry-run" in done.stdout


@pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.name)
def test_a_dry_run_prints_the_settings_and_writes_nothing(stage: StageCommand, tmp_path: Path) -> None:
    write(tmp_path)
    key = {"class": ["a"], "arm": ["real"], None: []}[stage.fan_out]
    done = run(stage.name, *key, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert set(printed) == set(stage.sections)
    assert printed["base"]["seed"] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["params.yaml"]


def test_no_project_is_said_without_a_traceback(tmp_path: Path) -> None:
    done = run("pretrain", cwd=tmp_path)
    assert done.returncode == 2
    assert "gan-augment init" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_before_its_input_says_what_to_run(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("pretrain", cwd=tmp_path)
    assert done.returncode == 2
    assert "dvc repro" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_is_an_error_with_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, generate={"candidate": 3})
    done = run("params", "check", cwd=tmp_path)
    assert done.returncode == 2
    assert "generate.candidate: unknown key, did you mean 'candidates'?" in done.stderr


@pytest.mark.parametrize("text", ["a: [", "just words", ""])
def test_a_file_that_is_no_params_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(text)
    done = run("params", "check", cwd=tmp_path)
    assert done.returncode == 2
    assert "params.yaml" in done.stderr


def test_an_unknown_class_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("train_gan", "c", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "a, b" in done.stderr


def test_a_full_disk_is_an_obstacle_not_a_traceback(tmp_path: Path) -> None:
    code = (
        "import sys, errno\n"
        "import gan_augment.cli.main as main\n"
        "def full(): raise OSError(errno.ENOSPC, 'No space left on device', 'data/x')\n"
        "main._run = full\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing was lost" in done.stderr
    assert "Traceback" not in done.stderr


def test_methods_can_be_listed_and_shown(tmp_path: Path) -> None:
    names = {row["name"] for row in json.loads(run("methods", "list", "--json", cwd=tmp_path).stdout)}
    assert "conditional" in names
    for name in names:
        shown = run("methods", "show", name, cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
        section = yaml.safe_load(shown.stdout.partition("the defaults:\n")[2])["synthesis"]
        assert section["method"] == name
        config = resolve_method(name).Config
        assert config.model_validate(section["settings"]) == config()  # what is shown can be pasted
        assert set(section["settings"]) == set(config.model_fields)
        schema = json.loads(run("methods", "show", name, "--json", cwd=tmp_path).stdout)
        assert all(value["description"] for value in schema.get("properties", {}).values())
