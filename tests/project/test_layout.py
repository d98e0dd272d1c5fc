"""A project on disk: where things lie, and readers that check what they read."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.project.layout import Layout, Project, read_measured, read_plan
from tests.finished_project import write_project
from tests.pipelines.fake_project import REPOSITORY


def places(layout: Layout) -> set[str]:
    """Every path of a layout, with `KEY` for a class, an arm or a curve."""
    found = [getattr(layout, name) for name, kind in vars(Layout).items() if isinstance(kind, property)]
    found += [layout.train("KEY"), layout.train_gan("KEY"), layout.synthetic("KEY"), layout.predictions("KEY")]
    return {path.relative_to(layout.root).as_posix() for path in (*found, layout.training_curve("KEY"))}


def test_what_dvc_names_is_what_the_stages_write(tmp_path: Path) -> None:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    named: set[str] = set()
    for stage in stages.values():
        body = stage.get("do", stage)
        for entry in (*body.get("outs", ()), *body.get("metrics", ()), *body.get("plots", ())):
            named.add(entry if isinstance(entry, str) else next(iter(entry)))
    named = {re.sub(r"\$\{[a-z.]+\}", "KEY", path) for path in named}
    ours = places(Layout(tmp_path)) | {"reports/training/pretrain.csv"}
    covered = {path for path in named if path in ours or any(one.startswith(f"{path}/") for one in ours)}
    assert named == covered


def test_a_fold_is_a_project_of_its_own_inside(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    fold = layout.fold(2)
    assert fold.validation.is_relative_to(layout.cross_fit)
    assert not places(fold) ^ places(layout)
    assert fold.root != layout.fold(1).root


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path)


def test_views_are_of_their_part_class_by_class(project: Project) -> None:
    spec, train = project.spec(), project.train_view()
    assert train.labels.tolist() == sorted(train.labels.tolist())
    for index, record in enumerate(spec.classes):
        own = project.class_train_view(record.key)
        assert set(own.labels) == {index}
        assert own.samples.manifest["id"].tolist() == train.samples.manifest["id"][train.labels == index].tolist()
    ids = [set(view.samples.manifest["id"]) for view in (train, project.validation_view(), project.test_inputs())]
    assert not ids[0] & ids[1]
    assert not (ids[0] | ids[1]) & ids[2]
    assert project.test_inputs().samples.manifest["label"].isna().all()


def test_an_unknown_class_is_refused_with_the_known_ones(project: Project) -> None:
    assert [project.class_index(record.key) for record in project.spec().classes] == [0, 1, 2]
    with pytest.raises(ParamsError) as told:
        project.class_index("zebra")
    assert told.value.got == "'zebra'"
    for record in project.spec().classes:
        assert record.key in str(told.value.expected)


def test_the_licence_of_the_params_goes_out_without_secrets(project: Project) -> None:
    assert project.licensed_spec() == project.spec()
    export = project.params.export.model_copy(update={"licence": "see https://me:SECRETPW@host/licence"})
    licensed = dataclasses.replace(project, params=project.params.model_copy(update={"export": export}))
    assert licensed.licensed_spec().licence.startswith("see https://")
    assert "SECRETPW" not in licensed.licensed_spec().licence
    assert licensed.licensed_spec().classes == project.spec().classes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: found.pop("verdict"), "no verdict"),
        (lambda found: found["gain"].pop("low"), "no gain.low"),
        (lambda found: found.update(gain=None), "gain.points"),
        (lambda found: (found.pop("seeds"), found.pop("ratio")), "no ratio, seeds"),
    ],
)
def test_a_measurement_that_lacks_what_is_shown_is_told(project: Project, change: Any, told: str) -> None:
    whole = read_measured(project.layout)
    assert whole["verdict"] == "helps"
    change(whole)
    write_json(project.layout.measure_report, whole)
    with pytest.raises(MissingInputError) as caught:
        read_measured(project.layout)
    assert told in str(caught.value.got)
    assert "--force measure" in str(caught.value.remedy)


def test_the_plan_is_read_and_its_absence_told(project: Project) -> None:
    assert read_plan(project.layout) == read_json(project.layout.mixed / "plan.json")
    (project.layout.mixed / "plan.json").unlink()
    with pytest.raises(MissingInputError):
        read_plan(project.layout)
    with pytest.raises(MissingInputError):
        Project.open(project.layout.root / "nowhere")
