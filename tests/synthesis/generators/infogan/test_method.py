"""`infogan`: it learns without labels, its codes can be read, and a handful of labels decides what it may label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch

from gan_augment.core.errors import MethodError
from gan_augment.core.samples import PoolView, Samples, TrainView
from gan_augment.synthesis.api import Run, SampleRequest, TickReport, TrainingData
from gan_augment.synthesis.generators.infogan import method as infogan
from gan_augment.synthesis.generators.infogan.information import legibility
from gan_augment.synthesis.generators.infogan.method import FittedInfogan, Infogan, InfoganConfig, _Handful
from tests.toys import image_toy

SMALL: dict[str, Any] = {
    "kimg": 3.2, "batch_size": 32, "width": 64, "latent": 4, "checks": 1, "learning_rate": 3e-3,
}  # fmt: skip
TRAIN, VALIDATION = image_toy(80)


def fit(train: TrainView = TRAIN, **changes: Any) -> FittedInfogan:
    how = {name: changes.pop(name) for name in ("seed", "checkpoint", "progress") if name in changes}
    data = TrainingData(train, VALIDATION if train.spec == VALIDATION.spec else None, changes.pop("pool", None))
    return Infogan().fit(data, InfoganConfig.model_validate(SMALL | changes), Run(**{"seed": 0} | how))


def images(train: TrainView) -> Any:
    return np.asarray(train.samples.payload)


def draw(model: FittedInfogan, label: int, count: int = 64) -> Any:
    request = SampleRequest(index=label, count=count, seed=1)
    return np.concatenate([np.asarray(batch.payload) for batch in model.sample(request)])


def relabelled(train: TrainView, labels: list[str]) -> TrainView:
    manifest = train.samples.manifest.assign(label=np.array(labels, dtype=object)).astype({"label": "string"})
    return TrainView(train.spec, Samples(manifest, train.samples.payload))


@pytest.mark.parametrize("objective", ["relativistic", "non_saturating"])
def test_codes_follow_classes_that_no_label_named(objective: str) -> None:
    model = fit(kimg=4.8, objective=objective, guidance=0)
    assert np.mean(model.classes(images(TRAIN)) == TRAIN.labels) > 0.95
    assert model.summary["label_noise"] < 0.05
    for label, other in ((0, 1), (1, 0)):
        assert np.mean(model.classes(draw(model, label)) == label) > 0.95
        bright = draw(model, label)[:, :, :4].mean(), draw(model, label)[:, :, 4:].mean()
        assert bright[label] > bright[other] + 100


def test_without_guidance_labels_change_no_weight() -> None:
    """Only a handful is looked at, and only after the training."""
    names = [TRAIN.spec.labels[1 - c] for c in TRAIN.labels]
    right, wrong = fit(guidance=0), fit(relabelled(TRAIN, names), guidance=0)
    for key, value in right.generator.state_dict().items():
        assert torch.equal(value, wrong.generator.state_dict()[key])
    np.testing.assert_array_equal(right.codes(images(TRAIN)), wrong.codes(images(TRAIN)))
    np.testing.assert_array_equal(right.classes(images(TRAIN)), 1 - wrong.classes(images(TRAIN)))


def faint_toy() -> TrainView:
    """Bright on the left or on the right, as chance has it; the class is which of two faint lines is drawn."""
    pixels, random = images(TRAIN).copy(), np.random.default_rng(0)
    labels = random.permutation(TRAIN.labels)
    pixels[labels == 0, :2] //= 2
    pixels[labels == 1, 6:] //= 2
    payload = Samples(TRAIN.samples.manifest, pixels)
    return relabelled(TrainView(TRAIN.spec, payload), [TRAIN.spec.labels[c] for c in labels])


def test_guidance_finds_classes_that_are_not_what_is_most_legible() -> None:
    train = faint_toy()
    alone, guided = (fit(train, kimg=9.6, labels_per_class=20, guidance=guidance) for guidance in (0, 1))
    assert np.mean(alone.classes(images(train)) == train.labels) < 0.75
    assert np.mean(guided.classes(images(train)) == train.labels) > 0.9
    assert guided.summary["label_noise"] < 0.2 < alone.summary["label_noise"]
    assert list(guided.labels.class_of_code) == [0, 1]  # a guided code is its class's own


def test_only_the_guiding_half_of_the_handful_is_trained_on() -> None:
    handful = _Handful.of(TRAIN, InfoganConfig(labels_per_class=6), seed=0)
    assert handful.guided is not None
    assert handful.guided.sum() == 6
    names = np.array([TRAIN.spec.labels[1 - c] for c in TRAIN.labels])
    guiding = handful.rows[handful.guided]
    names[guiding] = [TRAIN.spec.labels[c] for c in TRAIN.labels[guiding]]
    # Every other label is turned over, so what is chosen has to stay the same for a comparison.
    right = fit(kimg=0.5, labels_per_class=6)
    turned = relabelled(TRAIN, list(names))
    with mock.patch.object(infogan._Handful, "of", return_value=handful):
        wrong = fit(turned, kimg=0.5, labels_per_class=6)
    for key, value in right.discriminator.state_dict().items():
        assert torch.equal(value, wrong.discriminator.state_dict()[key])
    assert right.summary["guiding_rows"] == 6
    assert right.summary["label_noise"] != wrong.summary["label_noise"]


def test_no_more_labels_are_used_than_allowed() -> None:
    assert fit(labels_per_class=5).summary["labelled_rows"] == 10


@pytest.mark.parametrize("guidance", [0, 1])
def test_labels_that_have_nothing_to_do_with_the_images_are_found_out(guidance: float) -> None:
    names = list(np.random.default_rng(0).permutation([TRAIN.spec.labels[c] for c in TRAIN.labels]))
    model = fit(relabelled(TRAIN, names), labels_per_class=40, guidance=guidance)
    assert model.summary["label_noise"] > 0.3
    assert set(model.summary["refused_classes"]) == {"0", "1"}
    with pytest.raises(MethodError, match=r"of held-out labels wrong|collapsed"):
        draw(model, 0)


def test_the_threshold_decides() -> None:
    names = [TRAIN.spec.labels[c] for c in TRAIN.labels]
    for row in range(0, 80, 8):  # one label in eight is wrong
        names[row] = TRAIN.spec.labels[1 - TRAIN.labels[row]]
    noisy = relabelled(TRAIN, names)
    assert set(fit(noisy, labels_per_class=40, max_label_noise=0.05).summary["refused_classes"]) == {"0", "1"}
    assert fit(noisy, labels_per_class=40, max_label_noise=0.3).summary["refused_classes"] == {}


def test_a_class_for_which_no_code_stands_is_refused_alone() -> None:
    model = fit()
    model.labels = replace(model.labels, class_of_code=np.array([0, 0]))
    assert model.labels.problem(1, 1.0) == "no code stands for this class"
    assert model.labels.problem(0, 1.0) is None


def test_more_codes_than_classes_share_the_classes_among_them() -> None:
    model = fit(kimg=9.6, codes=4)
    own = [set(model.labels.codes_of(label)) for label in (0, 1)]
    assert not own[0] & own[1]
    assert len(own[0] | own[1]) <= 4
    assert np.mean(model.classes(draw(model, 1)) == 1) > 0.9


def test_fewer_codes_than_classes_are_refused_before_any_training() -> None:
    with pytest.raises(MethodError, match="fewer codes"):
        InfoganConfig(codes=2).check(TRAIN.spec.model_copy(update={"classes": TRAIN.spec.classes * 2}))


def test_reading_codes_does_not_depend_on_the_batch() -> None:
    model, pixels = fit(kimg=0.5), images(TRAIN)
    at_once = model.codes(pixels)
    np.testing.assert_array_equal(at_once, [int(model.codes(pixels[i : i + 1])[0]) for i in range(len(pixels))])
    assert len(model.codes(pixels[:0])) == 0


def test_each_setting_of_the_codes_changes_the_model() -> None:
    plain = fit(kimg=1.6)
    changes: list[dict[str, Any]] = [{"codes_from": 0.4}, {"information": 2.0}, {"continuous_information": 1.0}]
    for change in (*changes, {"invariance": 0.0}, {"guidance": 0.5}):
        other = fit(kimg=1.6, **change)
        weights = zip(plain.discriminator.parameters(), other.discriminator.parameters(), strict=True)
        assert any(not torch.equal(a, b) for a, b in weights), change


def test_the_snapshot_is_one_whose_codes_can_be_read() -> None:
    """Pictures are good before codes are: by kernel distance alone a snapshot without codes would be kept."""
    model = fit(checks=4)
    best = max(model.stats, key=lambda row: row["score"])
    assert model.summary["snapshot_kimg"] == best["kimg"]
    assert all(0 <= row["reading"] <= 1 for row in model.stats)
    assert best["reading"] == max(row["reading"] for row in model.stats if row["kid"] <= best["kid"])


def test_legibility_is_zero_for_one_code_and_one_for_sure_ones() -> None:
    model, rng = fit(kimg=0.1), torch.Generator().manual_seed(0)
    halves = torch.full((40, 1, 8, 8), -1.0)
    halves[:20, :, :, :4], halves[20:, :, :, 4:] = 1.0, 1.0
    with torch.no_grad():
        for parameter in model.discriminator.recognition.parameters():
            parameter.zero_()
    assert legibility(model.discriminator, halves, rng) == pytest.approx(0, abs=1e-4)
    model.discriminator.body = torch.nn.Flatten()
    model.discriminator.recognition = torch.nn.Linear(64, 4)
    with torch.no_grad():
        left = torch.tensor([1.0] * 4 + [-1.0] * 4).repeat(8)
        model.discriminator.recognition.weight.copy_(torch.stack([left, -left, 0 * left, 0 * left]))
        model.discriminator.recognition.bias.copy_(torch.tensor([0.0, 0.0, -99.0, -99.0]))
    model.discriminator.layout = replace(model.discriminator.layout, categories=2)
    assert legibility(model.discriminator, halves, rng) > 0.9


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", [0.5, 1.1])
def test_a_killed_fit_resumes_to_the_same_bits(tmp_path: Path, kill_at: float) -> None:
    def kill(tick: TickReport) -> None:
        if tick.done >= kill_at:
            raise Killed

    place = tmp_path / "state.safetensors"
    whole = fit(kimg=1.6)
    with pytest.raises(Killed):
        fit(kimg=1.6, checkpoint=place, progress=kill)
    resumed = fit(kimg=1.6, checkpoint=place)
    for name in ("generator", "discriminator"):
        expected = getattr(whole, name).state_dict()
        for key, value in getattr(resumed, name).state_dict().items():
            assert torch.equal(value, expected[key]), (name, key)
    assert (resumed.stats, resumed.summary) == (whole.stats, whole.summary)


def split_up(labelled: int, *, labels: bool = False) -> tuple[TrainView, PoolView]:
    """A train part of `labelled` rows a class, and a pool of the other rows; `labels`: which have theirs."""
    rows = np.arange(len(TRAIN))
    few = (rows % 40) < labelled
    rest = TRAIN.samples.take(~few).relabelled(split="pool")
    rest = rest if labels else rest.relabelled(label=None)
    return TrainView(TRAIN.spec, TRAIN.samples.take(few)), PoolView(TRAIN.spec, rest)


def test_images_of_the_pool_are_learnt_from_and_a_handful_of_labels_names_them() -> None:
    train, pool = split_up(4)
    alone, helped = (fit(train, kimg=4.8, pool=given, guidance=0) for given in (None, pool))
    unseen = np.asarray(pool.samples.payload)
    truth = np.repeat([0, 1], len(unseen) // 2)
    assert np.mean(helped.classes(unseen) == truth) > 0.95
    assert helped.summary["pool_rows"] == 72
    assert "pool_rows" not in alone.summary
    assert any(
        not torch.equal(value, alone.generator.state_dict()[key])
        for key, value in helped.generator.state_dict().items()
    )


def test_labels_of_the_pool_change_no_weight() -> None:
    models = [fit(split_up(4)[0], kimg=1.6, pool=split_up(4, labels=labels)[1]) for labels in (False, True)]
    for key, value in models[0].discriminator.state_dict().items():
        assert torch.equal(value, models[1].discriminator.state_dict()[key]), key
    assert models[0].summary == models[1].summary


def test_a_killed_training_with_a_pool_resumes_to_the_same_weights(tmp_path: Path) -> None:
    train, pool = split_up(10)
    place, stop = tmp_path / "state.safetensors", mock.Mock(side_effect=[None] * 4 + [Killed()])
    whole = fit(train, kimg=1.6, pool=pool)
    with pytest.raises(Killed):
        fit(train, kimg=1.6, pool=pool, checkpoint=place, progress=stop)
    resumed = fit(train, kimg=1.6, pool=pool, checkpoint=place)
    for key, value in resumed.generator.state_dict().items():
        assert torch.equal(value, whole.generator.state_dict()[key]), key
    assert (resumed.stats, resumed.summary) == (whole.stats, whole.summary)


def test_a_pool_trains_no_networks_of_several_classes() -> None:
    train, pool = split_up(4)
    with pytest.raises(ValueError, match="no labels"):
        infogan.AdversarialRun(mock.Mock(), mock.Mock(), train, mock.Mock(), Run(0), monitor=None, more=pool)
