"""A method's rivals: which names are refused, and what a rival says of data that it cannot serve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ArrayField, DatasetSpec
from gan_augment.synthesis.registry import BUILT_IN, method_names, resolve_method
from gan_augment.synthesis.rivals import rival_config, rivals_of
from gan_augment.synthesis.translators.random_convolution import RandomConvolution
from tests.stages.rival_toys import enter, enter_method
from tests.toys import attribute_toy, image_toy, table_toy


def test_rivals_come_in_the_order_in_which_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, "noise", "random_convolution", "oversample")
    assert [rival.name for rival in rivals_of(resolve_method("toy"))] == ["noise", "random_convolution", "oversample"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("toy",), "toy"),
        (("noise", "noise"), "each rival once"),
        (("nobody", "noise"), "nobody"),
        (("conditional",), "learn nothing"),
        (("../noise",), "letters"),
    ],
)
def test_what_cannot_be_a_rival_is_named(names: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_method(monkeypatch, *names)
    monkeypatch.setitem(BUILT_IN, "../noise", "tests.stages.rival_toys:Noise")
    with pytest.raises(MethodError, match=said) as caught:
        rivals_of(resolve_method("toy"))
    assert names[0] in str(caught.value)


@pytest.mark.parametrize("name", method_names())
def test_the_rivals_of_every_method_are_there(name: str) -> None:
    method = resolve_method(name)
    for rival in rivals_of(method):
        assert method.traits.makes & rival.traits.makes
        assert not rival.traits.trainable


def rival(name: str, monkeypatch: pytest.MonkeyPatch, spec: DatasetSpec) -> str:
    """Why it cannot serve the data."""
    enter(monkeypatch)
    with pytest.raises(MethodError) as caught:
        rival_config(resolve_method(name), spec)
    return caught.value.problem


def test_data_that_a_rival_cannot_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    images, rows = image_toy()[0].spec, table_toy()[0].spec
    assert rival("needy", monkeypatch, images) == "the data lacks what it needs: pool"
    assert rival("random_convolution", monkeypatch, rows) == "the data lacks what it needs: images"
    assert rival("unset", monkeypatch, images).startswith("its settings have no defaults (strength")
    masked = replace(RandomConvolution.traits, needs=frozenset({"mask"}))
    monkeypatch.setattr(RandomConvolution, "traits", masked)
    assert rival("random_convolution", monkeypatch, images) == "the data lacks what it needs: mask"
    beside = images.model_copy(update={"companions": {"mask": ArrayField(shape=(8, 8, 1))}})
    assert rival_config(RandomConvolution(), beside) == RandomConvolution.Config()


def test_a_rival_whose_rows_lack_what_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = attribute_toy()[0].spec.model_copy(update={"target": "attributes"})
    own = RandomConvolution.traits
    assert rival_config(RandomConvolution(), spec) == RandomConvolution.Config()  # of the real row that it comes from
    invented = replace(own, label_from="condition")
    monkeypatch.setattr(RandomConvolution, "traits", invented)
    assert rival("random_convolution", monkeypatch, spec) == "its rows carry no attributes, which is what is learnt"
    monkeypatch.setattr(RandomConvolution, "traits", replace(invented, emits=frozenset({"attributes"})))
    assert rival_config(RandomConvolution(), spec) == RandomConvolution.Config()
