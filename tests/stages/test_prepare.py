from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.errors import DataError, LeakError, ParamsError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import read_samples
from gan_augment.project import prepared
from gan_augment.project.layout import Project
from gan_augment.stages import prepare
from tests.data.pictures import noise, photo, save, write_folder


def project(
    root: Path, labels: list[str], source: dict[str, Any], base: dict[str, Any] | None = None, **settings: Any
) -> Project:
    params = {
        "base": base or {},
        "classes": {f"k{number}": {"label": label} for number, label in enumerate(labels)},
        "prepare": {"source": source, **settings},
        "synthesis": {"method": "conditional"},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return Project.open(root)


def folder_project(root: Path, labels: list[str] | None = None, **settings: Any) -> Project:
    write_folder(root / "raw", {"cat": 10, "dog": 20})
    return project(root, labels or ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, **settings)


def test_everything_is_written_and_fits_together(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    prepare.run(opened)
    spec = opened.spec()
    assert spec.labels == ("cat", "dog")
    train, validation, test = opened.train_view(), opened.validation_view(), opened.test_inputs()
    assert (len(train), len(validation), len(test)) == (18, 6, 6)
    assert len(opened.class_train_view("k0")) == 6
    ids = [row for view in (train, validation, test) for row in view.samples.manifest["id"]]
    assert len(set(ids)) == 30
    figures = read_json(opened.layout.audit)
    assert figures["parts"] == {"train": 18, "validation": 6, "test": 6}


def test_the_audit_accounts_for_every_entry(tmp_path: Path) -> None:
    opened = folder_project(tmp_path, ["dog", "bird"], exclude=["cat"], corrupt="skip")
    write_folder(tmp_path / "raw", {"bird": 11})
    (tmp_path / "raw/bird/000.png").write_bytes(b"broken")
    (tmp_path / "raw/notes.txt").write_text("x")
    prepare.run(opened)
    entries = read_json(opened.layout.audit)["entries"]
    counts = {part["reason"]: part["count"] for part in entries["left_out"]}
    assert sorted(counts.values()) == [1, 1, 10]
    assert entries["found"] == entries["samples"] + sum(counts.values()) == 42
    assert entries["samples"] == 30


def test_pixels_are_those_of_the_files(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    prepare.run(opened)
    samples = opened.train_view().samples
    for source, pixels in zip(samples.manifest["source"], samples.payload, strict=True):
        label, name = str(source).split("/")
        assert (pixels == noise(1000 * ["cat", "dog"].index(label) + int(name[:3]))).all()


def test_test_labels_are_nowhere_but_in_their_file(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    prepare.run(opened)
    manifest = read_samples(opened.layout.test_inputs).manifest
    assert manifest["label"].isna().all()
    assert (manifest["source"] == "").all()  # a path names the class
    labels = pd.read_parquet(opened.layout.test_labels)
    assert labels["id"].tolist() == manifest["id"].tolist()
    assert labels["label"].value_counts().to_dict() == {"dog": 4, "cat": 2}
    assert manifest["id"].is_monotonic_increasing  # the order says nothing of the labels


def test_the_same_data_params_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        prepare.run(folder_project(tmp_path / name))
        hashes.append(file_hash(tmp_path / name / "data/prepared"))
    assert hashes[0] == hashes[1]


def test_adding_to_one_class_leaves_the_others_folder_as_it_was(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    prepare.run(opened)
    before = file_hash(opened.layout.train("k0")), file_hash(opened.layout.train("k1"))
    save(tmp_path / "raw/cat/new.png", noise(77))
    prepare.run(opened)
    assert file_hash(opened.layout.train("k1")) == before[1]
    assert file_hash(opened.layout.train("k0")) != before[0]


def test_tables_keep_missing_values_and_dtypes(tmp_path: Path) -> None:
    opened = project(tmp_path, ["Adelie", "Chinstrap", "Gentoo"], {"kind": "demo", "name": "penguins"})
    prepare.run(opened)
    spec = DatasetSpec.load(opened.layout.dataset)
    assert spec.table is not None
    train = opened.train_view().samples.payload
    assert isinstance(train, pd.DataFrame)
    assert {c.name: c.dtype for c in spec.table.columns} == {name: str(dtype) for name, dtype in train.dtypes.items()}
    assert read_json(opened.layout.audit)["missing_values"] == 19


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["cat", "cow"], 'add     dog: {label: "dog"}'),
        (["cat", "dog", "cow"], "remove  the class with label 'cow'"),
    ],
)
def test_other_classes_than_in_params_are_refused_with_what_to_change(
    tmp_path: Path, labels: list[str], said: str
) -> None:
    with pytest.raises(ParamsError, match="not those of the data") as error:
        prepare.run(folder_project(tmp_path, labels))
    assert said in str(error.value)


def test_a_thousand_other_classes_and_endless_labels_are_told_in_a_few_lines(tmp_path: Path) -> None:
    project = folder_project(tmp_path, ["x" * 5000, *(f"c{number}" for number in range(1000))])
    with pytest.raises(ParamsError) as error:
        prepare.run(project)
    assert len(str(error.value).splitlines()) < 50
    assert len(str(error.value)) < 6000
    assert "... and 983 more" in str(error.value)


def test_nothing_is_written_when_the_data_is_refused(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    (tmp_path / "raw/cat/broken.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"cat/broken\.png"):
        prepare.run(opened)
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "reports").exists()


def test_a_kill_while_writing_leaves_what_was_there_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = folder_project(tmp_path)
    prepare.run(opened)
    before = file_hash(tmp_path / "data/prepared")
    save(tmp_path / "raw/cat/new.png", noise(77))
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "write_samples", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare.run(opened)
    assert file_hash(tmp_path / "data/prepared") == before
    prepare.run(opened)
    assert file_hash(tmp_path / "data/prepared") != before


def test_keys_that_cannot_be_folders_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 20})
    params = {
        "classes": {"../cat": {"label": "cat"}, "dog": {"label": "dog"}},
        "prepare": {"source": {"kind": "image_folder", "path": "raw"}},
        "synthesis": {"method": "conditional"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(ParamsError, match=r"'\.\./cat'"):
        prepare.run(Project.open(tmp_path))


# Planted leaks


def test_a_test_image_copied_to_train_under_another_name_never_parts_from_its_copy(tmp_path: Path) -> None:
    opened = folder_project(tmp_path)
    for name in ("000", "003", "007"):
        save(tmp_path / f"raw/dog/copy-of-{name}.png", noise(1000 + int(name)))
    prepare.run(opened)
    views = opened.train_view(), opened.validation_view(), opened.test_inputs()
    pixels = [{row.tobytes() for row in np.asarray(view.samples.payload)} for view in views]
    assert not pixels[0] & pixels[1]
    assert not pixels[0] & pixels[2]
    assert not pixels[1] & pixels[2]
    assert read_json(opened.layout.audit)["duplicates"]["copies"] == 3


def test_a_copy_in_two_parts_of_the_users_own_split_is_refused_with_both_names(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "val", "test")):
        for label in ("cat", "dog"):
            for image in range(6):
                save(
                    tmp_path / "raw" / part / label / f"{image}.png",
                    noise(100 * number + 10 * len(label) + image + ord(label[0])),
                )
    save(tmp_path / "raw/train/cat/renamed.png", noise(200 + 30 + 2 + ord("c")))
    opened = project(tmp_path, ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, split={"column": "folder"})
    with pytest.raises(LeakError, match="same content is in two parts") as error:
        prepare.run(opened)
    assert "train/cat/renamed.png" in str(error.value)
    assert "test/cat/2.png" in str(error.value)


def test_one_patient_in_two_parts_of_the_users_own_split_is_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=60), "y": random.normal(size=60), "kind": ["a", "b"] * 30})
    frame["part"] = ["train"] * 36 + ["val"] * 12 + ["test"] * 12
    frame["patient"] = [f"p{n // 3}" for n in range(60)]
    frame.loc[58, "patient"] = "p0"
    frame.to_csv(tmp_path / "t.csv", index=False)
    source = {"kind": "table", "path": "t.csv", "target": "kind"}
    opened = project(tmp_path, ["a", "b"], source, split={"column": "part", "group": "patient"})
    with pytest.raises(LeakError, match="same group is in two parts") as error:
        prepare.run(opened)
    assert "line 2 (train) = t.csv, line 60 (test)" in str(error.value)


