"""What lies beside images leaves with them in every format, comes back by `load`, and is read as a source again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import gan_augment
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.records import ROLES, ArrayField, Column, Field, FrameField, Role
from gan_augment.core.samples import Payload, Samples, read_samples, write_samples
from gan_augment.data.config import PrepareConfig
from gan_augment.data.loading import load_data
from gan_augment.data.problems import raise_errors
from gan_augment.project.layout import Project
from gan_augment.sharding.beside import decoded, encoded_cells, ending, find_companions
from gan_augment.sharding.export import export
from gan_augment.sharding.index import read_index, verify
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of

FORMATS = ("webdataset", "parquet", "folder")


def beside(role: Role, ids: list[str]) -> Payload:
    """What belongs to each id, and to no other."""
    draws = [np.random.default_rng(list(f"{role} {name}".encode())) for name in ids]
    shapes = {"mask": (12, 12, 1), "pair": (12, 12, 3), "voxels": (2, 3, 4)}
    if role in shapes:
        return np.stack([draw.integers(0, 256, shapes[role], np.uint8) for draw in draws])
    if role == "sequence":
        frames = pd.array([int(draw.integers(99)) for draw in draws], dtype="Int64")
        return pd.DataFrame({"sequence": pd.array([f"of {name}" for name in ids], dtype="string"), "frame": frames})
    if role == "attributes":
        columns = {
            "hair, <b>": [f"猫 {name}" for name in ids],
            "eyes": [("open", "closed")[len(name) % 2] for name in ids],
        }
        return pd.DataFrame({name: pd.array(values, dtype="string") for name, values in columns.items()})
    return pd.DataFrame({role: pd.array([f'{role}\nof {name}, "é"' for name in ids], dtype="string")})


def with_companions(root: Path, real: tuple[Role, ...], synthetic: tuple[Role, ...]) -> Project:
    project = write_project(root, channels=3)
    layout, spec = project.layout, project.spec()
    for folders, roles in (
        ([layout.train(c.key) for c in spec.classes], real),
        ([layout.mixed / "synthetic"], synthetic),
    ):
        for folder in folders:
            samples = read_samples(folder)
            found = {role: beside(role, list(samples.manifest["id"])) for role in roles}
            write_samples(folder, Samples(samples.manifest, samples.payload, found))
    return project


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("beside")
    export(task_of(with_companions(root, ROLES, ("mask", "attributes")), IMAGE), root / "export")
    return root / "export"


def ids(folder: Path, origin: str) -> list[str]:
    manifest = pd.read_parquet(folder / "manifest.parquet")
    return list(manifest["id"][manifest["origin"] == origin])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_every_role_back(exported: Path, name: str, role: Role) -> None:
    for origin in ("real", "synthetic") if role in ("mask", "attributes") else ("real",):
        found = gan_augment.load(exported, "numpy", format=name, only=origin, companions=[role])  # type: ignore[arg-type]
        want = beside(role, ids(exported, origin))
        if isinstance(want, pd.DataFrame):
            pd.testing.assert_frame_equal(found.companions[role], want)
        else:
            assert (found.companions[role] == want).all()
        assert (found.x == gan_augment.load(exported, "numpy", format=name, only=origin).x).all()  # type: ignore[arg-type]


def test_the_export_is_whole_and_says_what_it_has(exported: Path) -> None:
    assert verify(exported) > 100
    index = read_index(exported)
    assert index["layout"] == 2
    assert {role: (about["real"], about["synthetic"]) for role, about in index["companions"].items()} == {
        role: (True, role in ("mask", "attributes")) for role in ROLES
    }
    assert "caption (real rows)" in (exported / "README.md").read_text()


def test_torch_and_streams_give_a_third_part(exported: Path) -> None:
    wanted: list[Role] = ["mask", "attributes"]
    dataset = gan_augment.load(exported, companions=wanted)
    image, label, found = dataset[3]
    assert (tuple(image.shape), tuple(found["mask"].shape)) == ((3, 12, 12), (1, 12, 12))
    assert set(found["attributes"]) == {"hair, <b>", "eyes"}
    assert label == dataset.classes[3]
    items = list(gan_augment.load(exported, "stream", companions=wanted))
    assert len(items) == len(dataset)
    assert {item[2]["attributes"]["hair, <b>"] for item in items} == {dataset[i][2]["attributes"]["hair, <b>"]
                                                                     for i in range(len(dataset))}  # fmt: skip
    texts = gan_augment.load(exported, only="real", companions=["caption"])
    assert texts[0][2]["caption"].startswith("caption\nof real-train")
    assert len(gan_augment.load(exported)[0]) == 2


def test_albumentations_moves_a_mask_with_its_image(exported: Path) -> None:
    albumentations = pytest.importorskip("albumentations")
    plain = gan_augment.load(exported, companions=["mask"])[0]
    flipped = gan_augment.load(exported, companions=["mask"], transform=albumentations.HorizontalFlip(p=1.0))[0]
    assert (flipped[0].flip(2) == plain[0]).all()
    assert (flipped[2]["mask"].flip(2) == plain[2]["mask"]).all()


def test_what_is_not_there_is_said(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"synthetic rows have no caption(.|\n)*only=\"real\""):
        gan_augment.load(exported, companions=["caption"])
    with pytest.raises(ParamsError, match="no such companion"):
        gan_augment.load(exported, companions=["hair"])  # type: ignore[list-item]
    with pytest.raises(ParamsError, match=r"are a list(.|\n)*\['mask'\]"):
        gan_augment.load(exported, companions="mask")
    export(task_of(write_project(tmp_path), IMAGE), tmp_path / "export")
    with pytest.raises(ParamsError, match="this export has images alone"):
        gan_augment.load(tmp_path / "export", companions=["mask"])
    assert read_index(tmp_path / "export")["layout"] == 1
    assert not (tmp_path / "export/folder_companions").exists()
    assert "companion" not in (tmp_path / "export/index.json").read_text()


def test_other_forms_are_refused(tmp_path: Path) -> None:
    project = with_companions(tmp_path, ("mask",), ("mask",))
    folder = project.layout.mixed / "synthetic"
    samples = read_samples(folder, companions=["mask"])
    write_samples(
        folder, Samples(samples.manifest, samples.payload, {"mask": np.asarray(samples.companions["mask"])[:, :6]})
    )
    with pytest.raises(DataError, match="mask of some rows has a different form"):
        find_companions([*(project.layout.train(c.key) for c in project.spec().classes), folder])


@pytest.mark.parametrize("role", ROLES)
def test_an_export_as_webdataset_is_a_source_again(exported: Path, role: Role, tmp_path: Path) -> None:
    """Real rows have every role; synthetic rows without it are left out."""
    names = {"attributes": ("hair, <b>", "eyes"), "sequence": ("sequence", "frame")}.get(role)
    suffix = {"mask": "png", "pair": "png", "voxels": "npy", "caption": "txt", "text": "txt"}.get(role, "json")
    place: dict[str, Any] = {"ending": f"{role}.{suffix}", "missing": "leave_out"}
    config = PrepareConfig.model_validate(
        {
            "source": {"kind": "webdataset", "path": str(exported / "webdataset")},
            "companions": {role: place | ({"columns": names} if names else {})},
            "near_duplicates": "ignore",
        }
    )
    data = load_data(config, tmp_path)
    raise_errors(data.problems)
    origin = None if role in ("mask", "attributes") else "real"
    loaded = gan_augment.load(exported, "numpy", only=origin, companions=[role])  # type: ignore[arg-type]
    got = data.companions[role]
    if isinstance(got, pd.DataFrame):
        assert got.to_numpy().tolist() == loaded.companions[role].to_numpy().tolist()
    else:
        assert (np.asarray(got) == loaded.companions[role]).all()


def test_other_programs_read_the_parquet_files(exported: Path) -> None:
    table = pa.parquet.read_table(min((exported / "parquet").glob("*.parquet")))
    told = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert told["mask"] == {"_type": "Image"}
    assert told["attributes"]["eyes"] == {"dtype": "string", "_type": "Value"}
    assert table.column("caption").type == pa.string()


def test_folders_beside_the_pictures_have_the_same_paths(exported: Path) -> None:
    pictures = {path.relative_to(exported / "folder") for path in (exported / "folder").rglob("*.png")}
    masks = {path.relative_to(exported / "folder_companions/mask")
             for path in (exported / "folder_companions/mask").rglob("*.png")}  # fmt: skip
    assert masks == pictures
    path = next(iter(sorted(masks)))
    assert Image.open(exported / "folder_companions/mask" / path).size == (12, 12)


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.dictionaries(words, words | st.none(), min_size=1, max_size=4))
def test_cells_come_back(cells: dict[str, str | None]) -> None:
    form = FrameField(columns=tuple(Column(name=name, kind="categorical", dtype="string") for name in cells))
    content = encoded_cells("attributes", cells)
    assert (content is None) == all(value is None for value in cells.values())
    if content is not None:
        assert decoded("attributes", form, content) == cells


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_other_bytes_are_refused(shape: list[int]) -> None:
    form: Field = ArrayField(shape=tuple(shape))
    values: npt.NDArray[np.uint8] = np.zeros((*shape, 2), np.uint8)
    role: Role = "mask" if ending("mask", form) == "png" else "voxels"
    stream = io.BytesIO()
    if role == "mask":
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(stream, "PNG")
    else:
        np.save(stream, values)
    with pytest.raises(ValueError, match=role):
        decoded(role, form, stream.getvalue())
