"""The rows of rivals on disk: as many as a plan says, with what lies beside them, piece by piece."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.checksums import replacing_output
from gan_augment.core.errors import DamagedInputError
from gan_augment.core.samples import Samples, make_manifest, read_samples, write_samples
from gan_augment.project import rival_rows
from gan_augment.project.layout import Layout
from gan_augment.project.rival_rows import RivalRecord, lay_out_rivals, read_records, rivals_in, write_records
from tests.toys import image_toy

SPEC = image_toy()[0].spec  # two classes
KEYS = [record.key for record in SPEC.classes]


def made(layout: Layout, name: str, counts: dict[int, int], record: RivalRecord | None = None) -> None:
    """What the stage `rivals` leaves of one rival: rows that tell their place, with a mask beside each."""
    with replacing_output(layout.rivals) as directory:
        for index, count in counts.items():
            folder = directory / name / KEYS[index]
            folder.mkdir(parents=True)
            pixels = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 1), dtype=np.uint8)
            ids = [f"{name}-{index}-{place}" for place in range(count)]
            manifest = make_manifest(count, id=ids, label=SPEC.labels[index], split="train", origin="synthetic")
            write_samples(folder, Samples(manifest, pixels, {"mask": pixels + 100}))
        write_records(directory, {name: record or RivalRecord()})


def test_a_class_gets_its_first_rows_with_what_lies_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rival_rows, "_ROWS", 3)  # so that a class comes in pieces
    layout = Layout(tmp_path)
    made(layout, "noise", {0: 9, 1: 4})
    with replacing_output(layout.mixed) as directory:
        said = lay_out_rivals(layout, SPEC, np.array([7, 6]), directory)
    assert said == {"noise": {"rows": {KEYS[0]: 7, KEYS[1]: 4}, "not_made": {}}}
    assert rivals_in(layout) == ["noise"]
    rows = read_samples(layout.mixed / "rivals/noise", companions=("mask",))
    places = [*range(7), *range(4)]
    assert np.asarray(rows.payload)[:, 0, 0, 0].tolist() == places
    assert np.asarray(rows.companions["mask"])[:, 0, 0, 0].tolist() == [100 + place for place in places]
    assert rows.manifest["label"].tolist() == [SPEC.labels[0]] * 7 + [SPEC.labels[1]] * 4


def test_a_rival_without_a_row_of_the_plan_has_no_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    made(layout, "noise", {0: 9}, RivalRecord(not_made={KEYS[1]: "it has no eyes for it"}))
    with replacing_output(layout.mixed) as directory:
        said = lay_out_rivals(layout, SPEC, np.array([0, 6]), directory)
    assert "it has no eyes for it" in said["noise"]["refused"]
    assert rivals_in(layout) == []


def test_nothing_is_laid_out_where_nothing_is_shown_or_nothing_was_made(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with replacing_output(layout.mixed) as directory:
        assert lay_out_rivals(layout, SPEC, np.array([3, 3]), directory) == {}  # no stage `rivals`
    made(layout, "noise", {0: 9})
    for counts in ([0, 0],):
        with replacing_output(layout.mixed) as directory:
            assert "no synthetic row" in lay_out_rivals(layout, SPEC, np.array(counts), directory)["noise"]["refused"]
    made(layout, "noise", {}, RivalRecord(refused="no reason"))
    with replacing_output(layout.mixed) as directory:
        said = lay_out_rivals(layout, SPEC, np.array([3, 3]), directory)
    assert said == {"noise": {"refused": "no reason"}}
    assert rivals_in(layout) == []


def test_damage_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    made(layout, "noise", {0: 9})
    path = layout.rivals / "rivals.json"
    path.write_text(path.read_text().replace("noise", "voice"))
    with pytest.raises(DamagedInputError):
        read_records(layout)
