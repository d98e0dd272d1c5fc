"""Sampling in fixed blocks: what makes the n-th sample depend on (model, label, seed, n) and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.samples import Payload
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import SampleRequest, Synthetic

__all__ = ["BLOCK", "sample_in_blocks", "without_copies"]

BLOCK = 256  # rows; changing it changes every sample of every seed

Block = tuple[Payload, tuple[str, ...] | None]
MakeBlock = Callable[[np.random.Generator], Block]
Marks = npt.NDArray[np.bool_]


def sample_in_blocks(
    request: SampleRequest,
    make_block: MakeBlock,
    *,
    copies: Callable[[pd.DataFrame], Marks] | None = None,
    redraws: int = 0,
) -> Iterator[Synthetic]:
    """Yield the requested part of each block that holds some of it.

    `make_block(generator)` must return `BLOCK` rows of the requested class (and their parents, or None), drawing from
    `generator` only: block b is seeded by (request.seed, request.label, b). Rows that `copies` marks are drawn again
    within their block, see `without_copies`.
    """
    end = request.start + request.count
    for block in range(request.start // BLOCK, -(-end // BLOCK)):
        generator = numpy_generator(request.seed, request.label, block)
        drawn, left = make_block(generator), np.zeros(BLOCK, dtype=bool)
        if copies is not None:
            drawn, left = without_copies(drawn, lambda: make_block(generator), copies, redraws)  # noqa: B023
        payload, parents = drawn
        first = block * BLOCK
        wanted = slice(max(request.start - first, 0), min(end - first, BLOCK))
        part = payload[wanted] if isinstance(payload, np.ndarray) else payload.iloc[wanted].reset_index(drop=True)
        yield Synthetic(part, None if parents is None else parents[wanted], copies=int(left[wanted].sum()))


def without_copies(
    drawn: Block, again: Callable[[], Block], copies: Callable[[pd.DataFrame], Marks], redraws: int
) -> tuple[Block, Marks]:
    """The block with rows of later blocks in the place of copies, and the marks of the copies that stay.

    At most `redraws` blocks more are drawn. A block without a single new row ends it: a class whose every possible row
    is a train row keeps its copies, and is not searched for long.
    """
    left = copies(_frame(drawn)).copy()
    for _ in range(redraws):
        if not left.any():
            break
        other = again()
        fresh = np.flatnonzero(~copies(_frame(other)))[: int(left.sum())]
        if len(fresh) == 0:
            break
        places = np.flatnonzero(left)[: len(fresh)]
        drawn = _replaced(drawn, places, other, fresh)
        left[places] = False
    return drawn, left


def _frame(block: Block) -> pd.DataFrame:
    assert isinstance(block[0], pd.DataFrame)  # only tables have copies to look for
    return block[0]


def _replaced(block: Block, places: npt.NDArray[np.int64], other: Block, fresh: npt.NDArray[np.int64]) -> Block:
    source = np.arange(BLOCK)
    source[places] = BLOCK + fresh
    payload = pd.concat([_frame(block), _frame(other)], ignore_index=True).iloc[source].reset_index(drop=True)
    if block[1] is None or other[1] is None:
        return payload, None
    parents = (*block[1], *other[1])
    return payload, tuple(parents[index] for index in source)
