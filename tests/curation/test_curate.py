from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.records import Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Payload, PoolView, Samples, TrainView, ValidationView, make_manifest
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import Curated, curate
from tests.curation.toys import IMAGES, TABLE, draw, good_candidates, real, synthetic, views

BOTH = pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
QUICK: dict[str, Any] = {
    "judged_by": {"members": 1, "steps": 25},
    "train_on_synthetic_seeds": 0,
    "weaknesses": {"checks": []},
}


def _curate(spec: DatasetSpec, candidates: Samples, **settings: Any) -> Curated:
    return curate(*views(spec), candidates, CurateConfig.model_validate(QUICK | settings), seed=5)


@functools.cache
def _good(modality: str) -> Curated:
    spec = IMAGES if modality == "image" else TABLE
    return _curate(spec, good_candidates(spec))


def _rejected(curated: Curated, name: str) -> set[str]:
    chosen = curated.scores[curated.scores["rejected_by"] == name]
    return set(chosen["id"])


def _with(spec: DatasetSpec, label: int, payload: Payload, name: str) -> Samples:
    return Samples.concat([good_candidates(spec), synthetic(spec, label, payload, name)])


@BOTH
def test_a_good_set_survives(spec: DatasetSpec) -> None:
    curated = _good(spec.modality)
    overall = curated.report["overall"]
    assert overall["accepted"] >= 0.95 * overall["candidates"] == 114
    assert overall["label_agreement"] > 0.95
    assert overall["coverage"] > 0.75
    assert overall["copy_pvalue"] > 0.01
    assert overall["two_sample"]["pvalue"] > 0.01
    assert curated.report["judge"]["balanced_accuracy"] > 0.95


@BOTH
def test_planted_copies_of_train_rows_are_rejected_and_traced(spec: DatasetSpec) -> None:
    train, _ = views(spec)
    own = train.of_class(1).samples
    curated = _curate(spec, _with(spec, 1, own.take(range(12)).payload, "copy"))
    planted = [f"copy-train-1-{i}" for i in range(12)]
    assert _rejected(curated, "copy") >= set(planted)
    scores = curated.scores.set_index("id").loc[planted]
    assert (scores["copy_distance"] < 0.01).all()
    assert list(scores["nearest"]) == list(own.manifest["id"][:12])
    assert not set(planted) & set(curated.samples.manifest["id"])


@BOTH
def test_copies_of_the_pool_are_copies_too(spec: DatasetSpec) -> None:
    unlabelled = Samples.concat([real(spec, "train", 30, seed=77)]).relabelled(split="pool", label=None)
    unlabelled = unlabelled.relabelled(id=[f"pool-{number}" for number in range(len(unlabelled))])
    planted = unlabelled.take(range(30, 42))  # of the second class
    candidates, config = _with(spec, 1, planted.payload, "copy"), CurateConfig.model_validate(QUICK)
    ids = [f"copy-train-1-{i}" for i in range(12)]
    assert not _rejected(curate(*views(spec), candidates, config, seed=5), "copy") & set(ids)
    curated = curate(*views(spec), candidates, config, seed=5, pool=PoolView(spec, unlabelled))
    assert _rejected(curated, "copy") >= set(ids)
    scores = curated.scores.set_index("id").loc[ids]
    assert list(scores["nearest"]) == list(planted.manifest["id"])


@BOTH
def test_a_copying_synthesizer_is_found_out_and_refused(spec: DatasetSpec) -> None:
    train, _ = views(spec)
    copies = train.of_class(2).samples
    curated = _curate(spec, synthetic(spec, 2, copies.payload))
    found = curated.report["classes"]["c"]
    assert found["copy_pvalue"] < 1e-4
    assert found["copy_ratio"] < 0.1
    assert found["refused_by"] == "copy"
    assert found["accepted"] == 0
    assert found["coverage"] is None


@BOTH
def test_rows_of_another_class_are_rejected_by_the_judge(spec: DatasetSpec) -> None:
    curated = _curate(spec, _with(spec, 0, draw(spec, 2, 10, seed=8), "wrong"))
    assert _rejected(curated, "judge") >= {f"wrong-train-0-{i}" for i in range(10)}
    assert curated.report["classes"]["a"]["label_agreement"] == pytest.approx(0.8, abs=0.05)


