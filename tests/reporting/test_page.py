"""The report as one page of evidence."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest

from gan_augment.reporting.config import ReportConfig
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.page import render_report
from gan_augment.stages.report import gather
from tests.finished_project import NASTY_LABELS, write_project


@pytest.fixture(scope="module", params=["image", "table"])
def evidence(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return gather(write_project(tmp_path_factory.mktemp("page"), modality=request.param))


def page(evidence: Evidence, **settings: Any) -> str:
    return render_report(evidence, ReportConfig(pictures=2, rejected=1, **settings))


def test_the_title_is_the_users_or_the_data_sets(evidence: Evidence) -> None:
    assert "<title>toy &lt;shapes&gt;" in page(evidence)
    assert "<title>my &amp; page" in page(evidence, title="my & page")


def test_the_same_evidence_gives_the_same_text(evidence: Evidence) -> None:
    assert page(evidence) == page(evidence)


def test_every_class_has_a_card_escaped(evidence: Evidence) -> None:
    text = page(evidence)
    for record in evidence.spec.classes:
        assert f'data-key="{record.key}"' in text
    assert NASTY_LABELS[0] not in text


@pytest.mark.parametrize(
    ("served", "words"),
    [
        ({"served": "specialised", "decision": "accepted"}, "its own model, specialised from the joint one"),
        ({"served": "joint", "decision": "refused"}, "the joint model; the specialised one was refused"),
        ({"served": "specialised", "decision": "not tried"}, "a model of its own"),
        ({"served": "none", "decision": "anything"}, "no model: the class was not synthesised"),
        ({}, "not recorded"),
    ],
)
def test_who_serves_a_class_is_said(evidence: Evidence, served: dict[str, str], words: str) -> None:
    everybody = {record.key: served for record in evidence.spec.classes}
    assert page(dataclasses.replace(evidence, served=everybody)).count(words) == 3


def test_findings_of_the_audit_are_shown_with_their_remedy(evidence: Evidence) -> None:
    notes = [{"what": "Unreadable <images>", "where": "x.png", "remedy": "look at them"}, {"what": "Nothing else"}]
    text = page(dataclasses.replace(evidence, audit={"notes": notes}))
    for words in ("Unreadable &lt;images&gt;", "x.png", "look at them", "Nothing else"):
        assert words in text


def test_the_best_to_be_hoped_for_stands_beside_the_figures(evidence: Evidence) -> None:
    best = {"kid": 0.0042, "precision": 0.987}
    text = page(dataclasses.replace(evidence, curate={**evidence.curate, "real_against_real": best}))
    assert "0.0042" in text
    assert "0.987" in text


def test_train_on_synthetic_is_a_figure_or_an_interval(evidence: Evidence) -> None:
    for tstr in ({"real": 0.777, "synthetic": 0.666}, {"real": {"mean": 0.777}, "synthetic": {"mean": 0.666}}):
        text = page(dataclasses.replace(evidence, curate={**evidence.curate, "tstr": tstr}))
        assert "77.7" in text
        assert "66.6" in text


def test_what_was_asked_for_stands_beside_what_was_drawn_escaped_and_in_words(evidence: Evidence) -> None:
    figure = {"value": 0.2, "error": 0.1, "real": 0.9, "real_error": 0.1, "problem": "not kept: <20%>"}
    found = {
        "classes": {evidence.spec.classes[0].key: {"kept": figure}},
        "columns": {"ink & pen": {"kept": figure, "values": {"<red>": figure}}},
        "mixed": figure | {"problem": None},
    }
    asked = pd.DataFrame({"ink & pen": ["<red>"] * len(evidence.accepted)}, dtype="string")
    text = page(dataclasses.replace(evidence, curate={**evidence.curate, "guard": found}, asked=asked))
    if evidence.spec.image is None:
        assert 'aria-label="Figures of the guard"' in text
        return
    assert '<a href="#asked">Asked for</a>' in text
    assert "attribute ink &amp; pen = &lt;red&gt;: not kept: &lt;20%&gt;" in text
    assert 'alt="asked for ink &amp; pen &lt;red&gt;, 1"' in text
    assert "held-out real 90.0 %, drawn 20.0 %" in text
    assert "<red>" not in text
    assert 'id="asked"' not in page(evidence)
