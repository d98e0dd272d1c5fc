"""The model that serves a class is the one that was chosen, bit by bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.atomic import file_hash, write_json
from gan_augment.core.checksums import list_checksums
from gan_augment.core.errors import DamagedInputError, MissingInputError, ModelError
from gan_augment.project.served import SERVED, read_served


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """As `train_gan` leaves it: the hash is that of the files without what tells it."""
    folder = tmp_path / "cat"
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "weights").write_bytes(b"12345")
    write_json(folder / SERVED, {"served": "joint", "model_hash": file_hash(folder)})
    list_checksums(folder)
    return folder


def test_a_whole_model_says_who_serves(model: Path) -> None:
    assert read_served(model)["served"] == "joint"


def test_a_changed_byte_is_damage(model: Path) -> None:
    (model / "weights").write_bytes(b"12346")
    with pytest.raises(DamagedInputError):
        read_served(model)


def test_a_lost_file_is_missing(model: Path) -> None:
    (model / "weights").unlink()
    with pytest.raises(MissingInputError):
        read_served(model)


def test_another_whole_model_in_its_place_is_told_with_what_to_do(model: Path) -> None:
    (model / "weights").write_bytes(b"another")
    list_checksums(model)  # every file is as it was written, but it is not the one that was chosen
    with pytest.raises(ModelError, match="not the one that was chosen") as told:
        read_served(model)
    assert f"delete {model}" in str(told.value.remedy)
