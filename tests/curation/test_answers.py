"""Attributes that are wrong are seen, though the class is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gan_augment.core.fields import frame_of
from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.curation.answers import fit_answer_judge
from gan_augment.curation.config import CurateConfig, JudgeConfig
from gan_augment.curation.curate import curate
from tests.scoring.toys import attribute_samples, attribute_spec

SPEC = attribute_spec()
JUDGE = JudgeConfig(members=1, steps=120, shifts=False)


def view(rows: int, seed: int) -> TrainView:
    return TrainView(SPEC, attribute_samples(SPEC, rows, seed=seed))


def swapped(samples: Samples, rows: np.ndarray) -> Samples:
    """The same rows, of which these say the other thing of the glasses."""
    frame = frame_of(samples.companions["attributes"]).copy()
    other = frame["glasses"].map({"no": "yes", "yes": "no"}).astype("string")
    frame.loc[rows, "glasses"] = other[rows]
    return replace(samples, companions={"attributes": frame})


def test_right_attributes_agree_and_wrong_ones_by_half() -> None:
    judge = fit_answer_judge(view(160, 0), JUDGE, seed=1, device="cpu")
    assert judge is not None
    fresh = attribute_samples(SPEC, 60, seed=5, gaps=0)
    assert judge.agreement(fresh).mean() > 0.85
    assert abs(judge.agreement(swapped(fresh, np.arange(60))).mean() - 0.5) < 0.1


def test_where_the_class_is_learnt_there_is_no_such_judge() -> None:
    plain = SPEC.model_copy(update={"target": "label"})
    assert fit_answer_judge(TrainView(plain, view(20, 0).samples), JUDGE, seed=1, device="cpu") is None


def test_sureness_is_the_agreement_and_rows_with_wrong_attributes_are_less_sure() -> None:
    fresh = attribute_samples(SPEC, 80, seed=5, gaps=0, split="made").relabelled(split="train", origin="synthetic")
    wrong = np.arange(80) % 4 == 0
    validation = ValidationView(SPEC, attribute_samples(SPEC, 80, seed=3, split="validation"))
    settings = {
        "judge": {"min_probability": 0.7},
        "copies": {"enabled": False},
        "judged_by": {"members": 1, "steps": 120, "shifts": False},
    }
    config = CurateConfig.model_validate(settings | {"duplicates": {"enabled": False}, "train_on_synthetic_seeds": 0})
    curated = curate(view(160, 0), validation, swapped(fresh, np.flatnonzero(wrong)), config, seed=0)
    scores = curated.scores.set_index("id").loc[fresh.manifest["id"]]
    sure = scores["judge_probability"].to_numpy()
    assert sure[~wrong].mean() > sure[wrong].mean() + 0.3
    accepted = scores["accepted"].to_numpy()
    assert accepted[~wrong].mean() > 0.8
    assert accepted[wrong].mean() < 0.2
