"""Settings of `cross_fit` and `mix`: the search of the mixing ratio."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gan_augment.core.records import Record

__all__ = ["CrossFitConfig", "MixConfig"]


class CrossFitConfig(Record):
    """The `cross_fit` section: for very small sets, the folds of train and validation rows on which `mix` chooses.

    For each fold a synthesizer of its own is fitted on the other folds, so that every row of both parts judges a mixing
    ratio, but never one whose synthesizer or classifier saw it. It costs `folds` more trainings.
    """

    folds: int = Field(default=0, ge=0, le=20, description="0: none, only the validation part chooses; else 2 to 20")

    @field_validator("folds")
    @classmethod
    def _enough(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("one fold would leave nothing to fit on: 0 (none), or 2 to 20")
        return folds


class MixConfig(Record):
    """The `mix` section: the ratios to try, the classifiers to train for each, and when to stop trying a ratio.

    A ratio r fills every class up with synthetic rows to r times the size of the largest real train class. Ratio 0 (no
    synthetic data) is always among the candidates. `per_class` then removes the synthetic rows of single classes where
    validation does not need them: one more search step per class. Where a ratio above 0 was chosen,
    `judge_probabilities` are then tried: the least probability that the judge of curation must give a synthetic row.
    """

    ratios: tuple[Annotated[float, Field(ge=0, le=1000)], ...] = (0.0, 0.5, 1.0, 2.0, 3.0)
    seeds: int = Field(default=3, ge=2, le=100)
    early_stopping: bool = True
    per_class: bool = False
    judge_probabilities: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.7, 0.9),
        description="thresholds to try for synthetic rows; empty: use all rows that curation accepted",
    )

    @field_validator("ratios")
    @classmethod
    def _with_zero(cls, ratios: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted({0.0, *ratios}))

    @field_validator("judge_probabilities")
    @classmethod
    def _shares(cls, thresholds: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(thresholds)))
