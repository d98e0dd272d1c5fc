"""The rows of a report are those that reading everything would give, whatever the pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.errors import MissingInputError
from gan_augment.core.samples import Samples, read_samples
from gan_augment.project.layout import Project
from gan_augment.reporting import rows
from gan_augment.reporting.page import render_report
from gan_augment.reporting.rows import accepted_rows, rejected_rows, scores_of
from gan_augment.stages.report import gather
from tests.finished_project import write_project


@pytest.fixture(params=[65_536, 7], ids=["whole", "pieces"], autouse=True)
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_READ", request.param)


def _ids(samples: Samples) -> list[str]:
    return list(samples.manifest["id"])


def _rejected_by_reading_all(project: Project, most: int) -> list[str]:
    """One filter after the other."""
    scores = pd.read_parquet(project.layout.curated / "scores.parquet").set_index("id")
    found: list[str] = []
    for record in project.spec().classes:
        ids = read_samples(project.layout.synthetic(record.key)).manifest["id"]
        reasons = scores["rejected_by"].reindex(ids).to_numpy()
        turn = pd.Series(reasons).groupby(reasons).cumcount().to_numpy()
        wanted = np.flatnonzero(reasons != "")
        found += list(ids.iloc[wanted[np.argsort(turn[wanted], kind="stable")][:most]])
    return found


def _rejected(project: Project, most: int) -> Samples:
    folders = {record.label: project.layout.synthetic(record.key) for record in project.spec().classes}
    return rejected_rows(project.layout.curated / "scores.parquet", folders, most)


@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_rejected_rows_take_turns(tmp_path: Path, most: int) -> None:
    project = write_project(tmp_path)
    found = _rejected(project, most)
    assert _ids(found) == _rejected_by_reading_all(project, most)
    everything = Samples.concat([read_samples(project.layout.synthetic(c.key)) for c in project.spec().classes])
    places = everything.manifest.reset_index().set_index("id")["index"][_ids(found)].to_numpy()
    np.testing.assert_array_equal(found.payload, everything.take(places).payload)


def test_of_images_the_first_of_each_class_are_read(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    spec, whole = project.spec(), read_samples(project.layout.curated)
    found = accepted_rows(project.layout.curated, spec, 3)
    expected = [name for c in spec.classes for name in _ids(whole.of_class(c.label))[:3]]
    assert _ids(found) == expected
    assert len(found) == 9


def test_of_a_table_a_part_with_the_classes_shares_is_compared_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path, modality="table")
    spec, whole = project.spec(), read_samples(project.layout.curated)
    assert _ids(accepted_rows(project.layout.curated, spec, 0)) == _ids(whole)
    page = render_report(gather(project), project.params.report)
    assert "are compared" not in page
    monkeypatch.setattr(rows, "COMPARED", len(whole) // 2)
    found = accepted_rows(project.layout.curated, spec, 0)
    for record in spec.classes:
        own = _ids(whole.of_class(record.label))
        part = _ids(found.of_class(record.label))
        assert part == own[: len(part)]
        assert len(part) == pytest.approx(len(own) / 2, abs=1)
    assert f"a random {len(found)} are compared" in render_report(gather(project), project.params.report)


def test_scores_of_the_shown_rows(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    scores = project.layout.curated / "scores.parquet"
    whole = pd.read_parquet(scores).set_index("id")
    shown = _rejected(project, 2)
    pd.testing.assert_frame_equal(scores_of(scores, shown).sort_index(), whole.loc[_ids(shown)].sort_index())
    assert len(scores_of(scores, shown.take(slice(0, 0)))) == 0


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    (project.layout.curated / "manifest.parquet").unlink()
    with pytest.raises(MissingInputError, match="curated"):
        accepted_rows(project.layout.curated, project.spec(), 3)
