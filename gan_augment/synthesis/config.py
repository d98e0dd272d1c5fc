"""Settings of `pretrain` and `train_gan` (section `synthesis`), of the specialisation gate, and of `generate`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["GenerateConfig", "SynthesisConfig", "TrainGanConfig"]


class SynthesisConfig(Record):
    """Which method, and its settings; the keys of `settings` are those of the method's own Config."""

    method: str
    settings: dict[str, Any] = {}


class TrainGanConfig(Record):
    """The per-class stage: whether to specialise the joint model, and how much worse than joint is still accepted."""

    specialise: bool = True


class GenerateConfig(Record):
    """How many candidates a class gets, as a multiple of the largest real class (curation then throws some away)."""

    candidates: float = Field(default=3.0, gt=0, le=1000)
