"""Settings of `curate`."""

from __future__ import annotations

from gan_augment.core.records import Record

__all__ = ["CurateConfig"]


class CurateConfig(Record):
    """The `curate` section."""
