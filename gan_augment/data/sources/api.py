"""Former place of `gan_augment.data.raw`, kept for readers of sources that import from it."""

from __future__ import annotations

from gan_augment.data.raw import ROW_COLUMNS, ArrayImage, EncodedImage, RawData, RawImages, RawTable, make_rows

__all__ = ["ROW_COLUMNS", "ArrayImage", "EncodedImage", "RawData", "RawImages", "RawTable", "make_rows"]
