"""Methods with rivals, and rivals of known worth, entered into the registry for a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from pydantic import Field
from sklearn.datasets import load_digits

from gan_augment.core.samples import Samples, make_manifest
from gan_augment.synthesis import registry
from gan_augment.synthesis.api import MethodConfig, Run, TrainingData, Traits
from gan_augment.synthesis.kit.untrained import Drawn, FittedTranslator, Pixels, UntrainedTranslator

__all__ = ["enter", "enter_method"]


class Everything(UntrainedTranslator):
    """Better than any method: it knows every digit that there is, those of the test part too."""

    name: ClassVar[str] = "everything"
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        fitted, digits = super().fit(data, config, run), load_digits()
        known = np.flatnonzero(np.isin(digits.target, [int(label) for label in data.train.spec.labels]))
        images = np.clip(digits.images[known] * 16, 0, 255).astype(np.uint8)[..., None]
        labels = [str(digits.target[place]) for place in known]
        ids = [f"digit-{place}" for place in known]
        manifest = make_manifest(len(known), id=ids, label=labels, split="train", origin="real")
        return replace(fitted, rows=Samples(manifest, images))

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        place = int(random.integers(len(images)))
        return images[place], [place]


class Noise(UntrainedTranslator):
    """Worse than any method: what it draws has nothing to do with the class."""

    name: ClassVar[str] = "noise"
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        return random.integers(0, 256, images.shape[1:], dtype=np.uint8), [0]


class Wrong(UntrainedTranslator):
    """Harmful: every row is a real digit 0, whatever class was asked for."""

    name: ClassVar[str] = "wrong"
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        fitted = super().fit(data, config, run)
        zeros = np.flatnonzero(fitted.rows.label_indices(fitted.spec) == 0)
        places = np.concatenate([zeros for _ in fitted.spec.labels])
        labels = np.repeat(list(fitted.spec.labels), len(zeros))
        return replace(fitted, rows=fitted.rows.take(places).relabelled(label=pd.array(labels, dtype="string")))

    def draw(self, images: Pixels, config: Any, random: np.random.Generator) -> Drawn:
        place = int(random.integers(len(images)))
        return images[place], [place]


class Needy(Noise):
    """A rival that wants a pool."""

    name: ClassVar[str] = "needy"
    traits: ClassVar[Traits] = replace(UntrainedTranslator.traits, pool="must")


class _NoDefault(MethodConfig):
    strength: float = Field(description="none is right for everybody")


class Unset(Noise):
    """A rival whose settings have no default."""

    name: ClassVar[str] = "unset"
    Config: ClassVar[type[MethodConfig]] = _NoDefault


class Choosy(Noise):
    """A rival that refuses the class with the index 1, where that class is asked for."""

    name: ClassVar[str] = "choosy"

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        fitted = super().fit(data, config, run)
        kept = np.flatnonzero(fitted.rows.label_indices(fitted.spec) != 1)
        return replace(fitted, rows=fitted.rows.take(kept))


class Parted(Noise):
    """A rival that is fitted class by class, and refuses the one with the index 2."""

    name: ClassVar[str] = "parted"
    traits: ClassVar[Traits] = replace(UntrainedTranslator.traits, fitted="per class")

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        assert data.train.samples.manifest["label"].nunique() == 1
        return PartedFitted(**vars(super().fit(data, config, run)))


class PartedFitted(FittedTranslator):
    @property
    def summary(self) -> dict[str, Any]:
        return {"refused_classes": {"2": "its third class is never right"}}


RIVALS = (Everything, Noise, Wrong, Needy, Unset, Choosy, Parted)


def enter(patch: pytest.MonkeyPatch) -> None:
    """Let the registry know the rivals of this file."""
    for rival in RIVALS:
        patch.setitem(registry.BUILT_IN, rival.name, f"{__name__}:{rival.__name__}")


class Toy(Noise):
    """The method of a test: `data/curated` holds its rows, so it is never fitted."""

    name: ClassVar[str] = "toy"


def enter_method(patch: pytest.MonkeyPatch, *rivals: str, name: str = "toy") -> None:
    """Let the registry know the method `toy` with these rivals, and the rivals of this file."""
    enter(patch)
    patch.setattr(Toy, "traits", replace(UntrainedTranslator.traits, rivals=rivals), raising=False)
    patch.setitem(registry.BUILT_IN, name, f"{__name__}:Toy")
