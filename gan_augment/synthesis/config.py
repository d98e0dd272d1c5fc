"""Settings of `pretrain` and `train_gan` (section `synthesis`), of the specialisation gate, and of `generate`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["GenerateConfig", "SynthesisConfig", "TrainGanConfig"]


class SynthesisConfig(Record):
    """Which method, and its settings; the keys of `settings` are those of the method's own Config."""

    method: str
    settings: dict[str, Any] = Field(default_factory=dict)
    processes: int = Field(default=1, ge=1, le=1024, description="that train the joint model together, one a GPU")


class TrainGanConfig(Record):
    """The per-class stage: whether to specialise the joint model. What comes out is kept where it is no worse."""

    specialise: bool = True


class GenerateConfig(Record):
    """How many candidates every class gets; `init` writes three times the largest class."""

    candidates: int = Field(default=200, ge=0, le=10_000_000)
    workers: int = Field(default=1, ge=1, le=256, description="processes that draw them; the bytes do not depend on it")
    captions: str | None = Field(
        default=None,
        min_length=1,
        description="a file of captions to draw, for methods that read them: text, one a line, or a table with the "
        "columns caption, class and those of attributes; null: the captions of the train rows",
    )
