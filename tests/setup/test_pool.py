"""`init` finds the pool, dvc.yaml says who may read it, `params check` and `methods list` know it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gan_augment.core.records import PoolSpec
from gan_augment.params import load_params
from gan_augment.project.layout import Project
from gan_augment.setup.check import check_project, project_spec
from gan_augment.setup.initialise import project_texts, write_project
from gan_augment.setup.inspect import inspect_demo, inspect_path
from gan_augment.setup.render import render_findings
from gan_augment.stages import prepare
from gan_augment.synthesis.generators.infogan.method import Infogan
from tests.cli.command import run
from tests.data.pictures import noise, save, write_folder

READERS = {"pretrain", "train_gan", "generate", "cross_fit", "rivals", "curate"}


def with_pool(root: Path, name: str = "unlabelled", count: int = 3) -> Path:
    """Labelled photos, and beside them a folder of others; the data's path."""
    write_folder(root / "photos", {"cat": 10, "dog": 20})
    for number in range(count):
        save(root / name / f"{number}.png", noise(900 + number))
    return root / "photos"


def stages(texts: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {name: stage.get("do", stage) for name, stage in yaml.safe_load(texts["dvc.yaml"])["stages"].items()}


@pytest.mark.parametrize("name", ["unlabelled", "Unlabeled", "pool", "unlabelled_images"])
def test_a_sister_folder_is_found_and_named(tmp_path: Path, name: str) -> None:
    findings = inspect_path(with_pool(tmp_path, name))
    assert findings.pool is not None
    assert (findings.pool.path, findings.pool.rows, findings.pool.labelled) == (str(tmp_path / name), 3, 0)
    assert f"{tmp_path / name}: 3 images without labels, which only synthesizers see" in render_findings(findings)


@pytest.mark.parametrize("name", ["more", "carpool", "unlabelled.old"])
def test_a_folder_of_another_name_is_left_alone(tmp_path: Path, name: str) -> None:
    assert inspect_path(with_pool(tmp_path, name)).pool is None


def test_a_folder_without_images_and_a_tables_neighbour_are_no_pool(tmp_path: Path) -> None:
    data = with_pool(tmp_path, count=0)
    (tmp_path / "unlabelled").mkdir()
    (tmp_path / "unlabelled/notes.txt").write_text("x")
    assert inspect_path(data).pool is None
    save(tmp_path / "pool/1.png", noise(1))
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{n % 7},{'ab'[n % 2]}\n" for n in range(40)))
    assert inspect_path(tmp_path / "t.csv", target="y").pool is None


def test_a_class_that_is_called_unlabelled_is_asked_about(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 10, "dog": 10, "unlabelled": 10})
    (found,) = [p for p in inspect_path(tmp_path / "photos").problems if "had no label" in p.what]
    assert found.places == ("'unlabelled': 10",)


def test_what_init_writes_is_read_back_checked_and_prepared(tmp_path: Path) -> None:
    data = with_pool(tmp_path)
    root = tmp_path / "project"
    write_project(root, inspect_path(data), repository=False)
    pool = load_params(root / "params.yaml").prepare.pool
    assert pool is not None
    assert pool.path == "../unlabelled"
    checked = check_project(root, read_data=True)
    assert checked.errors == ()
    assert project_spec(root) is not None
    prepare.run(Project.open(root))
    assert Project.open(root).spec().pool == PoolSpec(rows=3)


def test_the_pool_is_an_output_of_prepare_and_reaches_synthesizers_alone(tmp_path: Path) -> None:
    found = stages(project_texts(tmp_path, inspect_path(with_pool(tmp_path))))
    assert {name for name, stage in found.items() if "data/prepared/pool" in stage["deps"]} == READERS
    assert [name for name, stage in found.items() if "data/prepared/pool" in stage.get("outs", [])] == ["prepare"]
    assert "${prepare.pool.path}" in found["prepare"]["deps"]


def test_no_stage_reads_the_whole_folder_in_which_the_pool_lies(tmp_path: Path) -> None:
    found = stages(project_texts(tmp_path, inspect_path(with_pool(tmp_path))))
    assert not any(dep in ("data", "data/prepared") for stage in found.values() for dep in stage["deps"])


def test_without_a_pool_nothing_speaks_of_one(tmp_path: Path) -> None:
    texts = project_texts(tmp_path, inspect_demo("digits"))
    assert not any("pool" in texts[name] for name in ("params.yaml", "dvc.yaml"))


def test_a_pool_may_be_named_with_set_and_has_settings_of_its_own(tmp_path: Path) -> None:
    data = with_pool(tmp_path, "others")
    chosen = {"kind": "image_folder", "path": str(tmp_path / "others"), "group": "none"}
    findings = inspect_path(data, settings={"prepare.pool": chosen})
    write_project(tmp_path / "project", findings, repository=False)
    pool = load_params(tmp_path / "project/params.yaml").prepare.pool
    assert pool is not None
    assert (pool.path, pool.group) == ("../others", "none")


def test_a_check_refuses_a_pool_that_is_not_there_or_that_dvc_does_not_know(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write_project(root, inspect_path(with_pool(tmp_path)), repository=False)
    (tmp_path / "unlabelled").rename(tmp_path / "moved")
    for read in (True, False):  # doctor does not read
        (error,) = check_project(root, read_data=read).errors
        assert "prepare.pool.path" in str(error)
    (tmp_path / "moved").rename(tmp_path / "unlabelled")
    text = (root / "dvc.yaml").read_text()
    (root / "dvc.yaml").write_text(text.replace("data/prepared/pool", "data/prepared/other"))
    (error,) = check_project(root, read_data=False).errors
    assert "dvc.yaml does not name it" in str(error)


def test_a_pool_beside_table_rows_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "unlabelled/1.png", noise(1))
    params = {
        "classes": {"a": {"label": "Adelie"}, "b": {"label": "Gentoo"}},
        "prepare": {
            "source": {"kind": "demo", "name": "penguins"},
            "exclude": ["Chinstrap"],
            "pool": {"kind": "image_folder", "path": "unlabelled"},
        },
        "synthesis": {"method": "smote"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    assert any("table rows" in str(error) for error in check_project(tmp_path, read_data=True).errors)


def test_the_list_of_methods_says_inside_a_project_what_is_ready(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write_project(root, inspect_path(with_pool(tmp_path)), repository=False)
    assert "here" not in json.loads(run("methods", "list", "--json", cwd=tmp_path).stdout)[0]
    rows = {row["name"]: row["here"] for row in json.loads(run("methods", "list", "--json", cwd=root).stdout)}
    assert rows["infogan"] == rows["conditional"] == "ready"
    assert rows["smote"] == "needs rows"
    done = run("methods", "list", "-C", str(root), cwd=tmp_path)
    assert "needs rows" in done.stdout


def test_a_stage_refuses_a_method_whose_needs_are_unmet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    findings = inspect_path(with_pool(tmp_path))
    write_project(root, findings, repository=False)
    text = (root / "params.yaml").read_text()
    (root / "params.yaml").write_text(text.replace("method: conditional", "method: infogan"))
    needy = Infogan.traits.__class__(**{**vars(Infogan.traits), "needs": frozenset({"mask"})})
    monkeypatch.setattr(Infogan, "traits", needy)
    (error,) = check_project(root, read_data=True).errors
    assert "needs what the data does not have: mask" in str(error)
    assert run("prepare", cwd=root).returncode == 0
    done = run("pretrain", cwd=root)
    assert done.returncode == 2
    assert "companions: {mask:" in done.stderr
