"""The arms and their variants, as data: which rows are shown, drawn how, augmented how.

An arm is a promise about what may be used. A variant is one way to keep it; the best one by validation speaks for the
arm. Every variant gets the same number of optimiser steps, so that "more data" never means "more training".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality
from gan_augment.core.samples import Samples
from gan_augment.downstream.config import Arm, Mode
from gan_augment.scoring.reading import Reader

__all__ = [
    "Fill",
    "Head",
    "Recipe",
    "Rows",
    "Treatment",
    "base_rows",
    "known_arm",
    "rival_variants",
    "search_recipe",
    "uses_synthetic",
    "variants_of",
]

Rows = Literal["real", "real+synthetic", "synthetic"]
Fill = Literal["none", "oversample", "interpolate", "smote"]
Head = Literal["logistic", "half_whitened", "ridge", "discriminant"]


@dataclass(frozen=True)
class Treatment:
    """How a classifier sees its rows.

    Attributes
    ----------
    balanced
        Every class is shown equally often (networks), or weighs the same in total (scikit-learn models).
    class_weight
        Rows are drawn as they are, and the loss of a class's rows is multiplied by n / (classes x n_class).
    classical
        Images go through the classical augmentation.
    fine_tuned
        Training ends with real rows alone: half of their showings come after everything else (networks).
    head
        What a linear probe fits to its features; other classifiers have no choice of it.
    reader
        Which recogniser reads strings, where they are what is learnt.
    """

    balanced: bool = False
    class_weight: bool = False
    classical: bool = False
    fine_tuned: bool = False
    head: Head = "logistic"
    reader: Reader = "ctc"


@dataclass(frozen=True)
class Recipe:
    """One variant of an arm. `fill` adds rows made from the arm's own rows until all classes are of equal size."""

    name: str
    rows: Rows
    treatment: Treatment = Treatment()
    fill: Fill = "none"

    @property
    def evens_out(self) -> bool:
        """Whether training sees every class equally often, or with the same weight in total."""
        return self.treatment.balanced or self.treatment.class_weight or self.fill != "none"

    @property
    def adds_rows(self) -> bool:
        """Whether training sees rows that are not real beside the real ones."""
        return self.rows == "real+synthetic" or self.redrawn

    @property
    def redrawn(self) -> bool:
        """Whether the rows themselves depend on the seed."""
        return self.fill in ("interpolate", "smote")


_NATURAL = Treatment()
_BALANCED = Treatment(balanced=True)
_WEIGHTED = Treatment(class_weight=True)

_IMAGE: dict[Arm, tuple[Recipe, ...]] = {
    "real": (Recipe("natural", "real"),),
    "real_classical": (
        Recipe("classical", "real", Treatment(classical=True)),
        Recipe("classical, balanced", "real", Treatment(classical=True, balanced=True)),
    ),
    "cheap": (
        Recipe("oversampling", "real", _BALANCED),
        Recipe("class weights", "real", _WEIGHTED),
        Recipe("interpolation", "real", fill="interpolate"),
    ),
    "real_synthetic": (Recipe("natural", "real+synthetic"), Recipe("balanced", "real+synthetic", _BALANCED)),
    "real_classical_synthetic": (
        Recipe("classical", "real+synthetic", Treatment(classical=True)),
        Recipe("classical, balanced", "real+synthetic", Treatment(classical=True, balanced=True)),
    ),
    "synthetic": (Recipe("synthetic only", "synthetic"),),
    "linear_probe": (
        Recipe("logistic, natural", "real"),
        Recipe("logistic, balanced", "real", _BALANCED),
        Recipe("half-whitened, natural", "real", Treatment(head="half_whitened")),
        Recipe("half-whitened, balanced", "real", Treatment(head="half_whitened", balanced=True)),
        Recipe("ridge, balanced", "real", Treatment(head="ridge", balanced=True)),
        Recipe("discriminant", "real", Treatment(head="discriminant")),
    ),
}

