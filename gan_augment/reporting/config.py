"""Settings of `report`."""

from __future__ import annotations

from gan_augment.core.records import Record

__all__ = ["ReportConfig"]


class ReportConfig(Record):
    """The `report` section."""
