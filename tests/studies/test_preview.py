"""The page before training: train rows alone, the audit's findings, and an augmentation that follows the params."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from gan_augment.core.atomic import write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.samples import read_samples
from gan_augment.project.layout import Project
from gan_augment.reporting.pictures import data_uri
from gan_augment.reporting.preview import render_preview
from gan_augment.studies.preview import ORIGINALS, VERSIONS, gather, run
from tests.finished_project import NASTY_LABELS, write_project

AUDIT = {
    "rows": 57,
    "imbalance": 3.0,
    "duplicates": {
        "copies": 2,
        "near_copies": 1,
        "one_content_two_labels": 1,
        "examples": [["a.png (x)", "b.png (x)"]],
        "two_label_examples": [["c.png (x)", "<i>.png (y)"]],
    },
    "classes": [{"key": "cat", "label": NASTY_LABELS[0], "train": 8, "validation": 5, "test": 6}],
    "tiny_classes": ["cat"],
    "notes": [{"severity": "warning", "what": "Unreadable <images>", "places": ["x.png"], "remedy": "look at them"}],
}


def project(root: Path, classical: dict[str, Any] | None = None, **recipe: Any) -> Project:
    made = write_project(root, **recipe)
    write_json(made.layout.audit, AUDIT)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params["retrain"] = {"classical": classical or {}}
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return Project.open(root)


def test_only_train_pictures_are_on_the_page(tmp_path: Path) -> None:
    made = project(tmp_path)
    run(made, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'src="(data:[^"]+)" alt="real', page))
    train = {data_uri(pixels) for pixels in np.asarray(made.train_view().samples.payload)}
    assert shown
    assert shown <= train
    for held_out in (made.layout.validation, made.layout.test_inputs):
        assert not shown & {data_uri(pixels) for pixels in np.asarray(read_samples(held_out).payload)}


def test_versions_stand_beside_their_original_and_differ(tmp_path: Path) -> None:
    preview = gather(project(tmp_path))
    assert [one.label for one in preview.augmented] == list(NASTY_LABELS)
    for one in preview.augmented:
        assert one.versions.shape == (ORIGINALS, VERSIONS, *one.originals.shape[1:])
        assert len({version.tobytes() for version in one.versions[0]}) == VERSIONS
        near = np.abs(one.versions.astype(float) - one.originals[:, None]).mean(axis=(1, 2, 3, 4))
        other = np.abs(one.versions.astype(float) - one.originals[::-1][:, None]).mean(axis=(1, 2, 3, 4))
        assert (near <= other + 20).all()
    page = render_preview(preview)
    shown = [data_uri(v) for one in preview.augmented for versions in one.versions for v in versions]
    assert re.findall(r'src="(data:[^"]+)" alt="augmented version', page) == shown
    again = gather(project(tmp_path))
    assert np.array_equal(preview.augmented[0].versions, again.augmented[0].versions)


def test_the_settings_of_params_are_what_is_shown(tmp_path: Path) -> None:
    still = {"shift": 0, "rotate": 0, "scale": 0, "noise": 0}
    preview = gather(project(tmp_path, {**still, "flip_horizontal": True}))
    one = preview.augmented[0]
    for original, versions in zip(one.originals, one.versions, strict=True):
        assert {v.tobytes() for v in versions} == {original.tobytes(), original[:, ::-1].tobytes()}
    assert ("flip_horizontal", "True") in preview.settings


@pytest.mark.parametrize("classical", [{"strength": 0}, {"shift": 0, "rotate": 0, "scale": 0, "noise": 0}])
def test_an_augmentation_that_is_off_is_said_to_be(tmp_path: Path, classical: dict[str, Any]) -> None:
    preview = run(project(tmp_path, classical), tmp_path / "p.html")
    assert preview.augmented == ()
    assert "switched off" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_before_prepare_it_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text((Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8"))
    with pytest.raises(MissingInputError, match="dvc repro prepare"):
        gather(Project.open(tmp_path))


def test_the_pool_is_counted(tmp_path: Path) -> None:
    made = project(tmp_path)
    write_json(made.layout.audit, AUDIT | {"pool": {"rows": 123, "dropped_rows": 45}})
    run(made, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "123" in page
    assert "that only synthesizers see; 45 more are left out" in page
