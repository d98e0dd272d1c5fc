"""Settings of `measure`: the verdict."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["MeasureConfig"]


class MeasureConfig(Record):
    """The `measure` section: the interval's confidence, the bootstrap's size, the smallest gain worth having."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    bootstrap_draws: int = Field(default=1000, ge=200, le=100_000)
    minimum_gain: float = Field(default=0.0, ge=0, le=100, description="percentage points the interval must exceed")
    groups: tuple[str, ...] = Field(
        default=(),
        description="columns (features of a table, attributes of images) whose groups are reported separately",
    )
    learning_curve: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="the worth of synthetic rows in real rows, by more trainings of the best arm without them;"
        " auto: where they cost at most a fifth of what retrain costs",
    )
