"""The report stage on a finished project: one file, everything in it, nothing of the user's that is not escaped."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from gan_augment.core.atomic import write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.samples import read_samples, write_samples
from gan_augment.stages.report import run
from tests.finished_project import NASTY_LABELS, write_project


def page_of(root: Path, **recipe: Any) -> str:
    project = write_project(root, **recipe)
    run(project)
    return project.layout.report.read_text(encoding="utf-8")


REPOSITORY = Path(__file__).parents[2]


class Outline(HTMLParser):
    """Tags, ids, texts, and what the page would fetch."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset", "data") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID or tag == "li" or tag == "p":
            pass
        assert tag in self.open, f"</{tag}> closes nothing"
        while self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_a_project_of_rectangles_has_its_page(tmp_path: Path) -> None:
    page = page_of(tmp_path, size=(8, 200))
    assert page.count("data:image/png") > 20


def test_what_was_read_has_its_section(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    measured = json.loads(project.layout.measure_report.read_text())
    told = {"strings": 9, "strings_right": 8, "wrong": [{"id": "x", "text": "A<b>1", "read": "AB1"}],
            "right": [{"id": "y", "text": "RIGHT1"}], "confused": [{"true": "8", "read": "", "count": 3}]}  # fmt: skip
    write_json(
        project.layout.measure_report, measured | {"readings": {"baseline": told, "synthetic": told}}, sealed=True
    )
    run(project)
    page = project.layout.report.read_text(encoding="utf-8")
    assert page.count("A&lt;b&gt;1") == 2
    assert "8 of 9 strings" in page
    assert "<td>8</td><td>nothing</td><td>3</td>" in page
    assert "Lengths that win and lose" in page
    assert "What was read" not in page_of(tmp_path / "other")


@pytest.mark.parametrize("recipe", [{"modality": "image"}, {"modality": "table"}, {"channels": 3, "optional": False}])
def test_the_page_is_whole_and_asks_nothing_of_the_network(tmp_path: Path, recipe: dict[str, Any]) -> None:
    page = page_of(tmp_path, **recipe)
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link.startswith(("data:", "#")) for link in outline.links)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    inside = {link[1:] for link in outline.links if link.startswith("#")}
    assert inside <= set(outline.ids)
    assert outline.tags.count("h1") == 1
    assert len(page) < 10e6


def test_every_plot_of_dvc_is_drawn_in_the_page_too(tmp_path: Path) -> None:
    """DVC's own plots load Vega from the network, so that they are blank without one."""
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    plots = [plot for stage in stages.values() for plot in stage.get("do", stage).get("plots", [])]
    files = {plot if isinstance(plot, str) else next(iter(plot)) for plot in plots}
    section_of = {"ratio_curve.csv": "ratio", "arms.csv": "arms", "pretrain.csv": "training", "${key}.csv": "training"}
    assert {Path(file).name for file in files} == set(section_of)
    page = page_of(tmp_path)
    for section in section_of.values():
        assert "<svg" in page.split(f'<section id="{section}"')[1].split("</section>")[0]


@pytest.mark.parametrize("modality", ["image", "table"])
def test_what_the_user_wrote_stays_text(tmp_path: Path, modality: Any) -> None:
    outline = Outline(page_of(tmp_path, modality=modality))
    scripts = [value for tag, name, value in outline.attributes if tag == "script" and name == "type"]
    assert outline.tags.count("script") == 1 + len(scripts)  # ours, and one of data
    text = "".join(outline.text)
    for label in NASTY_LABELS:
        assert label in text
    assert "toy <shapes>" in text
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    if modality == "table":
        assert "island, <b>" in text
        assert "b" not in [tag for tag in outline.tags if tag == "bold"]


