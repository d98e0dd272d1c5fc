"""Sampling in fixed blocks: what makes the n-th sample depend on (model, label, seed, n) and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gan_augment.core.samples import Payload
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import SampleRequest, Synthetic

__all__ = ["BLOCK", "sample_in_blocks"]

BLOCK = 256  # rows; changing it changes every sample of every seed

MakeBlock = Callable[[np.random.Generator], tuple[Payload, tuple[str, ...] | None]]


def sample_in_blocks(request: SampleRequest, make_block: MakeBlock) -> Iterator[Synthetic]:
    """Yield the requested part of each block that holds some of it.

    `make_block(generator)` must return `BLOCK` rows of the requested class (and their parents, or None), drawing from
    `generator` only: block b is seeded by (request.seed, request.label, b).
    """
    end = request.start + request.count
    for block in range(request.start // BLOCK, -(-end // BLOCK)):
        payload, parents = make_block(numpy_generator(request.seed, request.label, block))
        first = block * BLOCK
        wanted = slice(max(request.start - first, 0), min(end - first, BLOCK))
        part = payload[wanted] if isinstance(payload, np.ndarray) else payload.iloc[wanted].reset_index(drop=True)
        yield Synthetic(part, None if parents is None else parents[wanted])
