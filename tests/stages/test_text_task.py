"""Strings as what is learnt, from the prepared parts to the verdict and the page."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from gan_augment.core.errors import GanAugmentError, LeakError, MethodError, ParamsError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import read_arm, read_probabilities
from gan_augment.core.samples import read_samples, write_samples
from gan_augment.downstream.arms import variants_of
from gan_augment.downstream.classifiers import classifiers_of
from gan_augment.downstream.config import RetrainConfig
from gan_augment.project.layout import Project
from gan_augment.project.prepared import in_split, read_held, write_parts, write_test_part
from gan_augment.project.training import check_method
from gan_augment.scoring.reading import readers_of
from gan_augment.setup.check import check_project
from gan_augment.stages import curate, generate, learning_curve, measure, mix, prepare, pretrain, retrain, train_gan
from tests.scoring.toys import string_samples, string_spec

ARMS = ["real", "real_synthetic"]
PARAMS: dict[str, Any] = {
    "base": {"seed": 0, "device": "cpu"},
    "prepare": {"source": {"kind": "demo", "name": "digits"}},
    "synthesis": {"method": "oversample"},
    "mix": {"seeds": 2, "ratios": [2]},
    "retrain": {
        "classifier": {"kind": "cnn", "steps": 50, "batch_size": 32, "width": 4},
        "classical": {"views": 2, "rotate": 0, "scale": 0},
        "seeds": 2,
        "arms": ARMS,
    },
    "measure": {"bootstrap_draws": 200, "learning_curve": "always"},
}


def make_project(root: Path, **sections: Any) -> Project:
    """Prepared parts with strings of one length, and fresh real rows in place of synthetic ones."""
    spec = string_spec(shortest=4)
    parts = {
        split: string_samples(spec, rows, seed=place, split=split)
        for place, (split, rows) in enumerate({"train": 60, "validation": 40, "test": 60}.items())
    }
    params = {"classes": {record.key: {"label": record.label} for record in spec.classes}, **PARAMS, **sections}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    project = Project.open(root)
    write_parts(project.layout, spec, parts["train"], parts["validation"])
    write_test_part(project.layout, parts["test"], strings=True)
    made = in_split(string_samples(spec, 80, seed=9, split="made"), "train").relabelled(origin="synthetic")
    project.layout.curated.mkdir(parents=True)
    write_samples(project.layout.curated, made)
    scores = pd.DataFrame({"judge_probability": np.full(len(made), 0.95, np.float32)})
    scores.to_parquet(project.layout.curated / "sureness.parquet", index=False)
    return project


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    project = make_project(tmp_path_factory.mktemp("strings"))
    held = project.layout.test_labels.read_bytes()
    project.layout.test_labels.unlink()  # what comes before `measure` reads no answers
    mix.run(project)
    for arm in ARMS:
        retrain.run(project, arm)
    learning_curve.run(project)
    project.layout.test_labels.write_bytes(held)
    measure.run(project)
    return project, json.loads(project.layout.measure_report.read_text())


def test_the_strings_of_test_rows_lie_apart(measured: tuple[Project, dict[str, Any]]) -> None:
    project, _ = measured
    assert list(read_held(project.layout).columns) == ["label", "source", "text"]
    assert not list(project.layout.test_inputs.glob("text*"))
    with pytest.raises(LeakError):
        project.test_inputs().samples.label_indices(project.spec())


def test_strings_beside_test_inputs_are_a_leak(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    inputs = read_samples(project.layout.test_inputs)
    beside = string_samples(project.spec(), len(inputs)).companions
    for file in project.layout.test_inputs.iterdir():
        file.unlink()
    write_samples(project.layout.test_inputs, replace(inputs, companions=beside))
    with pytest.raises(LeakError):
        project.test_inputs()


def test_both_recognisers_are_tried_and_the_better_one_is_named(measured: tuple[Project, dict[str, Any]]) -> None:
    project, found = measured
    for arm in ARMS:
        family = read_arm(project.layout.predictions(arm)).families["first"]
        names = [variant.name for variant in family.variants]
        assert len({name.rpartition(", ")[2] for name in names}) == 2
        losses = [variant.validation_loss for variant in family.variants]
        assert family.chosen == int(np.argmin(losses))
        assert read_probabilities(project.layout.predictions(arm), "first", "test").shape == (2, 60, 16 * 4)
        told = next(one for one in found["arms"] if one["arm"] == arm)
        assert told["variant"] == names[family.chosen]
        assert "tau" not in told["variant"]


def test_the_headline_is_the_share_of_strings(measured: tuple[Project, dict[str, Any]]) -> None:
    _, found = measured
    assert found["gain"]["metric"] == "exact_match"
    for arm in found["arms"]:
        assert 0 <= arm["exact_match"]["mean"] <= arm["character_accuracy"]["mean"] <= 1
    assert max(arm["exact_match"]["mean"] for arm in found["arms"]) > 0.8  # by chance 1 in 81
    assert [part["key"] for part in found["per_length"]] == ["4"]
    assert set(found["threshold_free"]) == {"log_loss", "calibration_error"}
    assert not [key for key in found["gain"] if "adjustment" in key]
    assert found["second_opinion"] is None
    assert "exact match" in found["sentence"] or "exact_match" not in found["sentence"]


def test_what_was_read_is_told(measured: tuple[Project, dict[str, Any]]) -> None:
    project, found = measured
    held = read_held(project.layout)["text"]
    readings = found["readings"]
    for side in ("baseline", "synthetic"):
        for one in readings[side]["wrong"]:
            assert held[one["id"]] == one["text"] != one["read"]
        for one in readings[side]["right"]:
            assert held[one["id"]] == one["text"]
        for pair in readings[side]["confused"]:
            assert pair["true"] != pair["read"]
            assert pair["count"] > 0


def test_recognisers_by_length() -> None:
    """Strings of several lengths are read frame by frame alone."""
    assert readers_of(string_spec()) == ("ctc",)
    assert readers_of(string_spec(shortest=4)) == ("ctc", "places")
    names = [one.name for one in variants_of("cheap", "image", readers=("ctc", "places"))]
    assert names[0] == "oversampling, CTC"
    assert names[3] == "oversampling, a head a place"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"classifier": {"kind": "logistic_regression"}}, "logistic_regression cannot read strings"),
        ({"second_opinion": {"kind": "random_forest"}}, "random_forest cannot read strings"),
        ({"arms": ["real", "real_synthetic", "linear_probe"]}, "linear_probe cannot read strings"),
    ],
)
def test_what_cannot_read_is_refused(sections: dict[str, Any], words: str) -> None:
    config = RetrainConfig.model_validate({**PARAMS["retrain"], **sections})
    with pytest.raises(ParamsError, match=words):
        classifiers_of(config.arms[-1], config, "image", "text")


def test_a_method_whose_rows_have_no_string_is_refused_before_training(tmp_path: Path) -> None:
    project = make_project(tmp_path, synthesis={"method": "conditional"})
    with pytest.raises(MethodError, match=r"the class as target(.|\n)*the target text"):
        check_method(project.params, project.spec())
    with pytest.raises(MethodError, match="the class as target"):
        pretrain.run(project)


@pytest.mark.parametrize("method", ["oversample", "random_convolution"])
def test_rows_made_from_real_ones_carry_their_string(tmp_path: Path, method: str) -> None:
    sections = {"synthesis": {"method": method}, "generate": {"candidates": 24}}
    project = make_project(
        tmp_path,
        **sections,
        curate={"judged_by": {"members": 1, "steps": 60}, "train_on_synthetic_seeds": 0, "weaknesses": {"checks": []}},
    )
    for path in project.layout.curated.iterdir():
        path.unlink()
    project.layout.curated.rmdir()
    pretrain.run(project)
    for record in project.spec().classes:
        train_gan.run(project, record.key)
        generate.run(project, record.key)
        made = read_samples(project.layout.synthetic(record.key), companions=["text"])
        real = read_samples(project.layout.train(record.key), companions=["text"])
        known = dict(zip(real.manifest["id"], frame_of(real.companions["text"])["text"], strict=True))
        assert len(made) == 24
        assert list(frame_of(made.companions["text"])["text"]) == [known[parent] for parent in made.manifest["parents"]]
    curate.run(project)
    kept = read_samples(project.layout.curated, companions=["text"])
    if method == "random_convolution" and len(kept):
        assert frame_of(kept.companions["text"])["text"].str.len().eq(4).all()
    scores = pd.read_parquet(project.layout.curated / "scores.parquet")
    assert scores["judge_probability"].between(0, 1).all()


def listed(root: Path, texts: list[str], **prepare: Any) -> Project:
    """A list of images 16 x 8 px with strings, of two classes in turns, before `prepare`."""
    spec = string_spec()
    rng = np.random.default_rng(0)
    (root / "images").mkdir(parents=True)
    for number in range(len(texts)):
        Image.fromarray(rng.integers(0, 256, (8, 16), np.uint8)).save(root / f"images/{number}.png")
    names = [f"images/{number}.png" for number in range(len(texts))]
    kinds = [spec.labels[number % 2] for number in range(len(texts))]
    pd.DataFrame({"image": names, "kind": kinds, "plate": texts}).to_csv(root / "list.csv", index=False)
    own = {
        "source": {"kind": "image_manifest", "path": "list.csv", "image": "image", "target": "kind"},
        "companions": {"text": {"column": "plate"}},
        "target": "text",
    }
    params = {"classes": {record.key: {"label": record.label} for record in spec.classes}, **PARAMS}
    (root / "params.yaml").write_text(yaml.safe_dump({**params, "prepare": own | prepare}))
    return Project.open(root)


def test_prepare_finds_the_alphabet_and_withholds_the_strings_of_test_rows(tmp_path: Path) -> None:
    texts = [
        f"{number % 10}0{number % 7}e\u0301"[: 3 + 2 * (number % 2)] for number in range(80)
    ]  # 007 and 1 are texts
    project = listed(tmp_path, texts)
    prepare.run(project)
    spec = project.spec()
    assert spec.target == "text"
    assert spec.strings.alphabet == "0123456789é"
    assert (spec.strings.shortest, spec.strings.longest) == (3, 4)
    train = project.train_view(("text",)).samples
    known = set(frame_of(train.companions["text"])["text"])
    held = read_held(project.layout)
    assert {unicodedata.normalize("NFC", text) for text in texts} == known | set(held["text"]) | set(
        frame_of(project.validation_view(("text",)).samples.companions["text"])["text"]
    )
    assert list(held.columns) == ["label", "source", "text"]
    assert not list(project.layout.test_inputs.glob("*text*"))
    assert {"text", "target"} <= set(json.loads(project.layout.dataset.read_text()))


@pytest.mark.parametrize(
    ("texts", "settings", "words"),
    [
        (["ab"] * 79 + ["é\tb"], {}, r"control characters(.|\n)*U\+0009 in 1 row"),
        (["ab"] * 79 + [""], {}, "1 of 80 rows have no text"),
        (["ab"] * 79 + ["abcdefghi"], {}, "longer than the columns"),
        (["ab"] * 80, {"companions": {}}, r"does not lie beside(.|\n)*prepare.companions.text"),
    ],
)
def test_prepare_names_what_cannot_be_read(
    tmp_path: Path, texts: list[str], settings: dict[str, Any], words: str
) -> None:
    project = listed(tmp_path, texts, **settings)
    with pytest.raises(GanAugmentError, match=words):
        prepare.run(project)


def test_params_check_refuses_a_method_without_strings_before_prepare(tmp_path: Path) -> None:
    project = listed(tmp_path, ["ab", "ba"] * 20)
    assert check_project(tmp_path, read_data=True).errors == ()
    params = yaml.safe_load((tmp_path / "params.yaml").read_text())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params | {"synthesis": {"method": "conditional"}}))
    (error,) = check_project(project.layout.root, read_data=True).errors
    assert "the class as target" in str(error)