def test_every_section_says_what_was_measured(tmp_path: Path) -> None:
    text = re.sub("[ \n]+", " ", "".join(Outline(page_of(tmp_path)).text))
    for fact in (
        "Synthetic data: helps (+4.2 points",
        "+4.2",
        "“Real + classical + synthetic” minus “Real + classical augmentation”",
        "classifier seeds and test rows, not the retraining of the GAN",
        "84.0\u202f%",  # an arm
        "best without",
        "+7.0",  # a class's gain
        "Chosen on validation: 2",
        "specialised model",
        "joint model",
        "the joint model; the specialised one was refused",
        "the joint model; none was specialised",
        "rejected: judge",
        "Right class 96.0\u202f%",
        "own CNN features",
        "base.seed",
        "1111111111111111",
        "CC0 | as the <owner> said",
        "once both arms may move their thresholds <b>",
        "These synthetic rows are worth about 9 more real rows <b>.",
        "With another classifier (random forest): helps",
        "extra_arm: not trained, it had no row <i>",
        "Counting 7% have other numbers of holes <b>",
        "No privacy is promised <b>",
    ):
        assert fact in text, fact


def test_table_columns_stand_side_by_side(tmp_path: Path) -> None:
    text = " ".join("".join(Outline(page_of(tmp_path, modality="table")).text).split())
    for fact in ("length", "island, <b>", "(empty)", "Ñandú line", "missing:", "How the columns hang together"):
        assert fact in text


@pytest.mark.parametrize(
    ("verdict", "tone", "advice"),
    [
        ("helps", "good", "Train on the exported shards"),
        ("no measurable difference", "even", "Do without"),
        ("not tried", "even", "See why the classes below got no synthetic rows"),
        ("hurts", "bad", "Leave the synthetic rows out"),
    ],
)
def test_each_verdict_has_its_tone_and_advice(tmp_path: Path, verdict: str, tone: str, advice: str) -> None:
    page = page_of(tmp_path, verdict=verdict)
    assert f'<span class="pill {tone}">{verdict}</span>' in page
    assert advice in page
    assert ("points gained" in page) == (verdict != "not tried")  # no figure speaks for rows that were not tried


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(tmp_path / "a") == page_of(tmp_path / "b")


def test_what_a_stage_may_leave_out_is_called_unmeasured(tmp_path: Path) -> None:
    page = page_of(tmp_path, optional=False)
    assert "not measured" in page
    assert "–" in page


def test_training_curves_may_be_empty_or_absent(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    project.layout.training_curve("pretrain").write_text("kimg\n")
    project.layout.training_curve("cat").write_text("")
    run(project)
    shutil.rmtree(tmp_path / "reports/training")
    run(project)
    assert "How the training went" not in project.layout.report.read_text()


def test_a_class_without_accepted_rows_is_shown(tmp_path: Path) -> None:
    project = write_project(tmp_path, ratio=0.0, shown_ratio=0.0, real=(12, 8, 4))
    scores = project.layout.curated / "scores.parquet"
    frame = pd.read_parquet(scores)
    frame.loc[frame["label"] == NASTY_LABELS[1], ["accepted", "rejected_by"]] = [False, "judge"]
    samples = read_samples(project.layout.curated)
    write_samples(project.layout.curated, samples.take((samples.manifest["label"] != NASTY_LABELS[1]).to_numpy()))
    frame.to_parquet(scores, index=False)
    run(project)
    assert "rejected: judge" in project.layout.report.read_text()


def test_pictures_keep_the_page_small(tmp_path: Path) -> None:
    project = write_project(tmp_path, size=96, channels=3, real=(60, 40, 30), shown_ratio=3.0, ratio=3.0)
    small = project.params.report.model_copy(update={"megabytes": 1.0, "pictures": 60, "neighbours": 5})
    object.__setattr__(project, "params", project.params.model_copy(update={"report": small}))
    run(project)
    assert project.layout.report.stat().st_size < 1.3e6


def test_an_absent_input_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    project.layout.measure_report.unlink()
    with pytest.raises(MissingInputError, match=r"measure\.json"):
        run(project)
    assert not project.layout.report.exists()
