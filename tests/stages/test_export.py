from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gan_augment.core.atomic import read_json
from gan_augment.project.layout import Project
from gan_augment.stages import report
from gan_augment.stages.export import run
from tests.finished_project import write_project


def exported(
    root: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], **recipe: Any
) -> tuple[Any, str]:
    write_project(root, **recipe)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8")) | {"export": settings}
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run(Project.open(root))
    return read_json(root / "export/index.json"), capsys.readouterr().out


@pytest.mark.parametrize("modality", ["image", "table"])
def test_a_gain_exports_real_and_synthetic_rows_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], modality: str
) -> None:
    index, said = exported(tmp_path, capsys, {}, modality=modality)
    assert (index["real"], index["synthetic"], index["seed"]) == (24, 48, 3)
    assert "24 real and 48 synthetic rows" in said
    assert index["formats"] == ["webdataset" if modality == "image" else "table"]


@pytest.mark.parametrize("recipe", [{"verdict": "hurts"}, {"verdict": "no measurable difference"}, {"ratio": 0.0}])
def test_no_gain_exports_real_rows_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: dict[str, Any]
) -> None:
    index, said = exported(tmp_path, capsys, {}, **recipe)
    assert (index["real"], index["synthetic"]) == (24, 0)
    assert "Real rows only" in said


def test_force_exports_what_was_shown_and_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index, said = exported(tmp_path, capsys, {"force": True}, ratio=0.0, shown_ratio=1.0)
    assert index["synthetic"] == 12
    assert index["content"]["basis"] == "forced"
    assert "export.force" in said


def test_the_licence_is_the_one_that_the_user_gave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = "CC-BY-4.0 of the <lab>"
    index, _ = exported(tmp_path / "given", capsys, {"licence": given})
    assert index["licence"] == given
    assert read_json(tmp_path / "given/export/dataset.json")["licence"] == given
    assert read_json(tmp_path / "given/export/croissant.json")["license"] == given
    report.run(Project.open(tmp_path / "given"))
    page = (tmp_path / "given/reports/report.html").read_text(encoding="utf-8")
    assert "CC-BY-4.0 of the &lt;lab&gt;" in page
    assert given not in page
    of_the_data, _ = exported(tmp_path / "not", capsys, {})
    assert of_the_data["licence"] == "CC0 | as the <owner> said"