def test_rows_of_one_patient_stay_in_one_part(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=120), "kind": ["a", "b"] * 60})
    frame["patient"] = [f"p{n % 20}" for n in range(120)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    source = {"kind": "table", "path": "t.csv", "target": "kind"}
    opened = project(tmp_path, ["a", "b"], source, split={"group": "patient"})
    prepare.run(opened)
    views = opened.train_view(), opened.validation_view(), opened.test_inputs()
    groups = [set(view.samples.manifest["group"]) for view in views]
    assert not groups[0] & groups[1]
    assert not (groups[0] | groups[1]) & groups[2]
    assert sum(map(len, groups)) == 20


def part_of_each(opened: Project) -> dict[str, str]:
    """For each source file its part."""
    manifests = [read_samples(opened.layout.train(key)).manifest for key in opened.params.classes]
    manifests.append(read_samples(opened.layout.validation).manifest)
    parts = {row.source: row.split for manifest in manifests for row in manifest.itertuples()}
    return parts | dict.fromkeys(pd.read_parquet(opened.layout.test_labels)["source"], "test")


@pytest.mark.parametrize("seed", range(3))
def test_changed_copies_of_images_stay_with_their_originals(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    for number in range(60):
        image = photo(1000 * seed + number)
        folder = tmp_path / "raw" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{number}.png")
        if number < 20:
            turned = image.transpose(random.choice(list(Image.Transpose)))
            turned.resize((48, 48)).save(folder / f"{number}-again.jpg", quality=80)
    opened = project(tmp_path, ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, base={"seed": seed})
    prepare.run(opened)
    parts = part_of_each(opened)
    assert len(parts) == 80
    for source in [source for source in parts if "again" in source]:
        assert parts[source] == parts[source.replace("-again.jpg", ".png")]


def test_changed_copies_may_part_only_where_the_user_says_so(tmp_path: Path) -> None:
    for number in range(40):
        folder = tmp_path / "raw" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        photo(number).save(folder / f"{number}.png")
        photo(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"{number}-again.png")
    source = {"kind": "image_folder", "path": "raw"}
    torn = {}
    for setting in ("together", "ignore"):
        opened = project(tmp_path, ["cat", "dog"], source, near_duplicates=setting)
        prepare.run(opened)
        parts = part_of_each(opened)
        torn[setting] = sum(parts[name] != parts[name.replace("-again", "")] for name in parts)
    assert torn["together"] == 0
    assert torn["ignore"] > 0


def with_captions(root: Path, **more: Any) -> Project:
    opened = folder_project(root, companions={"caption": {"column": "text"}, "mask": {"path": "masks"}}, **more)
    names = sorted(path.relative_to(root / "raw").as_posix() for path in (root / "raw").rglob("*.png"))
    pd.DataFrame({"file_name": names, "text": names}).to_csv(root / "raw/metadata.csv", index=False)
    for number, name in enumerate(names):
        save(root / "masks" / name, noise(number, channels=1))
    return opened


def test_companions_go_with_train_and_validation_and_never_with_the_test_inputs(tmp_path: Path) -> None:
    opened = with_captions(tmp_path)
    prepare.run(opened)
    spec, layout = opened.spec(), opened.layout
    assert list(spec.companions) == ["caption", "mask"]
    for samples in (
        opened.train_view(("mask", "caption")).samples,
        opened.class_train_view("k1", ("mask", "caption")).samples,
        opened.validation_view(("mask", "caption")).samples,
    ):
        frame = samples.companions["caption"]
        assert isinstance(frame, pd.DataFrame)
        assert list(frame["caption"]) == list(samples.manifest["source"])
        names = sorted(path.relative_to(tmp_path / "raw").as_posix() for path in (tmp_path / "raw").rglob("*.png"))
        for source, mask in zip(samples.manifest["source"], np.asarray(samples.companions["mask"]), strict=True):
            assert (mask[..., 0] == noise(names.index(source), channels=1)).all()
    files = {path.name for path in layout.test_inputs.iterdir()}
    assert files == {".listed", "SHA256SUMS", "images.npy", "manifest.parquet"}
    assert not opened.test_inputs().samples.companions


def test_without_companions_every_byte_is_as_before(tmp_path: Path) -> None:
    for name in ("plain", "rich"):
        (tmp_path / name).mkdir()
    plain, rich = folder_project(tmp_path / "plain"), with_captions(tmp_path / "rich")
    prepare.run(plain)
    prepare.run(rich)
    assert "companions" not in read_json(plain.layout.dataset)
    for path in sorted(tmp_path.glob("plain/data/prepared/*/**/*.*")):
        same = tmp_path / "rich" / path.relative_to(tmp_path / "plain")
        if path.name != "SHA256SUMS":
            assert file_hash(path) == file_hash(same), path
