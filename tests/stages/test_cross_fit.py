"""`cross_fit`: no row of a fold reaches the synthesizer that it judges, and the folds are what `mix` listens to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.samples import Samples, read_samples
from gan_augment.project.layout import Project
from gan_augment.stages import cross_fit, curate, mix, pretrain, train_gan
from tests.stages.downstream_project import Synthesizer, make_project

QUICK: dict[str, Any] = {
    "retrain": {"classifier": {"kind": "logistic_regression"}, "second_opinion": "none"},
    "mix": {"seeds": 2, "ratios": [1, 2]},
}
LINEAR: dict[str, Any] = {
    "retrain": {"classifier": {"kind": "logistic_regression"}, "second_opinion": "none", "classical": {"strength": 0}},
    "mix": {"seeds": 2, "ratios": [1, 2]},
}
COPIES: dict[str, Any] = {  # every candidate is a train row, and nothing rejects it
    "synthesis": {"method": "oversample"},
    "generate": {"candidates": 60},
    "curate": {
        **{name: {"enabled": False} for name in ("copies", "duplicates", "judge")},
        "judged_by": {"members": 1, "table_model": "linear"},
        "train_on_synthetic_seeds": 1,
    },
}


def table(root: Path, count: int, **more: Any) -> Project:
    return make_project(root, modality="table", train=(16, 8), held=30, cross_fit={"folds": count}, **(QUICK | more))


def rows(samples: Samples) -> set[tuple[Any, ...]]:
    assert isinstance(samples.payload, pd.DataFrame)
    return set(samples.payload.round(6).fillna(-1).itertuples(index=False, name=None))


def test_without_folds_it_leaves_an_empty_folder_and_loads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = table(tmp_path, 0)
    monkeypatch.setattr(cross_fit, "make_folds", lambda _: pytest.fail("a fold was made"))
    cross_fit.run(project)
    assert {path.name for path in project.layout.cross_fit.iterdir()} == {"folds.json", "SHA256SUMS", ".listed"}


def test_each_row_is_held_once_and_its_synthesizer_has_not_seen_it(tmp_path: Path) -> None:
    project = table(tmp_path, 3, **COPIES)
    cross_fit.run(project)
    everything = rows(project.train_view().samples) | rows(project.validation_view().samples)
    held: list[set[tuple[Any, ...]]] = []
    for number in range(3):
        fold = Project(project.params, project.layout.fold(number))
        own, fitted = rows(fold.validation_view().samples), rows(fold.train_view().samples)
        assert own | fitted == everything
        assert not own & fitted
        synthetic = rows(read_samples(fold.layout.curated))
        assert synthetic
        assert synthetic <= fitted
        held.append(own)
    assert set.union(*held) == everything
    assert sum(map(len, held)) == len(everything)


def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = table(tmp_path / "whole", 3, **COPIES), table(tmp_path / "killed", 3, **COPIES)
    cross_fit.run(whole)
    trained: list[Path] = []
    original = train_gan.run

    def noted(project: Project, key: str) -> None:
        trained.append(project.layout.root)
        if len(trained) == 4:  # in the middle of the second fold
            raise KeyboardInterrupt
        original(project, key)

    monkeypatch.setattr(train_gan, "run", noted)
    with pytest.raises(KeyboardInterrupt):
        cross_fit.run(killed)
    assert not killed.layout.cross_fit.exists()
    cross_fit.run(killed)
    assert len(trained) == 4 + 3  # the second fold's second class, and the third fold
    assert file_hash(killed.layout.cross_fit) == file_hash(whole.layout.cross_fit)
    assert not list((tmp_path / "killed/.gan_augment/cross_fit").iterdir())


def test_what_another_setting_left_behind_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = table(tmp_path, 2, **COPIES)
    with monkeypatch.context() as patch:
        patch.setattr(curate, "run", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cross_fit.run(project)
    other = Project(
        project.params.model_copy(update={"generate": type(project.params.generate)(candidates=7)}), project.layout
    )
    cross_fit.run(other)
    counts = [len(read_samples(other.layout.fold(number).curated)) for number in range(2)]
    assert counts == [14, 14]


@pytest.mark.parametrize("helpful", [True, False])
def test_the_folds_choose_the_ratio_and_not_the_validation_part(tmp_path: Path, helpful: bool) -> None:
    """The project's own candidates are of one kind and those of the folds of the other: the folds decide."""

    def kind(name: Synthesizer) -> Project:
        sections = LINEAR | {"cross_fit": {"folds": 2}}
        return make_project(tmp_path / name, train=(12, 12, 4), held=30, per_split=30, synthesizer=name, **sections)

    good, bad = kind("oracle"), kind("harmful")
    project, folded = (bad, good) if helpful else (good, bad)
    for number in range(2):
        fold = project.layout.fold(number)
        shutil.copytree(folded.layout.dataset.parent, fold.dataset.parent)
        shutil.copytree(folded.layout.curated, fold.curated)
    mix.run(project)
    report = read_json(project.layout.mix_report)
    assert (report["ratio"] > 0) is helpful
    assert report["folds"] == 2
    assert report["validation_rows"] == 2 * 90


def test_more_folds_than_rows_are_refused_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, train=(20, 20, 2), per_split=3, cross_fit={"folds": 10}, **QUICK)
    monkeypatch.setattr(pretrain, "run", lambda _: pytest.fail("a training began"))
    with pytest.raises(DataError, match="5 independent"):
        cross_fit.run(project)


@pytest.mark.parametrize("count", [1, -1, 21])
def test_a_number_of_folds_that_cannot_be_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(ParamsError, match=r"cross_fit\.folds"):
        table(tmp_path, count)


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = set()
    for name in ("first", "second"):
        project = table(tmp_path / name, 2, **COPIES)
        cross_fit.run(project)
        hashes.add(file_hash(project.layout.cross_fit))
    assert len(hashes) == 1
