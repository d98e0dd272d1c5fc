"""Real rows that a method keeps: those of one class, and a folder of them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, read_samples
from gan_augment.synthesis.kit.kept_rows import KeptRows
from tests.toys import image_toy


class Keeper(KeptRows):
    method_name = "keeper"  # type: ignore[assignment]

    def __init__(self, spec: DatasetSpec, rows: Samples) -> None:
        self.spec, self.rows = spec, rows


@pytest.fixture
def kept() -> Keeper:
    train, _ = image_toy()
    return Keeper(train.spec, train.samples)


def test_the_rows_of_a_class_are_its_own_in_their_order(kept: Keeper) -> None:
    for index, label in enumerate(kept.spec.labels):
        manifest = kept.rows.manifest
        wanted = manifest.loc[manifest["label"] == label, "id"].tolist()
        assert wanted
        assert kept.own(index).manifest["id"].tolist() == wanted


def test_a_class_without_rows_is_refused_in_the_methods_name(kept: Keeper) -> None:
    kept.rows = kept.own(0)
    with pytest.raises(MethodError, match="keeper"):
        kept.own(1)


def test_what_is_saved_is_read_again(kept: Keeper, tmp_path: Path) -> None:
    kept.save_rows(tmp_path)
    assert read_samples(tmp_path / "rows").manifest["id"].tolist() == kept.rows.manifest["id"].tolist()
