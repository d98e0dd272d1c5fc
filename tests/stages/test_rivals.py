"""`rivals`: untrained methods make rows beside the method, and stand in the verdict as cheap alternatives do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import is_whole
from gan_augment.core.errors import MethodError
from gan_augment.core.predictions import read_arm, read_curve
from gan_augment.core.samples import count_samples, read_samples
from gan_augment.project.layout import Project, read_plan
from gan_augment.project.rival_rows import read_records
from gan_augment.stages import export, learning_curve, mix, rivals
from gan_augment.synthesis import drawing
from tests.stages.downstream_project import make_project
from tests.stages.measured import run_all
from tests.stages.rival_toys import enter_method

SECTIONS: dict[str, Any] = {
    "synthesis": {"method": "toy"},
    "generate": {"candidates": 50},
    "mix": {"seeds": 2, "ratios": [1]},
    "retrain": {
        "classifier": {"kind": "logistic_regression"},
        "second_opinion": "none",
        "seeds": 2,
        "classical": {"strength": 0},
        "arms": ["real", "cheap", "real_synthetic"],
    },
    "measure": {"bootstrap_draws": 200, "learning_curve": "never"},
    "export": {"force": True, "formats": ["parquet"]},
}


def project_in(root: Path, *, train: tuple[int, ...] = (20, 20, 2), **more: Any) -> Project:
    """Digits of which the method knows 25 rows a class more: it helps."""
    return make_project(root, train=train, held=25, per_split=60, **(SECTIONS | more))


def measured_in(root: Path, **more: Any) -> tuple[Project, dict[str, Any]]:
    project = project_in(root, **more)
    rivals.run(project)
    return project, run_all(project)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        enter_method(patch)
        return measured_in(tmp_path_factory.mktemp("without"))


def test_without_rivals_there_is_no_word_of_them(without: tuple[Project, dict[str, Any]]) -> None:
    project, measured = without
    assert measured["verdict"] == "helps"
    assert "rivals" not in json.dumps(measured) + json.dumps(read_plan(project.layout))
    assert read_records(project.layout) == {}
    assert not (project.layout.mixed / "rivals").exists()
    assert not (project.layout.predictions("cheap") / "rivals").exists()


def test_a_rival_that_knows_everything_is_the_baseline_and_takes_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: tuple[Project, dict[str, Any]]
) -> None:
    enter_method(monkeypatch, "everything")
    project, measured = measured_in(tmp_path)
    assert measured["gain"]["baseline_arm"] == "rival: everything"
    assert measured["verdict"] != "helps"
    assert "real data and rows of the untrained rival everything" in measured["sentence"]
    assert measured["before"][0].startswith("The rival everything, which trains nothing, does as well as the method")
    arms = {arm["arm"]: arm for arm in measured["arms"]}
    assert list(arms) == ["real", "cheap", "rival: everything", "real_synthetic"]
    assert arms["rival: everything"]["rows_synthetic"] == arms["real_synthetic"]["rows_synthetic"] == 18
    assert [arms[arm] for arm in ("real", "cheap", "real_synthetic")] == without[1]["arms"]
    record, beside = (read_arm(project.layout.predictions(arm)) for arm in ("rival: everything", "real_synthetic"))
    assert record.test_ids == beside.test_ids
    assert record.families["first"].effort == beside.families["first"].effort
    variants = [[variant.name for variant in one.families["first"].variants] for one in (record, beside)]
    assert variants[0] == variants[1]
    always = project.params.measure.model_copy(update={"learning_curve": "always"})
    learning_curve.run(Project(project.params.model_copy(update={"measure": always}), project.layout))
    curve = read_curve(project.layout.learning_curve)
    assert curve is not None
    assert "rival everything" in str(curve[0].skipped)
    export.run(project)
    exported = pd.read_parquet(project.layout.export / "manifest.parquet")["id"]
    assert len(exported) == 42 + 18
    assert not exported.str.startswith("everything").any()


def test_without_the_arm_that_trains_them_rivals_are_missed_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_method(monkeypatch, "everything")
    _, measured = measured_in(tmp_path, retrain=SECTIONS["retrain"] | {"arms": ["real", "real_synthetic"]})
    assert [arm["arm"] for arm in measured["arms"]] == ["real", "real_synthetic"]
    assert "were not trained" in measured["before"][0]


def test_a_harmful_rival_changes_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: tuple[Project, dict[str, Any]]
) -> None:
    enter_method(monkeypatch, "wrong")
    _, measured = measured_in(tmp_path)
    _, before = without
    assert [arm for arm in measured["arms"] if arm["arm"] != "rival: wrong"] == before["arms"]
    added = {"arms", "rivals", "sha256"}
    assert {k: v for k, v in measured.items() if k not in added} == {k: v for k, v in before.items() if k not in added}


def test_the_rows_are_those_of_the_plan_and_the_methods_stay_what_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: tuple[Project, dict[str, Any]]
) -> None:
    enter_method(monkeypatch, "noise", "wrong")
    project = project_in(tmp_path)
    rivals.run(project)
    mix.run(project)
    plan = read_plan(project.layout)
    said = plan.pop("rivals")
    assert plan == read_plan(without[0].layout)
    for name in ("noise", "wrong"):
        rows = read_samples(project.layout.mixed / "rivals" / name).manifest
        assert rows["label"].value_counts().to_dict() == {"2": 18}
        assert said[name] == {"rows": plan["shown_counts"], "not_made": {}}
        assert set(rows["method"]) == {name}
        assert set(rows["origin"]) == {"synthetic"}
    for name in ("synthetic", "alone"):
        assert file_hash(project.layout.mixed / name) == file_hash(without[0].layout.mixed / name)


def test_what_a_rival_cannot_do_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "needy", "unset", "choosy", "parted")
    project = project_in(tmp_path, train=(20, 3, 2))
    rivals.run(project)
    found = read_records(project.layout)
    assert found["needy"].refused == "the data lacks what it needs: pool"
    assert "strength" in str(found["unset"].refused)
    assert found["choosy"].refused is None
    assert list(found["choosy"].not_made) == ["digit-1"]
    assert found["parted"].not_made == {"digit-2": "its third class is never right"}
    mix.run(project)
    plan = read_plan(project.layout)
    assert plan["shown_counts"] == {"digit-0": 0, "digit-1": 17, "digit-2": 18}
    assert plan["rivals"]["choosy"]["rows"] == {"digit-0": 0, "digit-1": 0, "digit-2": 18}
    assert plan["rivals"]["parted"]["rows"] == {"digit-0": 0, "digit-1": 17, "digit-2": 0}
    assert sorted(path.name for path in (project.layout.mixed / "rivals").iterdir()) == ["choosy", "parted"]


def test_a_rival_that_refuses_every_class_that_wants_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_method(monkeypatch, "parted")
    project = project_in(tmp_path)
    rivals.run(project)
    assert read_records(project.layout)["parted"].refused == "its third class is never right"
    assert not (project.layout.rivals / "parted").exists()


def test_where_the_arms_show_no_row_a_rival_shows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise")
    project = make_project(tmp_path, synthesizer="none", train=(20, 20, 2), **SECTIONS)
    rivals.run(project)
    assert [arm["arm"] for arm in run_all(project)["arms"]] == ["real", "cheap", "real_synthetic"]
    assert "no number of rows" in read_plan(project.layout)["rivals"]["noise"]["refused"]


def test_no_more_rows_are_drawn_than_a_plan_can_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise")
    classes = {f"digit-{c}": {"label": str(c)} for c in range(3)} | {"digit-2": {"label": "2", "candidates": 30}}
    project = project_in(tmp_path, mix={"seeds": 2, "ratios": [1, 2]}, classes=classes)
    rivals.run(project)
    folder = project.layout.rivals / "noise"
    assert {path.name: count_samples(path) for path in folder.iterdir()} == {
        "digit-0": 20, "digit-1": 20, "digit-2": 30,
    }  # fmt: skip


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise", "everything")
    whole, killed = (project_in(tmp_path / name) for name in ("whole", "killed"))
    rivals.run(whole)
    join, joined = rivals.join_parts, list[str]()

    def join_one(own: drawing.Drawing, directory: Path) -> None:
        if joined:
            raise KeyboardInterrupt
        joined.append(own.method)
        join(own, directory)

    with monkeypatch.context() as patch:
        patch.setattr(rivals, "join_parts", join_one)
        with pytest.raises(KeyboardInterrupt):
            rivals.run(killed)
    assert not killed.layout.rivals.exists()
    drawn = list[str]()
    draw = drawing._draw

    def count(own: drawing.Drawing, numbers: Any, *rest: Any) -> None:
        drawn.extend(own.method for _ in numbers)
        draw(own, numbers, *rest)

    monkeypatch.setattr(drawing, "_draw", count)
    rivals.run(killed)
    assert drawn == []  # both rivals' parts were there
    assert file_hash(killed.layout.rivals) == file_hash(whole.layout.rivals)
    assert is_whole(killed.layout.rivals)
    assert not (killed.layout.root / ".gan_augment/rivals").exists()


def test_a_stale_rival_goes_when_the_method_has_it_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_in(tmp_path)
    for names in (("noise", "wrong"), ("wrong",), ()):
        enter_method(monkeypatch, *names)
        rivals.run(project)
        mix.run(project)
        assert {path.name for path in project.layout.rivals.iterdir() if path.is_dir()} == set(names)
        assert list(read_plan(project.layout).get("rivals", {})) == list(names)


def test_another_seed_draws_other_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise")
    pixels = []
    for number, seed in enumerate((0, 1, 0)):
        project = project_in(tmp_path / str(number), base={"seed": seed, "device": "cpu"})
        rivals.run(project)
        pixels.append(np.asarray(read_samples(project.layout.rivals / "noise/digit-2").payload))
    assert (pixels[0] == pixels[2]).all()
    assert (pixels[0] != pixels[1]).any()


def test_a_project_whose_dvc_yaml_is_older_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise")
    project = project_in(tmp_path)
    assert [arm["arm"] for arm in run_all(project)["arms"]] == ["real", "cheap", "real_synthetic"]


def test_a_wrong_rival_ends_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise", "nobody")
    project = project_in(tmp_path)
    with pytest.raises(MethodError, match="nobody"):
        rivals.run(project)
    assert not project.layout.rivals.exists()
    assert read_json(project.layout.dataset)  # and nothing else was touched
