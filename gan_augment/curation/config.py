"""Settings of `curate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gan_augment.core.quantities import Neighbours, Samples, Steps, Weight
from gan_augment.core.records import Record

__all__ = [
    "CopyFilter",
    "CurateConfig",
    "DensityFilter",
    "DiscriminatorFilter",
    "DuplicateFilter",
    "FilterConfig",
    "JudgeConfig",
    "JudgeFilter",
    "Weakness",
    "WeaknessConfig",
]


class FilterConfig(Record):
    """Settings of every filter.

    Attributes
    ----------
    enabled
        False: the filter rejects nothing.
    real_rejection
        Share of the class's held-out real rows that the filter may at most reject; its limit is moved until that
        holds, so a filter that does not fit a class has no effect on it.
    budget
        Share of a class's candidates that the filter may reject.
    over_budget
        "refuse": a class that needs more than the budget is not synthesised at all; "keep": only the worst rows go,
        as many as the budget allows.
    """

    enabled: bool = True
    real_rejection: float = Field(default=0.05, ge=0, lt=1)
    budget: float = Field(default=0.5, gt=0, le=1)
    over_budget: Literal["refuse", "keep"] = "refuse"


class CopyFilter(FilterConfig):
    """Filter that rejects rows nearer to a train row than `min_ratio` times the median held-out distance to train.

    An image that was translated from a train image is near that one by design: to its own parent it may come as near as
    `min_parent_ratio` times; nearer, it counts as that image. Table rows have no such exception.
    """

    min_ratio: Weight = Field(default=0.3, ge=0)
    min_parent_ratio: Weight = Field(
        default=0.05,
        gt=0,
        description="Least distance of an image to the train image it was translated from, likewise.",
    )


class DuplicateFilter(FilterConfig):
    """Filter of rows nearer to an earlier candidate than `min_ratio` times the median held-out distance to train."""

    min_ratio: Weight = Field(default=0.1, ge=0)


class JudgeFilter(FilterConfig):
    """Filter of rows to which the real-trained judge gives their own label with less than `min_probability`."""

    budget: float = Field(default=0.7, gt=0, le=1)
    min_probability: float = Field(default=0.5, ge=0, le=1)


class DensityFilter(FilterConfig):
    """Filter of rows farther from their class's train rows (to the `neighbours`-th) than held-out rows are."""

    enabled: bool = False
    budget: float = Field(default=0.2, gt=0, le=1)
    over_budget: Literal["refuse", "keep"] = "keep"
    neighbours: Neighbours = Field(default=3, ge=1)


class DiscriminatorFilter(FilterConfig):
    """Filter of rows that a fresh discriminator recognises as synthetic more surely than held-out rows."""

    enabled: bool = False
    budget: float = Field(default=0.2, gt=0, le=1)
    over_budget: Literal["refuse", "keep"] = "keep"


class JudgeConfig(Record):
    """Classifier trained on real train rows: `members` of them, whose probabilities are averaged.

    `steps` and `shifts` (move every image a little at every step) apply to images, `table_model` to tables.
    """

    members: int = Field(default=3, ge=1, le=20)
    steps: Steps = Field(default=300, ge=1)
    shifts: bool = True
    table_model: Literal["forest", "linear", "both"] = "both"


Weakness = Literal["counting", "perspective", "structure"]


class WeaknessConfig(Record):
    """Traffic lights for known weaknesses of generated images.

    `checks` are run and shown; a red light of a check in `require` rejects the whole set.
    """

    checks: tuple[Weakness, ...] = ("counting", "perspective", "structure")
    require: tuple[Weakness, ...] = ()


class CurateConfig(Record):
    """The `curate` section. The filters run in this order, and a rejected row counts for the first that rejects it.

    Attributes
    ----------
    neighbours
        k of precision, recall, density and coverage.
    evaluation_rows
        At most this many rows per class enter the quality figures.
    train_on_synthetic_seeds
        Classifier seeds over which train-on-synthetic-test-on-validation is averaged; 0 leaves it out.
    """

    copies: CopyFilter = CopyFilter()
    duplicates: DuplicateFilter = DuplicateFilter()
    density: DensityFilter = DensityFilter()
    discriminator: DiscriminatorFilter = DiscriminatorFilter()
    judge: JudgeFilter = JudgeFilter()
    judged_by: JudgeConfig = JudgeConfig()
    weaknesses: WeaknessConfig = WeaknessConfig()
    neighbours: Neighbours = Field(default=5, ge=1)
    evaluation_rows: Samples = Field(default=2000, ge=20)
    train_on_synthetic_seeds: int = Field(default=3, ge=0, le=1000)
