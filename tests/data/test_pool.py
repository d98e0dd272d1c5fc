"""The pool through `prepare`: what is read, what is dropped because it would leak, and what the audit says of it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.errors import DataError, LeakError, MethodError
from gan_augment.core.records import PoolSpec
from gan_augment.core.samples import NO_LABEL, PoolView, Samples, TrainView, ValidationView, read_samples
from gan_augment.core.samples import TestInputs as Inputs
from gan_augment.data.config import PrepareConfig
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.pool import load_pool
from gan_augment.data.problems import raise_errors
from gan_augment.mixing.config import CrossFitConfig
from gan_augment.project.layout import Project
from gan_augment.project.training import check_method, checkpoint_path
from gan_augment.stages import cross_fit, prepare, pretrain, train_gan
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.config import SynthesisConfig
from gan_augment.synthesis.registry import resolve_method
from tests.data.pictures import noise, photo, save, write_folder
from tests.stages.test_prepare import project

POOL_STYLES = ("fda", "histogram_match", "style_transfer")
FOLDER = {"kind": "image_folder", "path": "unlabelled"}


def photos(root: Path, count: int = 12) -> None:
    """Two classes of photographs of 64 px."""
    for number, label in enumerate(("cat", "dog")):
        for image in range(count):
            save(root / f"raw/{label}/{image:03}.png", np.asarray(photo(100 * number + image)))


def pooled(root: Path, pool: dict[str, Any] | None = None, **settings: Any) -> Project:
    source = {"kind": "image_folder", "path": "raw"}
    opened = project(root, ["cat", "dog"], source, pool=pool or FOLDER, **{"image_size": 32, **settings})
    prepare.run(opened)
    return opened


def part_of(root: Path, part: str) -> list[str]:
    """Files of the labelled rows in this part of the split, which does not depend on the pool."""
    opened = project(root, ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, image_size=32)
    prepare.run(opened)
    if part == "test":
        return sorted(map(str, pd.read_parquet(opened.layout.test_labels)["source"]))
    view = opened.validation_view() if part == "validation" else opened.train_view()
    return sorted(map(str, view.samples.manifest["source"]))


def dropped(opened: Project) -> dict[str, int]:
    return {
        entry["reason"].split(",")[0]: entry["count"] for entry in read_json(opened.layout.audit)["pool"]["dropped"]
    }


def test_a_flat_folder_of_images_has_no_labels_and_the_form_of_the_labelled_rows(tmp_path: Path) -> None:
    photos(tmp_path)
    for image in range(5):
        save(tmp_path / f"unlabelled/{image}.png", np.asarray(photo(900 + image, side=48)))
    save(tmp_path / "unlabelled/deep/er/5.png", noise(7, (20, 40), channels=1))
    opened = pooled(tmp_path)
    pool = opened.pool_view()
    assert pool is not None
    assert opened.spec().pool == PoolSpec(rows=6, labelled=0)
    assert np.asarray(pool.samples.payload).shape == (6, 32, 32, 3)
    assert set(pool.samples.manifest["split"]) == {"pool"}
    assert (pool.labels_or_none == NO_LABEL).all()
    assert read_json(opened.layout.audit)["pool"]["rows"] == 6
    with pytest.raises(ValueError, match="labels_or_none"):
        _ = pool.labels


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("disguise", ["same", "smaller", "jpeg", "mirrored", "brighter"])
def test_a_photo_of_a_held_out_part_never_stays_in_the_pool(tmp_path: Path, part: str, disguise: str) -> None:
    photos(tmp_path)
    name = part_of(tmp_path, part)[0]
    found = Image.open(tmp_path / "raw" / name)
    changed = {
        "same": found,
        "smaller": found.resize((40, 40), Image.Resampling.BICUBIC),
        "jpeg": found,
        "mirrored": found.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "brighter": found.point(lambda value: min(255, int(value * 1.06))),
    }[disguise]
    save(tmp_path / "unlabelled/new.png", np.asarray(photo(901)))
    changed.save(tmp_path / f"unlabelled/hidden.{'jpg' if disguise == 'jpeg' else 'png'}", quality=60)
    opened = pooled(tmp_path)
    assert opened.spec().pool == PoolSpec(rows=1)
    assert dropped(opened) == {"a copy or a near copy of a validation or test row": 1}
    (entry,) = read_json(opened.layout.audit)["pool"]["dropped"]
    assert entry["examples"] == [f"hidden.{'jpg' if disguise == 'jpeg' else 'png'} = {name} ({part})"]
    pool = opened.pool_view()
    assert pool is not None
    assert list(pool.samples.manifest["source"]) == ["new.png"]
    assert any("pool rows are left out" in note["what"] for note in read_json(opened.layout.audit)["notes"])


def test_a_copy_of_a_train_row_goes_too_as_it_teaches_nothing_more(tmp_path: Path) -> None:
    photos(tmp_path)
    name = part_of(tmp_path, "train")[0]
    save(tmp_path / "unlabelled/again.png", np.asarray(Image.open(tmp_path / "raw" / name)))
    save(tmp_path / "unlabelled/new.png", np.asarray(photo(901)))
    opened = pooled(tmp_path)
    assert dropped(opened) == {"a copy or a near copy of a train row": 1}
    assert opened.spec().pool == PoolSpec(rows=1)


def test_the_group_of_a_held_out_row_never_stays_and_that_of_a_train_row_is_told(tmp_path: Path) -> None:
    for number, label in enumerate(("cat", "dog")):
        for patient in range(6):
            for image in range(2):
                seed = 100 * number + 10 * patient + image
                save(tmp_path / f"raw/{label}/{label[0]}{patient}_{image}.png", noise(seed))
    for number in range(6):
        save(tmp_path / f"unlabelled/c{number}_9.png", noise(900 + number))
    save(tmp_path / "unlabelled/x0_9.png", noise(950))
    opened = pooled(tmp_path, split={"group": "([a-z][0-9]+)_"})
    held = {str(s).split("/")[1].split("_")[0] for s in part_of_opened(opened)}
    pool = opened.pool_view()
    assert pool is not None
    kept = {str(source).split("_")[0] for source in pool.samples.manifest["source"]}
    assert kept == {f"c{n}" for n in range(6)} - held | {"x0"}
    assert dropped(opened)["in a group or a clip with a validation or test row"] == len(
        [g for g in held if g[0] == "c"]
    )
    groups = set(opened.train_view().samples.manifest["group"])
    bound = [group for group in pool.samples.manifest["group"] if group in groups]
    assert len(bound) == len(kept) - 1  # the stranger has a group of its own


def part_of_opened(opened: Project) -> list[str]:
    held = opened.validation_view().samples.manifest["source"].tolist()
    return [*held, *pd.read_parquet(opened.layout.test_labels)["source"]]


def test_a_group_need_not_be_in_the_pool_s_names(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    save(tmp_path / "unlabelled/photo.png", noise(900))
    with pytest.raises(DataError, match=r"In the pool: a name lacks the group(.|\n)*prepare.pool.group"):
        pooled(tmp_path, split={"group": "([0-9]+)"})
    opened = pooled(tmp_path, {**FOLDER, "group": "none"}, split={"group": "([0-9]+)"})
    assert opened.spec().pool == PoolSpec(rows=1)


@pytest.mark.parametrize("size", [32, None])  # None: chosen from the labelled images, which are much smaller
def test_the_pool_changes_nothing_about_the_labelled_rows(tmp_path: Path, size: int | None) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 20})
    plain = project(tmp_path, ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, image_size=size)
    prepare.run(plain)
    before = [file_hash(path) for path in folders(plain)]
    assert "pool" not in plain.layout.dataset.read_text()
    assert not plain.layout.pool.exists()
    write_folder(tmp_path / "unlabelled", {"a": 5, "b": 9}, size=(200, 200))
    Image.open(tmp_path / "raw/dog/004.png").save(tmp_path / "unlabelled/copy.png")
    opened = pooled(tmp_path, image_size=size)
    assert [file_hash(path) for path in folders(opened)] == before
    pool = opened.pool_view()
    assert pool is not None
    assert np.asarray(pool.samples.payload).shape[1:] == np.asarray(opened.train_view().samples.payload).shape[1:]


def folders(opened: Project) -> list[Path]:
    layout = opened.layout
    return [layout.train("k0"), layout.train("k1"), layout.validation, layout.test_inputs, layout.test_labels]


def test_labels_are_read_where_they_are_named_and_strange_ones_are_none(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    for number, label in enumerate(("dog", "dog", "bird")):
        save(tmp_path / f"unlabelled/{label}/{number}.png", noise(900 + number))
    opened = pooled(tmp_path, {**FOLDER, "class_from": "top"})
    pool = opened.pool_view()
    assert pool is not None
    assert sorted(pool.labels_or_none) == [NO_LABEL, 1, 1]
    assert opened.spec().pool == PoolSpec(rows=3, labelled=2)
    assert any(
        "1 pool rows have a label that is not a class" in n["what"] for n in read_json(opened.layout.audit)["notes"]
    )


def test_no_other_view_takes_a_row_of_the_pool(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    save(tmp_path / "unlabelled/1.png", noise(900))
    opened = pooled(tmp_path)
    rows, spec = read_samples(opened.layout.pool), opened.spec()
    for view in (TrainView, ValidationView, Inputs):
        with pytest.raises(LeakError):
            view(spec, rows)
    for other in (opened.train_view(), opened.validation_view(), opened.test_inputs()):
        with pytest.raises(LeakError):
            PoolView(spec, other.samples)


@pytest.mark.parametrize("kind", ["image_manifest", "npz", "webdataset"])
def test_every_kind_of_source_may_be_a_pool(tmp_path: Path, kind: str) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    opened = pooled(tmp_path, write_pool(tmp_path, kind))
    pool = opened.pool_view()
    assert pool is not None
    assert sorted(pool.labels_or_none) == [NO_LABEL, NO_LABEL, 0]
    assert np.asarray(pool.samples.payload).shape == (3, 32, 32, 3)


def write_pool(root: Path, kind: str) -> dict[str, Any]:
    """Three images, of which the second is a cat."""
    images = [noise(900 + number, (32, 32)) for number in range(3)]
    if kind == "npz":
        np.savez(root / "pool.npz", images=np.stack(images[::2]), b_images=images[1][None], b_labels=np.array(["cat"]))
        return {"kind": kind, "path": "pool.npz"}
    for number, image in enumerate(images):
        save(root / f"pool/{number}.png", image)
    if kind == "image_manifest":
        (root / "pool.csv").write_text("file,label\npool/0.png,\npool/1.png,cat\npool/2.png,\n")
        return {"kind": kind, "path": "pool.csv", "image": "file", "target": "label"}
    (root / "pool/1.cls").write_text("cat")
    with tarfile.open(root / "pool.tar", "w") as tar:
        for path in sorted((root / "pool").iterdir()):
            tar.add(path, path.name)
    return {"kind": kind, "path": "pool.tar", "label": "cls"}


def test_a_pool_that_cannot_be_read_is_named_as_such(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    with pytest.raises(DataError, match="In the pool: "):
        pooled(tmp_path)
    save(tmp_path / "unlabelled/1.png", noise(900))
    (tmp_path / "unlabelled/2.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"1 of 2 images cannot be read(.|\n)*unlabelled"):
        pooled(tmp_path)
    assert pooled(tmp_path, corrupt="skip").spec().pool == PoolSpec(rows=1)


def test_grey_rows_get_a_grey_pool(tmp_path: Path) -> None:
    for number, label in enumerate(("cat", "dog")):
        for image in range(8):
            save(tmp_path / f"raw/{label}/{image}.png", noise(100 * number + image, channels=1))
    save(tmp_path / "unlabelled/colour.png", noise(900, (32, 32)))
    opened = pooled(tmp_path)
    pool = opened.pool_view()
    assert pool is not None
    expected = Image.open(tmp_path / "unlabelled/colour.png").convert("L")
    assert (np.asarray(pool.samples.payload)[0, ..., 0] == np.asarray(expected)).all()


def with_groups(root: Path, **sections: Any) -> Project:
    """Twelve patients of two images each, and of most patients and of one stranger an image without a label."""
    for number, label in enumerate(("cat", "dog")):
        for patient in range(6):
            for image in range(2):
                save(root / f"raw/{label}/{label[0]}{patient}_{image}.png", noise(100 * number + 10 * patient + image))
            save(root / f"unlabelled/{label[0]}{patient}_9.png", noise(900 + 10 * number + patient))
    save(root / "unlabelled/x0_9.png", noise(950))
    opened = pooled(root, split={"group": "([a-z][0-9]+)_"})
    return Project(opened.params.model_copy(update=sections), opened.layout)


def patients(samples: Samples) -> set[str]:
    return {str(source).split("/")[-1].split("_")[0] for source in samples.manifest["source"]}


def test_a_fold_s_pool_lacks_what_belongs_with_its_held_rows(tmp_path: Path) -> None:
    opened = with_groups(tmp_path, cross_fit=CrossFitConfig(folds=2))
    whole = opened.pool_view()
    assert whole is not None
    for fold in cross_fit.make_folds(opened):
        held, pool = fold.project.validation_view(), fold.project.pool_view()
        assert pool is not None
        assert patients(pool.samples) == patients(whole.samples) - patients(held.samples)
        assert len(pool) < len(whole)
        assert fold.project.spec().pool == PoolSpec(rows=len(pool))
        TrainingData(fold.project.train_view(), held, pool)


def test_mix_does_not_get_the_pool_of_a_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(fold: cross_fit.Fold) -> None:
        fold.project.layout.curated.mkdir()

    monkeypatch.setattr(cross_fit, "fit_fold", fit)
    opened = with_groups(tmp_path, cross_fit=CrossFitConfig(folds=2))
    cross_fit.run(opened)
    kept = {path.name for path in (opened.layout.cross_fit / "0/data/prepared").iterdir()}
    assert kept == {"train", "validation", "dataset.json"} | {name for name in kept if name.startswith((".", "SHA"))}


@pytest.mark.parametrize(("method", "sees"), [("infogan", True), ("conditional", False), ("vanilla", False)])
def test_a_method_that_learns_from_a_pool_gets_it_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, sees: bool
) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    save(tmp_path / "unlabelled/1.png", noise(900))
    opened = pooled(tmp_path)
    synthesis = opened.params.synthesis.model_copy(update={"method": method})
    opened = Project(opened.params.model_copy(update={"synthesis": synthesis}), opened.layout)
    given: list[TrainingData] = []

    class Stop(Exception):
        pass

    def fit(_self: Any, data: TrainingData, *_: Any, **__: Any) -> None:
        given.append(data)
        raise Stop

    chosen = resolve_method(method)
    monkeypatch.setattr(type(chosen), "fit", fit)
    with pytest.raises(Stop):
        pretrain.run(opened)
        train_gan.run(opened, "k0")
    assert [data.pool is not None for data in given] == [sees]


def test_a_checkpoint_is_found_with_the_same_pool_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "raw", {"cat": 10, "dog": 10})
    plain = project(tmp_path, ["cat", "dog"], {"kind": "image_folder", "path": "raw"}, image_size=32)
    prepare.run(plain)
    names = [checkpoint_path(plain, "pretrain").name]
    for number in range(2):
        save(tmp_path / f"unlabelled/{number}.png", noise(900 + number))
        opened = pooled(tmp_path)
        names.append(checkpoint_path(opened, "pretrain").name)
        assert checkpoint_path(opened, "pretrain").name == names[-1]
    assert len(set(names)) == 3


def test_a_pool_has_companions_of_its_own(tmp_path: Path) -> None:
    write_folder(tmp_path / "photos", {"cat": 8, "dog": 8})
    for number in range(6):
        save(tmp_path / f"more/{number}.png", noise(5000 + number))
        save(tmp_path / f"masks/{number}.png", noise(6000 + number, channels=1))
    (tmp_path / "masks/5.png").unlink()
    mask = {"path": "masks"}
    settings = {"source": {"kind": "image_folder", "path": "photos"}}

    def pool(**missing: str) -> LoadedData:
        of_pool = {"kind": "image_folder", "path": "more", "companions": {"mask": mask | missing}}
        config = PrepareConfig.model_validate(settings | {"pool": of_pool})
        found = load_pool(config, tmp_path, load_data(config, tmp_path))
        assert found is not None
        return found

    with pytest.raises(DataError, match=r"1 of 6 rows have no mask(.|\n)*prepare\.pool\.companions\.mask\.missing"):
        raise_errors(pool().problems)
    found = pool(missing="leave_out")
    raise_errors(found.problems)
    numbers = [int(Path(str(source)).stem) for source in found.rows["source"]]
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    for number, pixels in zip(numbers, np.asarray(found.companions["mask"]), strict=True):
        assert (pixels[..., 0] == noise(6000 + number, channels=1)).all()


def test_prepare_writes_what_lies_beside_the_pool(tmp_path: Path) -> None:
    photos(tmp_path)
    for number in range(6):
        save(tmp_path / f"unlabelled/{number}.png", np.asarray(photo(900 + number)))
        save(tmp_path / f"masks/{number}.png", np.full((64, 64), number, np.uint8))
    opened = pooled(tmp_path, FOLDER | {"companions": {"mask": {"path": "masks"}}})
    prepare.run(opened)
    about, view = opened.spec().pool, opened.pool_view(("mask",))
    assert about is not None and view is not None  # noqa: PT018
    assert list(about.companions) == ["mask"]
    for source, mask in zip(view.samples.manifest["source"], np.asarray(view.samples.companions["mask"]), strict=True):
        assert (mask == int(Path(str(source)).stem)).all()
    assert not opened.spec().companions


def test_a_grey_pool_of_colour_images_gives_rows_but_no_styles(tmp_path: Path) -> None:
    photos(tmp_path)
    for image in range(24):
        save(tmp_path / f"unlabelled/{image}.png", noise(700 + image, (64, 64), channels=1))
    spec = pooled(tmp_path).spec()
    assert spec.pool == PoolSpec(rows=24, channels=1)
    for name in POOL_STYLES:
        with pytest.raises(MethodError, match="the pool is grey") as caught:
            resolve_method(name).Config().check(spec)
        assert "prepare.pool" in str(caught.value)
    resolve_method("infogan").Config().check(spec)  # which learns shapes, not colours


def test_a_pool_that_is_the_test_photographs_gives_no_styles(tmp_path: Path) -> None:
    photos(tmp_path)
    for source in part_of(tmp_path, "test"):
        image = tmp_path / "raw" / source.removeprefix("raw/")
        shutil.copy(image, _made(tmp_path / "unlabelled") / source.replace("/", "-"))
    opened = pooled(tmp_path)
    pool = opened.spec().pool
    assert pool is not None
    assert pool.rows == 0
    assert sum(dropped(opened).values()) == len(list((tmp_path / "unlabelled").iterdir()))
    for name in POOL_STYLES:
        with pytest.raises(MethodError) as caught:
            check_method(opened.params.model_copy(update={"synthesis": SynthesisConfig(method=name)}), opened.spec())
        assert "pool" in str(caught.value)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
