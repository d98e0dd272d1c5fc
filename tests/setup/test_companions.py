"""`init` finds what lies beside images, says what it took for what, and drops a guess that `prepare` would refuse."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import ROLES, Role
from gan_augment.project.layout import Project
from gan_augment.setup.check import check_project
from gan_augment.setup.companions import folder_of_images, guess_companions
from gan_augment.setup.findings import Findings
from gan_augment.setup.initialise import project_texts, write_project
from gan_augment.setup.inspect import inspect_path
from gan_augment.setup.render import render_findings
from gan_augment.stages import prepare
from tests.data.beside import write_source
from tests.data.pictures import noise, save, write_folder


def look(path: Path, **settings: Any) -> Findings:
    target = {"target": "kind"} if path.suffix == ".csv" else {}
    return inspect_path(path, settings=settings, **target)  # type: ignore[arg-type]


def said(findings: Findings) -> dict[str, Any]:
    return {
        role: source.model_dump(mode="json", exclude_defaults=True)
        for role, source in findings.config.companions.items()
    }


def rows(root: Path, count: int = 40, **columns: list[str]) -> Path:
    """A folder of images with metadata."""
    write_folder(root / "photos", {"cat": count // 2, "dog": count // 2})
    names = sorted(path.relative_to(root / "photos").as_posix() for path in (root / "photos").rglob("*.png"))
    pd.DataFrame({"file_name": names, **columns}).to_csv(root / "photos/metadata.csv", index=False)
    return root / "photos"


NAMES: dict[tuple[str, Role], str] = {
    ("image_folder", "mask"): "masks",
    ("image_folder", "caption"): "captions",
    ("image_folder", "pair"): "pairs",
    ("image_folder", "voxels"): "voxels",
}


@pytest.mark.parametrize(("kind", "role"), [*NAMES, ("metadata", "mask"), ("webdataset", "mask"),
                                            ("webdataset", "caption"), ("webdataset", "voxels")])  # fmt: skip
def test_usual_names_are_found(tmp_path: Path, kind: str, role: Role) -> None:
    source, config = write_source(kind, tmp_path, role, 30)
    if name := NAMES.get((kind, role)):
        (tmp_path / "beside").rename(tmp_path / name)
        config = {"path": str(tmp_path / name)}
    found = look(tmp_path / source["path"])
    assert said(found) == {role: config}
    assert f"{role} (" in render_findings(found)


def test_columns_are_taken_by_name_and_by_their_values(tmp_path: Path) -> None:
    path = rows(
        tmp_path,
        prompt=[f"picture {number}" for number in range(40)],
        hair=["red", "black"] * 20,
        score=[str(number % 4) for number in range(40)],  # numbers
        code=[f"x{number}" for number in range(40)],  # all different
        patient=["a", "b"] * 20,  # where a row belongs
        rare=["usual"] * 38 + ["odd"] * 2,
    )
    assert said(look(path)) == {"caption": {"column": "prompt"}, "attributes": {"columns": ["hair"]}}


def test_a_list_of_images_too(tmp_path: Path) -> None:
    write_source("image_manifest", tmp_path, "sequence", 30)
    frame = pd.read_csv(tmp_path / "list.csv").rename(columns={"shot": "frame"})
    frame.to_csv(tmp_path / "list.csv", index=False)
    assert said(look(tmp_path / "list.csv"))["sequence"] == {"columns": ["clip", "frame"]}


def test_arrays_too(tmp_path: Path) -> None:
    source, _ = write_source("npz", tmp_path, "mask", 30)
    arrays = {name.replace("beside", "masks"): values for name, values in np.load(tmp_path / "data.npz").items()}
    np.savez(tmp_path / "data.npz", **arrays)
    assert said(look(tmp_path / source["path"])) == {"mask": {"array": "masks"}}


def test_images_and_masks_below_one_folder(tmp_path: Path) -> None:
    assert folder_of_images(["images", "masks", "captions"]) == "images"
    assert folder_of_images(["cat", "masks"]) is None
    assert folder_of_images(["images", "cats"]) is None
    write_folder(tmp_path / "data/images", {"cat": 10, "dog": 10})
    write_folder(tmp_path / "data/masks", {"cat": 10, "dog": 10})
    found = look(tmp_path / "data")
    assert [record.label for record in found.classes] == ["cat", "dog"]
    assert said(found) == {"mask": {"path": str(tmp_path / "data/masks")}}


def test_texts_beside_the_images(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 10, "dog": 10})
    for path in (tmp_path / "photos").rglob("*.png"):
        path.with_suffix(".txt").write_text("a caption")
    assert said(look(tmp_path / "photos")) == {"caption": {"path": str(tmp_path / "photos")}}


def test_what_few_rows_have_is_no_guess(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 10, "dog": 10})
    write_folder(tmp_path / "masks", {"cat": 3})
    assert said(look(tmp_path / "photos")) == {}


def test_a_guess_that_prepare_would_refuse_is_dropped_with_the_reason(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 10, "dog": 10})
    write_folder(tmp_path / "masks", {"cat": 10, "dog": 9})
    write_folder(tmp_path / "pairs", {"cat": 10, "dog": 10})
    found = look(tmp_path / "photos")
    assert set(said(found)) == {"pair"}
    assert not found.errors
    assert "1 of 20 rows have no mask" in render_findings(found)
    named = look(tmp_path / "photos", **{"prepare.companions.mask": {"path": str(tmp_path / "masks")}})
    assert len(named.errors) == 1
    skip = look(
        tmp_path / "photos", **{"prepare.companions.mask": {"path": str(tmp_path / "masks"), "missing": "leave_out"}}
    )
    assert skip.rows == 19
    assert not skip.errors


def test_settings_change_what_was_found(tmp_path: Path) -> None:
    path = rows(tmp_path, text=["a", "b"] * 20, hair=["red", "black"] * 20)
    assert set(said(look(path))) == {"caption", "attributes"}
    assert set(said(look(path, **{"prepare.companions.caption": None}))) == {"attributes"}
    assert said(look(path, **{"prepare.companions": {}})) == {}
    with pytest.raises(ParamsError, match=r"one of path, column"):
        look(path, **{"prepare.companions.caption": {"column": "text", "path": "x"}})
    with pytest.raises(ParamsError, match="did you mean 'caption'"):
        look(path, **{"prepare.companions.captoin": {"column": "text"}})


def test_the_project_reads_what_init_found(tmp_path: Path) -> None:
    photos = rows(tmp_path, text=[f"no. {number}" for number in range(40)], hair=["red", "black"] * 20)
    for path in photos.rglob("*.png"):
        save(tmp_path / "masks" / path.relative_to(photos), noise(0, channels=1))
    root = tmp_path / "project"
    write_project(root, look(photos), repository=False)
    params = yaml.safe_load((root / "params.yaml").read_text())
    assert params["prepare"]["companions"] == {
        "caption": {"column": "text"},
        "attributes": {"columns": ["hair"]},
        "mask": {"path": "../masks"},
    }
    assert (
        "${prepare.companions.mask.path}"
        in yaml.safe_load((root / "dvc.yaml").read_text())["stages"]["prepare"]["deps"]
    )
    assert check_project(root, read_data=True).errors == ()
    prepare.run(opened := Project.open(root))
    assert set(opened.spec().companions) == {"caption", "attributes", "mask"}
    assert [role for role in ROLES if role in opened.train_view(("mask", "caption")).samples.companions] == [
        *("mask", "caption"),
    ]


def test_files_that_metadata_name_are_dependencies(tmp_path: Path) -> None:
    write_source("metadata", tmp_path, "mask", 30)
    shutil.move(tmp_path / "photos", tmp_path / "raw/photos")
    shutil.move(tmp_path / "beside", tmp_path / "raw/beside")
    text = project_texts(tmp_path / "project", look(tmp_path / "raw/photos"))["dvc.yaml"]
    assert "../raw/beside" in text


def test_without_companions_the_files_say_nothing_of_them(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 10, "dog": 10})
    found = look(tmp_path / "photos")
    assert guess_companions(found.config.source) == {}
    assert not any("companions" in text for text in project_texts(tmp_path / "project", found).values())


def test_strings_as_what_is_learnt_are_found_written_and_checked(tmp_path: Path) -> None:
    texts = [f"{number % 10}{number % 3}x" for number in range(40)]
    path = rows(tmp_path / "data", text=texts)
    assert "caption" in said(look(path))
    findings = look(path, **{"prepare.target": "text"})
    assert said(findings)["text"] == {"column": "text"}
    assert "caption" not in said(findings)
    texts_of = project_texts(tmp_path, findings)
    assert yaml.safe_load(texts_of["params.yaml"])["prepare"]["target"] == "text"
    deps = yaml.safe_load(texts_of["dvc.yaml"])["stages"]["generate"]["do"]["deps"]
    assert "data/prepared/train/${key}" in deps
    plain = yaml.safe_load(project_texts(tmp_path, look(path))["dvc.yaml"])["stages"]["generate"]["do"]["deps"]
    assert "data/prepared/train/${key}" not in plain


def test_strings_that_cannot_be_learnt_stop_init(tmp_path: Path) -> None:
    unread = rows(tmp_path / "a", text=["a\tb"] * 40)
    assert [one.what for one in look(unread, **{"prepare.target": "text"}).errors] == [
        "Strings have control characters, which no image shows"
    ]
    without = rows(tmp_path / "b", other=["x"] * 40)
    (error,) = look(without, **{"prepare.target": "text"}).errors
    assert "does not lie beside" in error.what