# A table has no rotation or flip: what classical augmentation is to images, class weights and SMOTE are to tables.
_TABLE: dict[Arm, tuple[Recipe, ...]] = {
    "real": (Recipe("natural", "real"),),
    "real_classical": (Recipe("class weights", "real", _WEIGHTED), Recipe("SMOTE", "real", fill="smote")),
    "cheap": (
        Recipe("oversampling", "real", fill="oversample"),
        Recipe("class weights", "real", _WEIGHTED),
        Recipe("SMOTE", "real", fill="smote"),
    ),
    "real_synthetic": (Recipe("natural", "real+synthetic"), Recipe("balanced", "real+synthetic", _BALANCED)),
    "real_classical_synthetic": (
        Recipe("class weights", "real+synthetic", _WEIGHTED),
        Recipe("SMOTE", "real+synthetic", fill="smote"),
    ),
    "synthetic": (Recipe("synthetic only", "synthetic"),),
}
_VARIANTS: dict[Modality, dict[Arm, tuple[Recipe, ...]]] = {"image": _IMAGE, "table": _TABLE}
_SEARCH: dict[Modality, Treatment] = {"image": Treatment(classical=True, balanced=True), "table": _WEIGHTED}


def variants_of(
    arm: Arm, modality: Modality, modes: Sequence[Mode] = ("pooled",), readers: Sequence[Reader] = ()
) -> tuple[Recipe, ...]:
    """The variants of an arm, simplest first: a tie on validation goes to the earlier one.

    `modes` say how rows that are not real are used, in every arm that has some: all of it pooled, or fine-tuned on real
    rows at the end. `readers` are tried one after another in every variant, where strings are what is learnt.

    Raises
    ------
    ParamsError
        The arm is for images and the data is a table.
    """
    variants = _VARIANTS[modality]
    if arm not in variants:
        raise ParamsError(
            f"The arm {arm} is for images",
            where="retrain.arms in params.yaml",
            got=f"{arm}, and modality {modality}",
            expected=f"arms among {', '.join(variants)}",
            remedy=f"take {arm} out of retrain.arms",
        )
    found = variants[arm]
    tuned = tuple(_fine_tuned(recipe) for recipe in found if recipe.adds_rows) if "fine_tuned" in modes else ()
    whole = found + tuned
    return tuple(_read_by(recipe, reader) for reader in readers for recipe in whole) or whole


def _read_by(recipe: Recipe, reader: Reader) -> Recipe:
    """The recipe with a recogniser, whose name it says."""
    words = {"ctc": "CTC", "places": "a head a place"}[reader]
    return replace(recipe, name=f"{recipe.name}, {words}", treatment=replace(recipe.treatment, reader=reader))


def rival_variants(
    arms: Sequence[Arm], modality: Modality, modes: Sequence[Mode] = ("pooled",), readers: Sequence[Reader] = ()
) -> tuple[Recipe, ...]:
    """The variants of a rival's arm: those of every arm among `arms` in which synthetic rows join the real ones.

    So a rival is given the treatments that the synthetic rows are given. Its own rows stand in their place.
    """
    shown = [variants_of(arm, modality, modes, readers) for arm in arms if arm != "synthetic" and uses_synthetic(arm)]
    return tuple(recipe for variants in shown for recipe in variants)


def _fine_tuned(recipe: Recipe) -> Recipe:
    treatment = replace(recipe.treatment, fine_tuned=True)
    return replace(recipe, name=f"{recipe.name}, fine-tuned", treatment=treatment)


def known_arm(name: str, arms: Sequence[Arm]) -> Arm:
    """The arm of this name. Raises ParamsError where it is not among `arms`."""
    for arm in arms:
        if arm == name:
            return arm
    raise ParamsError(
        "There is no such arm",
        where="the stage's argument",
        got=repr(name),
        expected=f"one of retrain.arms in params.yaml: {', '.join(arms)}",
    )


def search_recipe(modality: Modality, readers: Sequence[Reader] = ()) -> Recipe:
    """How the mixing ratios are compared: with the strongest cheap remedy already in place.

    Classes are balanced (and images augmented) at every ratio, 0 included, so that a ratio cannot win only because
    it evens out class sizes, which costs nothing without a GAN. Strings are read frame by frame, which
    fits all of them.
    """
    recipe = Recipe("search", "real+synthetic", _SEARCH[modality])
    return _read_by(recipe, readers[0]) if readers else recipe


def uses_synthetic(arm: Arm) -> bool:
    """Whether synthetic rows are among what this arm shows."""
    return "synthetic" in arm


def base_rows(recipe: Recipe, real: Samples, added: Samples, alone: Samples) -> Samples:
    """The rows of a recipe before any filling up: `added` joins the real ones, `alone` stands in for them."""
    if recipe.rows == "real":
        return real
    if recipe.rows == "synthetic":
        return alone
    return Samples.concat([real, added]) if len(added) else real
