from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.png import decode_png
from gan_augment.reporting.config import ReportConfig
from gan_augment.reporting.page import render_report
from gan_augment.reporting.pictures import class_sheets
from gan_augment.stages.report import gather
from tests.finished_project import write_project


def decoded(uri: str) -> np.ndarray:
    return decode_png(base64.b64decode(uri.removeprefix("data:image/png;base64,")))


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_the_rows_and_neighbours_the_nearest(tmp_path: Path, channels: int) -> None:
    evidence = gather(write_project(tmp_path, channels=channels))
    sheets = class_sheets(evidence, ReportConfig(pictures=5, rejected=2, neighbours=3))
    for record in evidence.spec.classes:
        sheet = sheets[record.key]
        real, accepted = evidence.train.of_class(record.label), evidence.accepted.of_class(record.label)
        assert [p.verdict for p in sheet.synthetic[:5]] == ["accepted"] * 5
        assert {p.verdict for p in sheet.synthetic[5:]} <= {"judge", "copy", "duplicate"}
        assert len(sheet.synthetic) == 7
        pixels = {identifier: np.asarray(real.payload[n]) for n, identifier in enumerate(real.manifest["id"])}
        for place, picture in enumerate(sheet.synthetic[:5]):
            own = np.asarray(accepted.payload[place])
            assert np.array_equal(decoded(picture.uri), own)
            assert picture.neighbours[0] == ("features", evidence.scores.loc[picture.id, "nearest"])
            distance = {i: ((own.astype(float) - p) ** 2).sum() for i, p in pixels.items()}
            nearest = [i for i in sorted(distance, key=distance.__getitem__) if i != picture.neighbours[0][1]][:2]
            assert [identifier for _, identifier in picture.neighbours[1:]] == nearest
        shown = {p.id for p in sheet.real} | set(sheet.others)
        assert {identifier for p in sheet.synthetic for _, identifier in p.neighbours} <= shown
        for identifier, uri in sheet.others.items():
            assert np.array_equal(decoded(uri), pixels[identifier])


def test_rejected_candidates_are_spread_over_the_filters(tmp_path: Path) -> None:
    evidence = gather(write_project(tmp_path, ratio=0.0, shown_ratio=0.0))
    shown = evidence.scores.loc[list(evidence.rejected.manifest["id"][:3]), "rejected_by"]
    assert len(set(shown)) == 3


def test_nothing_is_shown_where_nothing_is_wanted(tmp_path: Path) -> None:
    sheets = class_sheets(gather(write_project(tmp_path)), ReportConfig(pictures=0, rejected=0))
    assert all(not sheet.real and not sheet.synthetic and not sheet.others for sheet in sheets.values())


def test_large_pictures_are_reduced(tmp_path: Path) -> None:
    sheets = class_sheets(gather(write_project(tmp_path, size=200)), ReportConfig(pictures=1, rejected=0))
    assert decoded(next(iter(sheets.values())).real[0].uri).shape == (96, 96, 1)


def test_a_translation_stands_beside_its_source_and_the_nearest_pool_picture(tmp_path: Path) -> None:
    evidence = gather(write_project(tmp_path))
    label = evidence.spec.labels[0]
    real, own = evidence.train.of_class(label), evidence.accepted.of_class(label)
    parents = [str(real.manifest["id"].iloc[place % len(real)]) for place in range(len(evidence.accepted))]
    pool = own.take(slice(0, 4)).relabelled(id=[f"pooled-{place}" for place in range(4)], split="pool", origin="real")
    changed = replace(evidence, accepted=evidence.accepted.relabelled(parents=parents), pool=pool)
    config = ReportConfig(pictures=4, rejected=0, neighbours=2)
    sheet = class_sheets(changed, config)[evidence.spec.classes[0].key]
    known = {one.id for one in sheet.real} | set(sheet.others)
    for place, picture in enumerate(sheet.synthetic):
        whys = [why for why, _ in picture.neighbours]
        assert (whys[0], whys[-1]) == ("source", "pool")
        assert picture.neighbours[0][1] in parents
        assert picture.neighbours[-1][1] == f"pooled-{place}"  # the picture itself
        assert {other for _, other in picture.neighbours} <= known
        np.testing.assert_array_equal(decoded(sheet.others[f"pooled-{place}"]), np.asarray(pool.payload[place]))
    page = render_report(changed, config)
    assert "its source (of a translation)" in page
    assert "the nearest of the pool" in page
    assert "its source (of a translation)" not in render_report(evidence, config)
    alone = class_sheets(changed, ReportConfig(pictures=4, rejected=0, neighbours=0))
    assert all(not picture.neighbours for one in alone.values() for picture in one.synthetic)


def test_the_scripts_picture_comes_first_where_a_script_was_the_source(tmp_path: Path) -> None:
    evidence = gather(write_project(tmp_path))
    name, drawn = evidence.accepted.manifest["id"].iloc[0], np.full_like(np.asarray(evidence.accepted.payload[0]), 7)
    sheets = class_sheets(replace(evidence, scripts={name: drawn}), ReportConfig(pictures=5, rejected=2, neighbours=1))
    pictures = {picture.id: (picture, sheet) for sheet in sheets.values() for picture in sheet.synthetic}
    picture, sheet = pictures.pop(name)
    assert picture.neighbours[0] == ("script", f"script of {name}")
    assert np.array_equal(decoded(sheet.others[f"script of {name}"]), drawn)
    assert all(why != "script" for other, _ in pictures.values() for why, _ in other.neighbours)
