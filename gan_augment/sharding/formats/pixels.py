"""PNG encoding of the pixels of a shard's rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gan_augment.core.png import encode_png
from gan_augment.sharding.formats.api import ShardRows
from gan_augment.sharding.rows import PIXELS

__all__ = ["iterate_png"]


def iterate_png(shard: ShardRows) -> Iterator[bytes]:
    """PNG bytes, row by row."""
    image = shard.spec.images
    shape = (image.height, image.width, image.channels)
    for chunk in shard.rows.column(PIXELS).chunks:
        for value in chunk:
            yield encode_png(np.frombuffer(value.as_buffer(), dtype=np.uint8).reshape(shape))
