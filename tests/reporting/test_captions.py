"""The gallery: captions with their pictures, escaped, and nothing where rows have none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.samples import Samples, make_manifest, write_samples
from gan_augment.reporting.captions import caption_gallery
from gan_augment.reporting.config import ReportConfig
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.page import render_report
from gan_augment.reporting.rows import CAPTIONS, OF_CAPTION, captioned_rows
from gan_augment.stages.report import gather
from tests.finished_project import write_project
from tests.toys import LABELS, caption_toy

SPEC = caption_toy()[0].spec


def rows(captions: list[str], labels: list[str]) -> Samples:
    images = np.arange(len(captions), dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    manifest = make_manifest(len(captions), id=[f"row-{n}" for n in range(len(captions))], label=labels, split="train")
    return Samples(manifest, images, {"caption": pd.DataFrame({"caption": pd.Series(captions, dtype="string")})})


def test_captions_come_class_by_class_with_their_pictures() -> None:
    found = caption_gallery(rows(["b", "a", "b", "c"], [LABELS[1], LABELS[0], LABELS[1], LABELS[1]]))
    assert [(row.caption, row.label, len(row.pictures)) for row in found] == [
        ("b", LABELS[1], 2),
        ("c", LABELS[1], 1),
        ("a", LABELS[0], 1),
    ]
    assert len({uri for row in found for uri in row.pictures}) == 4
    assert caption_gallery(None) == []


def test_a_long_caption_is_shortened() -> None:
    assert caption_gallery(rows(["word " * 1000], [LABELS[0]]))[0].caption.endswith("word…")


def test_the_most_frequent_captions_of_each_class_are_taken(tmp_path: Path) -> None:
    captions = [f"caption {n}" for n in range(9) for _ in range(20 - n)]
    write_samples(tmp_path, rows([*captions, "alone"], [LABELS[0]] * len(captions) + [LABELS[1]]))
    found = captioned_rows(tmp_path, SPEC)
    assert found is not None
    shown = caption_gallery(found)
    assert [row.caption for row in shown] == [*(f"caption {n}" for n in range(CAPTIONS)), "alone"]
    assert {len(row.pictures) for row in shown[:-1]} == {OF_CAPTION}


def test_rows_without_captions_have_no_gallery(tmp_path: Path) -> None:
    samples = rows(["x"], [LABELS[0]])
    write_samples(tmp_path, Samples(samples.manifest, samples.payload))
    assert captioned_rows(tmp_path, SPEC) is None


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return gather(write_project(tmp_path_factory.mktemp("captions")))


EVIL = "\"><script>alert('x')</script> & “quoted”"


def test_a_caption_is_text_wherever_it_stands_on_the_page(evidence: Evidence) -> None:
    captioned = rows([EVIL, "a cat"], ["猫 / cat", "猫 / cat"])
    page = render_report(dataclasses.replace(evidence, captioned=captioned), ReportConfig(pictures=1, rejected=0))
    assert "<script>alert('x')" not in page
    assert 'alt="drawn for “&#34;&gt;&lt;script&gt;' in page
    assert 'alt="drawn for “a cat”, 1 of 1"' in page
    assert '<a href="#captions">Captions</a>' in page
    assert 'aria-labelledby="captions-title"' in page


def test_the_page_has_no_empty_gallery(evidence: Evidence) -> None:
    assert 'id="captions"' not in render_report(evidence, ReportConfig(pictures=1, rejected=0))
