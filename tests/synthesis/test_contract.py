"""What every method promises, whatever it is made of. A new method gets it all from its row in tests/settings.py."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

import gan_augment
from gan_augment.core import fields
from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import GanAugmentError, LeakError, MethodError, ModelError
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView
from gan_augment.encoding.table import TableCodec
from gan_augment.synthesis.api import Fitted, MethodConfig, Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import BUILT_IN, resolve_method
from tests.settings import METHODS

CARDS = Path(gan_augment.__file__).parent.parent / "docs" / "methods"
every_method = pytest.mark.parametrize("name", sorted(set(BUILT_IN) & set(METHODS)))


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_each_method_has_a_settings_row_and_a_card(name: str) -> None:
    assert name in METHODS, f"tests/settings.py has no row for the method {name!r}"
    assert (CARDS / f"{name}.md").exists(), f"docs/methods/{name}.md is missing"


def test_no_settings_row_without_a_method() -> None:
    assert set(METHODS) <= set(BUILT_IN)


@functools.cache
def toy(name: str) -> tuple[TrainView, ValidationView]:
    return METHODS[name].toy()


def config(name: str, **more: Any) -> MethodConfig:
    return resolve_method(name).Config.model_validate(METHODS[name].settings | more)


def fit(name: str, seed: int = 0, **more: Any) -> Any:
    return resolve_method(name).fit(TrainingData(*toy(name), METHODS[name].pool()), config(name, **more), Run(seed))


@functools.cache
def fitted(name: str) -> Any:
    return fit(name)


def draw(model: Fitted, label: int, count: int, seed: int = 3, start: int = 0) -> Any:
    batches = list(model.sample(SampleRequest(index=label, count=count, seed=seed, start=start)))
    payloads: list[Any] = [batch.payload for batch in batches]
    if not payloads:
        return pd.DataFrame()
    if isinstance(payloads[0], pd.DataFrame):
        return pd.concat(payloads, ignore_index=True)
    return np.concatenate(payloads)


def assert_same(left: Any, right: Any) -> None:
    if isinstance(left, pd.DataFrame):
        pd.testing.assert_frame_equal(left, right)
    else:
        np.testing.assert_array_equal(left, right)


def differs(left: Any, right: Any) -> bool:
    if isinstance(left, pd.DataFrame):
        return not left.equals(right)
    return not np.array_equal(left, right)


@every_method
def test_names_agree(name: str) -> None:
    method = resolve_method(name)
    assert method.name == name
    assert issubclass(method.Config, MethodConfig)
    assert toy(name)[0].spec.modality in method.traits.makes


@every_method
@pytest.mark.parametrize("count", [0, 1, 300])
def test_exactly_the_requested_number_of_each_label(name: str, count: int) -> None:
    for label in (0, 1):
        assert len(draw(fitted(name), label, count)) == count


@every_method
def test_a_class_the_model_has_not_learnt_is_refused(name: str) -> None:
    with pytest.raises(MethodError):
        draw(fitted(name), 2, 1)


@every_method
def test_payload_has_the_sources_form(name: str) -> None:
    source, got = toy(name)[0].samples.payload, draw(fitted(name), 1, 50)
    if isinstance(source, pd.DataFrame):
        assert isinstance(got, pd.DataFrame)
        pd.testing.assert_series_equal(got.dtypes, source.dtypes)
        assert isinstance(got.index, pd.RangeIndex)
    else:
        assert got.dtype == np.uint8
        assert got.shape[1:] == source.shape[1:]


@every_method
def test_what_lies_beside_a_sample_is_what_the_traits_say(name: str) -> None:
    emits, spec = resolve_method(name).traits.emits, toy(name)[0].spec
    for batch in fitted(name).sample(SampleRequest(index=0, count=300, seed=3)):
        assert set(batch.companions) == emits & (spec.companions.keys() | (emits - resolve_method(name).traits.uses))
        for role, values in batch.companions.items():
            assert len(values) == len(batch.payload)
            empty = fields.empty(spec.companions[role])
            assert list(getattr(values, "columns", ())) == list(getattr(empty, "columns", ()))
            assert np.shape(values)[1:] == np.shape(empty)[1:]


@every_method
def test_same_seed_same_bytes_and_another_seed_other_bytes(name: str) -> None:
    model = fitted(name)
    assert_same(draw(model, 0, 100), draw(model, 0, 100))
    assert differs(draw(model, 0, 100), draw(model, 0, 100, seed=4))


@every_method
def test_one_at_a_time_equals_a_batch(name: str) -> None:
    model = fitted(name)
    at_once = draw(model, 1, 12, start=250)
    singles = [draw(model, 1, 1, start=250 + number) for number in range(12)]
    joined = pd.concat(singles, ignore_index=True) if isinstance(at_once, pd.DataFrame) else np.concatenate(singles)
    assert_same(joined, at_once)


@every_method
def test_fitting_twice_gives_the_same_files_and_another_seed_another_model(name: str, tmp_path: Path) -> None:
    hashes = []
    brief = METHODS[name].brief
    first = fit(name, **brief) if brief else fitted(name)
    for number, model in enumerate((first, fit(name, **brief), fit(name, seed=1, **brief))):
        directory = tmp_path / str(number)
        directory.mkdir()
        model.save(directory)
        hashes.append(file_hash(directory))
    assert hashes[0] == hashes[1]
    if resolve_method(name).traits.trainable:
        assert hashes[0] != hashes[2]


@every_method
def test_a_loaded_model_gives_the_same_samples_and_saves_the_same_files(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    fitted(name).save(first)
    loaded = resolve_method(name).load(first, toy(name)[0].spec)
    assert_same(draw(loaded, 0, 70), draw(fitted(name), 0, 70))
    loaded.save(second)
    assert file_hash(first) == file_hash(second)
    assert loaded.summary == fitted(name).summary
    assert loaded.stats == fitted(name).stats


@every_method
def test_nothing_in_a_saved_model_is_pickled(name: str, tmp_path: Path) -> None:
    fitted(name).save(tmp_path)
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".safetensors", ".parquet", ".npy"}


@every_method
def test_an_incomplete_model_and_another_methods_model_are_refused(name: str, tmp_path: Path) -> None:
    spec = toy(name)[0].spec
    whole = tmp_path / "whole"
    whole.mkdir()
    fitted(name).save(whole)
    for path in sorted(p.relative_to(whole) for p in whole.rglob("*") if p.is_file()):
        broken = tmp_path / "broken"
        shutil.copytree(whole, broken)
        (broken / path).unlink()
        with pytest.raises(GanAugmentError):
            resolve_method(name).load(broken, spec)
        shutil.rmtree(broken)
    stranger = next(other for other in sorted(METHODS) if other != name)
    with pytest.raises(ModelError):
        resolve_method(stranger).load(whole, spec)


@every_method
def test_only_train_rows_can_be_learnt_from(name: str) -> None:
    train, validation = toy(name)
    with pytest.raises(LeakError):
        resolve_method(name).fit(TrainingData(validation), config(name), Run(0))  # type: ignore[arg-type]
    with pytest.raises(LeakError):
        TrainView(train.spec, Samples.concat([train.samples, validation.samples]))


@every_method
def test_fitting_leaves_the_rows_and_the_global_random_state_alone(name: str) -> None:
    train, _ = toy(name)
    payload = train.samples.payload
    before = payload.copy()
    numpy_state: Any = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state()
    model = fit(name)
    draw(model, 0, 10)
    state: Any = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(numpy_state[1], state[1])
    assert torch.equal(torch_state, torch.get_rng_state())
    assert_same(payload, before)


@every_method
def test_specialisation_gives_a_model_of_one_class_or_is_refused(name: str, tmp_path: Path) -> None:
    method, (train, _) = resolve_method(name), toy(name)
    own = train.of_class(1)
    if not method.traits.specialises:
        with pytest.raises(MethodError):
            method.specialise(fitted(name), own, config(name), 1, Run(0))
        return
    before = draw(fitted(name), 1, 20)
    model = method.specialise(fitted(name), own, config(name), 1, Run(0))
    assert_same(draw(fitted(name), 1, 20), before)  # the joint model is left as it was
    assert differs(draw(model, 1, 20), before)
    model.save(tmp_path)
    assert_same(draw(method.load(tmp_path, train.spec), 1, 20), draw(model, 1, 20))
    with pytest.raises(MethodError):
        draw(model, 0, 1)


@every_method
def test_parents_are_train_rows_of_the_same_class(name: str) -> None:
    manifest = toy(name)[0].samples.manifest
    for label in (0, 1):
        own = set(manifest["id"][manifest["label"] == toy(name)[0].spec.labels[label]])
        for batch in fitted(name).sample(SampleRequest(index=label, count=30, seed=0)):
            assert (batch.parents is not None) == (resolve_method(name).traits.label_from == "source")
            assert batch.parents is None or len(batch.parents) == len(batch.payload)
            assert {one for parents in batch.parents or () for one in parents.split()} <= own


@pytest.mark.parametrize("name", sorted(name for name, row in METHODS.items() if row.judged))
def test_a_real_trained_judge_agrees_with_the_labels(name: str) -> None:
    train, _ = toy(name)

    def flat(payload: Payload) -> Any:
        if isinstance(payload, pd.DataFrame):
            assert train.spec.table is not None
            return TableCodec.fit(train.samples.payload, train.spec.table).encode(payload)  # type: ignore[arg-type]
        return payload.reshape(len(payload), -1)

    judge = RandomForestClassifier(100, random_state=0).fit(flat(train.samples.payload), train.labels)
    for label in (0, 1):
        assert np.mean(judge.predict(flat(draw(fitted(name), label, 200))) == label) >= 0.95
