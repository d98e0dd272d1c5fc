"""The page before training: the audit's findings, pictures, and a table's rows and columns."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan_augment.core.records import Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples
from gan_augment.reporting import preview
from gan_augment.reporting.preview import Preview, preview_text, render_preview
from gan_augment.studies.preview import run
from tests.finished_project import NASTY_LABELS
from tests.studies.test_preview import project
from tests.toys import image_toy, table_toy


def test_no_more_pictures_are_shown_than_asked_for() -> None:
    train = image_toy()[0]
    for asked, shown in ((0, 0), (3, 6), (1000, 40)):  # of each of two classes; there are 20
        page = render_preview(Preview(train.spec, train.samples, {}, pictures=asked))
        assert page.count('alt="real') == shown


def test_rectangles_are_shown_as_they_are() -> None:
    train = image_toy()[0]
    flat = np.asarray(train.samples.payload)[:, :4]
    spec = train.spec.model_copy(update={"image": train.spec.images.model_copy(update={"height": 4})})
    page = render_preview(Preview(spec, Samples(train.samples.manifest, flat), {}, pictures=3))
    assert "8 x 4 px" in page
    first = base64.b64decode(page.split("data:image/png;base64,")[1].split('"')[0])
    assert Image.open(io.BytesIO(first)).size == (8, 4)


def test_a_page_of_large_pictures_is_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "_PAGE_BYTES", 4e5)
    train = image_toy()[0]
    noise = np.random.default_rng(0).integers(0, 256, (40, 200, 200, 3), dtype=np.uint8)
    spec = train.spec.model_copy(update={"image": train.spec.images.model_copy(update={"height": 200, "width": 200})})
    page = render_preview(Preview(spec, Samples(train.samples.manifest, noise), {}, pictures=1000))
    assert 1 < page.count('alt="real') < 10
    assert len(page) < 5e5


def test_what_was_not_counted_is_a_dash_and_no_error() -> None:
    train = table_toy()[0]
    text = preview_text(Preview(train.spec, train.samples, {}))
    assert "– copies" in text
    assert "– missing values" in text


def test_columns_of_every_kind_and_of_nothing_are_drawn() -> None:
    """Whole numbers that no float tells apart have a histogram of their own."""
    train = table_toy(60)[0]
    frame = pd.DataFrame(
        {
            "big": pd.Series(2**62 + np.arange(60), dtype="int64"),
            "none": pd.Series([None] * 60, dtype="Float64"),
            "word": pd.Series(["<em>"] * 59 + [None], dtype="string"),
        }
    )
    columns = (
        Column(name="big", kind="numeric", dtype="int64", integer=True),
        Column(name="none", kind="numeric", dtype="Float64"),
        Column(name="word", kind="categorical", dtype="string"),
    )
    spec = DatasetSpec.model_validate(dict(train.spec) | {"table": TableSpec(columns=columns, target="y")})
    page = render_preview(Preview(spec, replace(train.samples, payload=frame), {}))
    assert page.count('class="area real"') == 1
    assert "<em>" not in page
    assert "100.0\u202f%" in page


def test_findings_are_on_the_page_and_in_the_text_with_their_remedies_escaped(tmp_path: Path) -> None:
    preview = run(project(tmp_path), tmp_path / "p.html")
    page, text = (tmp_path / "p.html").read_text(encoding="utf-8"), preview_text(preview)
    for words in ("look at them", "collect more rows", "decide which label", "stay together"):
        assert words in page
        assert words in text
    assert "Unreadable <images> (x.png)" in text
    assert "Unreadable &lt;images&gt;" in page
    for nasty in ("<images>", "<i>.png", NASTY_LABELS[0]):
        assert nasty not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_table_shows_first_rows_and_every_column(tmp_path: Path) -> None:
    made = project(tmp_path, modality="table", labels=("x", "y", "z"), keys=("x", "y", "z"))
    run(made, tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "island, &lt;b&gt;" in page
    assert "island, <b>" not in page
    assert page.count('<th scope="row">x</th>') == 5  # the first rows of each class
    assert page.count('class="area real"') == 3  # two numbers and a date
    assert "Tables have none" in page