@BOTH
def test_duplicates_among_candidates_leave_one(spec: DatasetSpec) -> None:
    one = draw(spec, 1, 1, seed=9)
    many: Payload = (
        pd.concat([one] * 8, ignore_index=True) if isinstance(one, pd.DataFrame) else np.repeat(one, 8, axis=0)
    )
    curated = _curate(spec, _with(spec, 1, many, "twin"))
    assert _rejected(curated, "duplicate") >= {f"twin-train-1-{i}" for i in range(1, 8)}
    assert "twin-train-1-0" in set(curated.samples.manifest["id"])


@BOTH
def test_counts_add_up_and_scores_tell_the_same_story(spec: DatasetSpec) -> None:
    train, _ = views(spec)
    candidates = _with(spec, 0, draw(spec, 1, 10, seed=8), "wrong")
    candidates = Samples.concat([candidates, synthetic(spec, 1, train.of_class(1).samples.payload, "copy")])
    curated = _curate(spec, candidates, density={"enabled": True}, discriminator={"enabled": True})
    report, scores = curated.report, curated.scores
    for part in [report["overall"], *report["classes"].values()]:
        assert part["candidates"] == part["accepted"] + sum(part["rejected"].values())
    assert list(scores["id"]) == list(candidates.manifest["id"])
    assert (scores["accepted"] == (scores["rejected_by"] == "")).all()
    assert set(scores.loc[scores["accepted"], "id"]) == set(curated.samples.manifest["id"])
    for key, record in zip("abc", spec.classes, strict=True):
        of_class = scores[scores["label"] == record.label]
        assert dict(of_class["rejected_by"].value_counts())[""] == report["classes"][key]["accepted"]
    assert report["overall"]["rejected"].keys() == {"copy", "duplicate", "density", "discriminator", "judge", "refused"}


@BOTH
def test_same_seed_same_bytes_and_another_seed_another_order(spec: DatasetSpec) -> None:
    candidates = good_candidates(spec)
    first, second = _good(spec.modality), _curate(spec, candidates)
    assert json.dumps(first.report, allow_nan=False) == json.dumps(second.report)
    pd.testing.assert_frame_equal(first.scores, second.scores)
    assert list(first.samples.manifest["id"]) == list(second.samples.manifest["id"])
    other = curate(*views(spec), candidates, CurateConfig.model_validate(QUICK), seed=6)
    assert list(other.samples.manifest["id"]) != list(first.samples.manifest["id"])


def test_accepted_rows_lie_class_by_class_and_are_not_the_judges_favourites_first() -> None:
    curated = _good("table")
    labels = curated.samples.manifest["label"]
    assert list(labels) == sorted(labels)
    probability = curated.scores.set_index("id")["judge_probability"]
    ordered = probability.loc[curated.samples.manifest["id"]].to_numpy()
    assert abs(np.corrcoef(np.arange(len(ordered)), ordered)[0, 1]) < 0.4
    assert not (np.diff(ordered[:30]) <= 0).all()


def test_a_judge_that_knows_nothing_rejects_next_to_nothing() -> None:
    spec = TABLE
    train, validation = views(spec)
    rng = np.random.default_rng(0)
    shuffled = train.samples.manifest.assign(label=rng.permutation(train.samples.manifest["label"].to_numpy()))
    blind = type(train)(spec, Samples(shuffled.astype({"label": "string"}), train.samples.payload))
    curated = curate(blind, validation, good_candidates(spec), CurateConfig.model_validate(QUICK), seed=5)
    assert curated.report["judge"]["balanced_accuracy"] < 0.6
    assert curated.report["real_rejected"]["judge"] <= 0.05
    assert curated.report["overall"]["rejected"]["judge"] < 0.2 * 120


@BOTH
def test_train_on_synthetic_stands_beside_train_on_real(spec: DatasetSpec) -> None:
    good = _curate(spec, good_candidates(spec), train_on_synthetic_seeds=1).report["tstr"]
    assert good["real"] > 0.9
    assert good["synthetic"] == pytest.approx(good["real"], abs=0.07)
    missing = good_candidates(spec).take(range(80))  # nothing of the third class
    poor = _curate(spec, missing, train_on_synthetic_seeds=1).report["tstr"]
    assert poor["synthetic"] < 0.72
    assert poor["real"] == good["real"]


