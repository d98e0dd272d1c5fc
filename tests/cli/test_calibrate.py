"""`gan-augment calibrate`: a row a control, JSON, and mistakes named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gan_augment.cli.calibrate import run_calibration
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.gain.calibrate import Outcome, tally
from gan_augment.studies import calibrate as stage
from tests.stages.downstream_project import make_project


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Instead of running for minutes: half of the controls fail."""
    asked: list[dict[str, Any]] = []

    def fake(calibration: stage.Calibration, controls: list[Any], **settings: Any) -> Any:
        asked.append({"rows": len(calibration.samples), "controls": controls, **settings})
        for control in controls:
            yield tally([Outcome(control, "helps", 1.0, 5.0, 1.0, 9.0, 2.0)] * settings["runs"])

    monkeypatch.setattr(stage, "calibrate", fake)
    return asked


def test_json_and_the_exit_code(
    tmp_path: Path, counted: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_calibration(tmp_path, "digits", None, runs=3, jobs=1, as_json=True)
    assert stopped.value.code == 1
    found = {row["control"]: row["passed"] for row in json.loads(capsys.readouterr().out)}
    assert found == {"null": False, "near_null": False, "prior": False, "oracle": True, "harmful": False}
    assert counted[0]["runs"] == 3


def test_one_control_on_a_project_of_ones_own(
    tmp_path: Path, counted: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    run_calibration(tmp_path, None, "oracle", runs=2, jobs=1, as_json=False)
    assert counted[0]["controls"] == ["oracle"]
    assert counted[0]["rows"] == 105  # train and validation
    printed = capsys.readouterr().out
    assert "oracle" in printed
    assert "100.0%" in printed


@pytest.mark.parametrize(("demo", "control"), [("digitz", None), ("digits", "nul")])
def test_mistakes_are_named(tmp_path: Path, demo: str, control: str | None) -> None:
    with pytest.raises(ParamsError, match="null, near_null" if control else "breast_cancer"):
        run_calibration(tmp_path, demo, control, runs=1, jobs=1, as_json=False)


def test_too_little_data_is_said_so(tmp_path: Path) -> None:
    make_project(tmp_path)
    with pytest.raises(DataError, match="40"):
        run_calibration(tmp_path, None, "null", runs=1, jobs=1, as_json=False)
