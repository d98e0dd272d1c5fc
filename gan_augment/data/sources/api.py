"""The earlier place of `gan_augment.data.raw`, for readers of sources that were written against it."""

from __future__ import annotations

from gan_augment.data.raw import ROW_COLUMNS, ArrayImage, EncodedImage, RawData, RawImages, RawTable, make_rows

__all__ = ["ROW_COLUMNS", "ArrayImage", "EncodedImage", "RawData", "RawImages", "RawTable", "make_rows"]
