"""Settings of `report`."""

from __future__ import annotations

from pydantic import Field

from gan_augment.core.records import Record

__all__ = ["ReportConfig"]


class ReportConfig(Record):
    """The `report` section.

    Attributes
    ----------
    title
        The page's heading; null: the data set's name.
    pictures
        Real and, as many again, accepted synthetic pictures a class; fewer where the page would grow too large.
    rejected
        Rejected candidates shown a class, spread over the filters that rejected them.
    neighbours
        Nearest real pictures shown for each synthetic one.
    features
        Columns of a table whose distributions are shown, in the table's order.
    megabytes
        The page does not grow beyond this size by its pictures.
    """

    title: str | None = None
    pictures: int = Field(default=24, ge=0, le=500)
    rejected: int = Field(default=12, ge=0, le=500)
    neighbours: int = Field(default=3, ge=0, le=10)
    features: int = Field(default=24, ge=0, le=500)
    megabytes: float = Field(default=8.0, ge=0.5, le=100)