def test_disabled_filters_reject_nothing() -> None:
    off = {name: {"enabled": False} for name in ("copies", "duplicates", "judge")}
    train, _ = views(TABLE)
    curated = _curate(TABLE, synthetic(TABLE, 0, train.of_class(1).samples.payload), **off)
    assert curated.scores["accepted"].all()


@BOTH
def test_no_candidates_at_all_are_reported_not_crashed_on(spec: DatasetSpec) -> None:
    curated = _curate(spec, good_candidates(spec).take(slice(0, 0)), train_on_synthetic_seeds=1)
    assert len(curated.samples) == 0
    assert curated.report["overall"]["candidates"] == 0
    assert curated.report["tstr"] is None
    json.dumps(curated.report, allow_nan=False)


@BOTH
def test_without_validation_rows_the_fixed_bounds_decide(spec: DatasetSpec) -> None:
    train, validation = views(spec)
    nothing = type(validation)(spec, validation.samples.take(slice(0, 0)))
    candidates = _with(spec, 1, train.of_class(1).samples.take(range(10)).payload, "copy")
    curated = curate(train, nothing, candidates, CurateConfig.model_validate(QUICK), seed=5)
    assert curated.report["overall"]["accepted"] > 90
    assert _rejected(curated, "copy") >= {f"copy-train-1-{i}" for i in range(10)}
    assert curated.report["overall"]["coverage"] is None
    json.dumps(curated.report, allow_nan=False)


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[float, float]] = []
    config = CurateConfig.model_validate(QUICK)
    curate(
        *views(TABLE),
        good_candidates(TABLE),
        config,
        seed=0,
        progress=lambda done, total, _: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def test_a_required_light_that_is_red_rejects_the_whole_set() -> None:
    rng = np.random.default_rng(0)
    scattered = Samples.concat([synthetic(IMAGES, c, _two_bars(c, 25, rng)) for c in range(3)])
    off = {name: {"enabled": False} for name in ("copies", "duplicates", "judge")}
    lenient = _curate(IMAGES, scattered, **off, weaknesses={"checks": ["counting"]})
    assert lenient.report["weaknesses"]["counting"]["colour"] == "red"
    assert lenient.scores["accepted"].all()
    strict = _curate(IMAGES, scattered, **off, weaknesses={"checks": [], "require": ["counting"]})
    assert (strict.scores["rejected_by"] == "counting").all()
    assert strict.report["overall"]["rejected"]["counting"] == 75
    assert len(strict.samples) == 0


def _two_bars(label: int, count: int, rng: np.random.Generator) -> Payload:
    images = draw(IMAGES, label, count, seed=int(rng.integers(1000)))
    assert isinstance(images, np.ndarray)
    images[:, 7] = 200  # a second bar below
    return images


@BOTH
def test_privacy_and_table_figures_are_in_the_report(spec: DatasetSpec) -> None:
    report = _good(spec.modality).report
    assert "No privacy is promised" in report["privacy"][-1]
    assert report["overall"]["closest_record"]["exact"] == 0
    assert (report["table"] is None) == (spec is IMAGES)


def _translated(spec: DatasetSpec, parents: list[str], payload: Payload) -> Samples:
    candidates = synthetic(spec, 1, payload, "translated")
    return Samples(candidates.manifest.assign(parents=pd.Series(parents, dtype="string")), candidates.payload)


def _nudged(payload: Payload, by: int) -> Payload:
    """Every pixel moved by `by` levels up or down: near the source, and not it."""
    signs = np.random.default_rng(0).choice([-by, by], np.shape(payload))
    return np.clip(np.asarray(payload) + signs, 0, 255).astype(np.uint8)


def test_an_own_parent_is_no_copy_but_another_train_row_is() -> None:
    train, _ = views(IMAGES)
    own = train.of_class(1).samples.take(range(12))
    ids = list(own.manifest["id"])
    near = _nudged(own.payload, 5)
    allowed = _curate(IMAGES, _translated(IMAGES, ids, near))
    assert _rejected(allowed, "copy") == set()
    assert (allowed.scores["copy_distance"] < 0.3).all()  # the distance still counts the parent
    strangers = _curate(IMAGES, _translated(IMAGES, ids[1:] + ids[:1], near))
    assert len(_rejected(strangers, "copy")) == 12 or strangers.report["classes"]["b"]["refused_by"] == "copy"


def test_the_parent_itself_is_a_copy() -> None:
    train, _ = views(IMAGES)
    own = train.of_class(1).samples.take(range(12))
    same = _curate(IMAGES, _translated(IMAGES, list(own.manifest["id"]), own.payload))
    assert same.report["classes"]["b"]["refused_by"] == "copy"
    lenient = _curate(
        IMAGES,
        _translated(IMAGES, list(own.manifest["id"]), _nudged(own.payload, 5)),
        copies={"min_parent_ratio": 0.3},
    )
    assert lenient.report["classes"]["b"]["refused_by"] == "copy"


def test_a_tables_parents_are_train_rows_like_any_other() -> None:
    train, _ = views(TABLE)
    own = train.of_class(1).samples.take(range(12))
    assert isinstance(own.payload, pd.DataFrame)
    moved = own.payload.assign(x=own.payload["x"] + 0.01)
    curated = _curate(TABLE, _translated(TABLE, list(own.manifest["id"]), moved))
    assert curated.report["classes"]["b"]["refused_by"] == "copy"


def test_in_a_table_of_few_levels_copies_are_the_valid_rows_and_stay() -> None:
    columns = tuple(Column(name=name, kind="categorical", dtype="string") for name in ("city", "country"))
    spec = TABLE.model_copy(update={"table": TableSpec(columns=columns, target="kind")})

    def rows(count: int, seed: int) -> pd.DataFrame:
        city = np.random.default_rng(seed).choice(["Rome", "Bari", "Nice"], count)
        return pd.DataFrame({"city": city, "country": [{"N": "F"}.get(one[0], "I") for one in city]}).astype("string")

    def samples(split: Any, origin: str, count: int, seed: int) -> Samples:
        ids = [f"{origin}-{split}-{number}" for number in range(count)]
        labels = [spec.labels[number % 3] for number in range(count)]
        return Samples(make_manifest(count, id=ids, label=labels, split=split, origin=origin), rows(count, seed))

    train = TrainView(spec, samples("train", "real", 90, 0))
    validation = ValidationView(spec, samples("validation", "real", 60, 1))
    config = CurateConfig.model_validate(QUICK | {"judge": {"enabled": False}})
    report = curate(train, validation, samples("train", "synthetic", 90, 2), config, seed=0).report
    assert report["overall"]["accepted"] == 90
    assert "so do held-out real rows" in report["privacy"][0]


def test_the_guards_figures_are_reported_and_candidates_under_another_label_refuse_their_class() -> None:
    spec = IMAGES
    good = _good("image").report["guard"]
    assert set(good["classes"]) == {"a", "b", "c"}
    assert all(figure["problem"] is None for one in good["classes"].values() for figure in one.values())
    assert good["mixed"]["problem"] is None
    ignored = synthetic(spec, 1, draw(spec, 0, 40, seed=4), "ignored")  # asked for b, drawn as a
    candidates = Samples.concat([good_candidates(spec).of_class(label) for label in ("A", "C")] + [ignored])
    figures = _curate(spec, candidates, judge={"enabled": False}).report["classes"]  # which would refuse it first
    assert figures["b"]["refused_by"] == "guard"
    assert figures["b"]["refused_because"].startswith("not kept: ")
    assert figures["a"]["refused_by"] is None
    reported = _curate(spec, candidates, guard={"refuse": []}).report
    assert reported["guard"]["classes"]["b"]["conditioned"]["problem"].startswith("not conditioned: ")
    assert reported["classes"]["b"]["refused_by"] != "guard"
    assert _curate(spec, candidates, guard={"enabled": False}).report["guard"] is None


def test_a_translator_that_hands_its_sources_back_is_refused_by_name() -> None:
    spec = IMAGES
    train, _ = views(spec)
    own = train.of_class(1).samples
    back = synthetic(spec, 1, own.payload, "back")
    back = back.relabelled(parents=list(own.manifest["id"]))
    off = {"copies": {"enabled": False}, "duplicates": {"enabled": False}}
    figures = _curate(spec, back, **off).report["classes"]["b"]
    assert figures["refused_by"] == "guard"
    assert figures["refused_because"].startswith("not moved: 0.00")


def test_a_table_has_no_guard() -> None:
    assert _good("table").report["guard"] is None
