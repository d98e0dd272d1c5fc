"""Settings of `export`."""

from __future__ import annotations

from gan_augment.core.records import Record

__all__ = ["ExportConfig"]


class ExportConfig(Record):
    """The `export` section."""
