"""The contact sheet: a row a caption or a class, from the model that is there, and refusals where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.atomic import write_json
from gan_augment.core.errors import MethodError, MissingInputError, ParamsError
from gan_augment.studies.draw import DrawnRow, contact_sheet, draw
from tests.captioned_project import write_captioned_project
from tests.toys import LABELS, colours_of

BLUE, RED = "blue ink on white, the right half", "left: red ink, black"


def test_a_row_a_caption_in_the_order_asked_for(tmp_path: Path) -> None:
    project = write_captioned_project(tmp_path)
    rows = draw(project, [BLUE, RED], [], count=5, seed=1)
    assert [(row.caption, row.label, len(row.images)) for row in rows] == [(BLUE, LABELS[1], 5), (RED, LABELS[0], 5)]
    assert set(colours_of(rows[0].images, 1)[0]) == {"blue"}
    again = draw(project, [BLUE], [], count=5, seed=1)
    np.testing.assert_array_equal(again[0].images, rows[0].images)
    assert not np.array_equal(draw(project, [BLUE], [], count=5, seed=2)[0].images, rows[0].images)


def test_classes_alone_and_the_class_of_a_caption(tmp_path: Path) -> None:
    project = write_captioned_project(tmp_path)
    assert [(row.caption, row.label) for row in draw(project, [], [], count=2, seed=0)] == [
        (None, LABELS[0]),
        (None, LABELS[1]),
    ]
    assert [row.label for row in draw(project, [], ["green-blue"], count=2, seed=0)] == [LABELS[1]]
    # Words that tell no class go with the one that is named; it gets no row of its own.
    assert [(row.caption, row.label) for row in draw(project, ["white"], ["red"], count=2, seed=0)] == [
        ("white", LABELS[0])
    ]
    with pytest.raises(ParamsError, match="no such class"):
        draw(project, [], ["blue"], count=2, seed=0)


def test_a_class_that_is_not_synthesised_is_drawn_with_the_reason(tmp_path: Path) -> None:
    project = write_captioned_project(tmp_path)
    folder = project.layout.train_gan("red")
    folder.mkdir(parents=True)
    write_json(folder / "served.json", {"served": "none", "reason": "not synthesised: collapsed"})
    (row,) = draw(project, [RED], [], count=1, seed=0)
    assert row.note == "not synthesised: collapsed"


def test_without_a_model_the_stage_to_run_is_named(tmp_path: Path) -> None:
    project = write_captioned_project(tmp_path, trained=False)
    for captions in ([RED], []):
        with pytest.raises(MissingInputError, match="dvc repro pretrain"):
            draw(project, captions, [], count=1, seed=0)


def test_methods_without_captions_and_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="draws no captions"):
        draw(write_captioned_project(tmp_path / "a", "oversample", trained=False), [RED], [], count=1, seed=0)
    with pytest.raises(MethodError, match="Only images"):
        draw(write_captioned_project(tmp_path / "b", "smote", trained=False), [], [], count=1, seed=0)


def test_the_sheet_shows_every_pixel_of_small_images() -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 8, 8, 1)).astype(np.uint8)
    sheet = contact_sheet([DrawnRow("x", "a", images), DrawnRow(None, "a", images[:1])])
    assert sheet.shape == (2 * 68 + 4, 3 * 68 + 4, 1)
    np.testing.assert_array_equal(sheet[4 : 4 + 64 : 8, 72 : 72 + 64 : 8], images[1])
    np.testing.assert_array_equal(sheet[72 : 72 + 64 : 8, 4 : 4 + 64 : 8], images[0])
    assert (sheet[72:136, 72:] == 255).all()
    large = np.zeros((1, 100, 80, 3), dtype=np.uint8)
    assert contact_sheet([DrawnRow(None, "a", large)]).shape == (108, 88, 3)
