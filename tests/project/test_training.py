"""What the training stages share: settings that are checked, checkpoints by everything that counts, curves."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan_augment.core.errors import MethodError, ParamsError
from gan_augment.params import Params
from gan_augment.project import training
from gan_augment.project.layout import Project
from gan_augment.project.training import (
    check_settings,
    checkpoint_path,
    report_progress,
    resumed_checkpoint,
    write_curve,
)
from gan_augment.synthesis.api import TickReport
from tests.stages.downstream_project import make_project


def params(method: str = "tabular_gan", **synthesis: Any) -> Params:
    return Params.model_validate(
        {
            "classes": {"a": {"label": "0"}, "b": {"label": "1"}},
            "prepare": {"source": {"kind": "demo", "name": "digits"}},
            "synthesis": {"method": method, **synthesis},
        }
    )


def test_right_settings_are_those_of_the_method() -> None:
    method, config = check_settings(params(settings={"steps": 7}), "table")
    assert method.name == "tabular_gan"
    assert isinstance(config, method.Config)
    assert config.model_dump()["steps"] == 7


def test_another_modality_is_refused_with_what_fits() -> None:
    with pytest.raises(MethodError, match="cannot make images") as told:
        check_settings(params(), "image")
    assert (told.value.got, told.value.expected) == ("modality image", "modality table")


def test_every_wrong_setting_is_told_at_once_with_the_nearest_key() -> None:
    with pytest.raises(ParamsError, match="2 mistakes") as told:
        check_settings(params(settings={"step": 7, "batch_size": "many"}), "table")
    assert "did you mean 'steps'?" in str(told.value.got)
    assert "batch_size" in str(told.value.got)
    assert "methods show tabular_gan" in str(told.value.remedy)


def test_only_methods_that_share_a_batch_take_several_processes() -> None:
    with pytest.raises(MethodError, match="trains in one process"):
        check_settings(params("copula", processes=2), "table")
    check_settings(params("conditional", processes=2), "image")
    with pytest.raises(ParamsError, match="multiple of 3"):
        check_settings(params("conditional", processes=3, settings={"batch_size": 64}), "image")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, modality="table", train=(6, 6), held=5, synthesis={"method": "copula"})


def with_params(project: Project, **sections: Any) -> Project:
    return dataclasses.replace(project, params=project.params.model_copy(update=sections))


def test_a_checkpoint_is_found_again_by_the_same_run_alone(project: Project) -> None:
    path = checkpoint_path(project, "pretrain")
    assert path == checkpoint_path(project, "pretrain")
    base, synthesis = project.params.base, project.params.synthesis
    others = {
        checkpoint_path(project, "malignant"),
        checkpoint_path(with_params(project, base=base.model_copy(update={"seed": 1})), "pretrain"),
        checkpoint_path(
            with_params(project, synthesis=synthesis.model_copy(update={"settings": {"max_levels": 3}})), "pretrain"
        ),
    }
    manifest = project.layout.train(next(iter(project.params.classes))) / "manifest.parquet"
    pd.read_parquet(manifest).iloc[::-1].to_parquet(manifest)  # other data
    others.add(checkpoint_path(project, "pretrain"))
    assert path not in others
    assert len(others) == 4
    # What has no part in it changes nothing.
    assert checkpoint_path(with_params(project, report=None), "pretrain") in others


@pytest.mark.parametrize("usable", [True, False])
def test_a_run_goes_on_from_a_whole_checkpoint_and_throws_a_damaged_one_away(
    project: Project, usable: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint_path(project, "pretrain")
    path.parent.mkdir(parents=True)
    own, other = path.with_name(f"{path.stem}-1{path.suffix}"), path.with_name("another.safetensors")
    for file in (path, own, other):
        file.write_bytes(b"x")
    monkeypatch.setattr(training, "is_usable", lambda _: usable)
    assert resumed_checkpoint(project, "pretrain") == path
    assert [file.exists() for file in (path, own, other)] == [usable, usable, True]
    said = capsys.readouterr().out
    assert ("goes on where it was stopped" in said) is usable
    assert ("starts from the beginning" in said) is not usable


def test_progress_is_shown_in_the_words_of_the_live_view() -> None:
    shown: list[tuple[Any, ...]] = []
    report = report_progress(lambda *args: shown.append(args), lambda tick: f"kid {tick.figures['kid']}")
    report(TickReport(2.0, 8.0, {"kid": 0.5}))
    assert shown == [(2.0, 8.0, "kid 0.5")]


def test_a_curve_has_the_columns_of_all_its_rows_and_without_rows_a_header(tmp_path: Path) -> None:
    write_curve(tmp_path / "curve.csv", [{"kimg": 1.0, "kid": 0.5}, {"kimg": 2.0, "loss": 0.25}])
    frame = pd.read_csv(tmp_path / "curve.csv")
    assert list(frame.columns) == ["kimg", "kid", "loss"]
    assert frame["kimg"].tolist() == [1.0, 2.0]
    assert frame["kid"].isna().tolist() == [False, True]
    write_curve(tmp_path / "curve.csv", [])
    assert (tmp_path / "curve.csv").read_bytes() == b"kimg\n"
