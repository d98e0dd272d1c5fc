"""Settings of `mix` (the search of the mixing ratio) and `measure` (the verdict)."""

from __future__ import annotations

from gan_augment.core.records import Record

__all__ = ["MeasureConfig", "MixConfig"]


class MixConfig(Record):
    """The `mix` section."""


class MeasureConfig(Record):
    """The `measure` section."""
