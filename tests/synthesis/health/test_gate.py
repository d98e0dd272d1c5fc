"""The gate accepts a specialised model exactly where neither validation figure got worse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.synthesis.api import SampleRequest, Synthetic
from gan_augment.synthesis.health.gate import ClassScore, choose_model, decide

SPEC = DatasetSpec(
    name="bars",
    modality="image",
    classes=(ClassRecord(key="low", label="low"), ClassRecord(key="high", label="high")),
    image=ImageSpec(height=6, width=6, channels=1),
)
FIGURES = st.floats(0, 1)


def bars(label: int, count: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Class 0: the lower half is bright; class 1: the upper half."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, 6, 6, 1))
    images[:, 3 * (1 - label) : 3 * (1 - label) + 3] += rng.integers(100, 190, (count, 1, 1, 1))
    return images.astype(np.uint8)


class Model:
    """A synthesizer whose quality is known: it draws real bars, or something else for class 0."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.stats: list[dict[str, float]] = []
        self.summary: dict[str, Any] = {}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        images = bars(request.label, request.count, request.seed % 1000)
        if request.label == 0 and self.fault == "noise":
            images = np.random.default_rng(0).integers(0, 255, images.shape).astype(np.uint8)
        if request.label == 0 and self.fault == "other class":
            images = bars(1, request.count, request.seed % 1000)
        if request.label == 0 and self.fault == "collapsed":
            images = np.repeat(images[:1], len(images), axis=0)
        yield Synthetic(images)

    def save(self, directory: Path) -> None:
        raise NotImplementedError


def view(kind: type[Any], split: str, seed: int) -> Any:
    pixels = np.concatenate([bars(c, 30, seed + c) for c in (0, 1)])
    labels = ["low"] * 30 + ["high"] * 30
    ids = [f"{split}{i}" for i in range(60)]
    return kind(SPEC, Samples(make_manifest(60, id=ids, label=labels, split=split, origin="real"), pixels))


TRAIN, VALIDATION = view(TrainView, "train", 10), view(ValidationView, "validation", 20)


@pytest.mark.parametrize("fault", ["noise", "other class", "collapsed"])
def test_a_broken_specialised_model_is_refused_and_the_reason_said(fault: str) -> None:
    decision = choose_model(
        Model(), Model(fault), TRAIN, VALIDATION, label=0, features=fit_feature_space(TRAIN), seed=0
    )
    assert (decision.served, decision.decision) == ("joint", "refused")
    assert "KID" in decision.reason


@pytest.mark.parametrize("fault", ["noise", "other class", "collapsed"])
def test_a_specialised_model_that_mends_the_joint_one_is_accepted(fault: str) -> None:
    decision = choose_model(
        Model(fault), Model(), TRAIN, VALIDATION, label=0, features=fit_feature_space(TRAIN), seed=0
    )
    assert (decision.served, decision.decision) == ("specialised", "accepted")


@pytest.mark.parametrize("fault", ["noise", "other class", "collapsed"])
def test_a_class_that_both_models_fail_is_not_synthesised(fault: str) -> None:
    decision = choose_model(
        Model(fault), Model(fault), TRAIN, VALIDATION, label=0, features=fit_feature_space(TRAIN), seed=0
    )
    assert decision.served == "none"
    assert decision.reason.startswith("not synthesised: ")


@given(FIGURES, FIGURES, FIGURES, FIGURES)
def test_accepted_means_no_figure_got_worse(kid: float, cas: float, new_kid: float, new_cas: float) -> None:
    decision = decide(ClassScore(kid=kid, cas=cas), ClassScore(kid=new_kid, cas=new_cas))
    assert (decision.decision == "accepted") == (new_kid <= kid and new_cas >= cas)
    assert (decision.served == "specialised") == (decision.decision == "accepted")


class Clouds:
    """Draws real rows of a table of two overlapping classes; a class of one label, or labels dealt out at random."""

    def __init__(self, *, shuffled: bool = False) -> None:
        self.shuffled = shuffled
        self.stats: list[dict[str, float]] = []
        self.summary: dict[str, Any] = {}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        rng = np.random.default_rng([request.seed % 1000, request.label])
        labels = np.full(request.count, request.label)
        if self.shuffled:
            labels = (rng.random(request.count) < RARE / (RARE + COMMON)).astype(np.int64)
        yield Synthetic(cloud(labels, rng))

    def save(self, directory: Path) -> None:
        raise NotImplementedError


COMMON, RARE = 1080, 120
TABLE = DatasetSpec(
    name="credit",
    modality="table",
    classes=(ClassRecord(key="good", label="good"), ClassRecord(key="bad", label="bad")),
    table=TableSpec(columns=tuple(Column(name=name, kind="numeric", dtype="float64") for name in "xyz"), target="risk"),
)


def cloud(labels: np.ndarray[Any, Any], rng: np.random.Generator) -> pd.DataFrame:
    """A balanced Bayes error of 25 %; by chance alone, without weights, nearly every row is called good."""
    shift = 1.35 / 3**0.5
    return pd.DataFrame({name: rng.normal(shift * labels) for name in "xyz"})


def credit(kind: type[Any], split: str, good: int, bad: int, seed: int) -> Any:
    labels = np.repeat([0, 1], [good, bad])
    ids = [f"{split}{i}" for i in range(len(labels))]
    names = [TABLE.labels[label] for label in labels]
    manifest = make_manifest(len(labels), id=ids, label=names, split=split, origin="real")
    return kind(TABLE, Samples(manifest, cloud(labels, np.random.default_rng(seed))))


@pytest.mark.parametrize("bad", [0, 1, 3, 18])
def test_an_overlapping_rare_class_is_synthesised_where_its_rows_are_as_real_ones(bad: int) -> None:
    train = credit(TrainView, "train", COMMON, RARE, seed=1)
    validation = credit(ValidationView, "validation", 160, bad, seed=2)
    space = fit_feature_space(train)
    for label in (0, 1):
        decision = choose_model(Clouds(), Clouds(), train, validation, label=label, features=space, seed=0)
        assert decision.served != "none"
    decision = choose_model(
        Clouds(shuffled=True), Clouds(shuffled=True), train, validation, label=1, features=space, seed=0
    )
    assert (decision.served, decision.reason[:29]) == ("none", "not synthesised: wrong class:")
