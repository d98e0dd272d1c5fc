"""Sampling in fixed blocks: what makes the n-th sample depend on (model, index, seed, n) and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import frame_of, take
from gan_augment.core.samples import Payload
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import SampleRequest, Synthetic

__all__ = ["BLOCK", "blocks_of", "sample_in_blocks", "without_copies"]

BLOCK = 256  # rows; changing it changes every sample of every seed

Block = tuple[Payload, tuple[str, ...] | None]
MakeBlock = Callable[[np.random.Generator], Block]
Marks = npt.NDArray[np.bool_]


def blocks_of(request: SampleRequest, size: int) -> Iterator[tuple[int, slice]]:
    """Number of each block of `size` samples that holds some of the requested ones, and their places in it.

    A block is always computed whole: then the size of a batch never changes a sample.
    """
    end = request.start + request.count
    for block in range(request.start // size, -(-end // size)):
        first = block * size
        yield block, slice(max(request.start - first, 0), min(end - first, size))


def sample_in_blocks(
    request: SampleRequest,
    make_block: MakeBlock,
    *,
    copies: Callable[[pd.DataFrame], Marks] | None = None,
    redraws: int = 0,
    usual: float = 0.0,
    in_support: Callable[[pd.DataFrame], Marks] | None = None,
) -> Iterator[Synthetic]:
    """Yield the requested part of each block that holds some of it.

    `make_block(generator)` must return `BLOCK` rows of the requested class (and their parents, or None), drawing from
    `generator` only: block b is seeded by (request.seed, request.index, b). Rows that `copies` marks are drawn again
    within their block where they are more than the `usual` share, see `without_copies`.
    """
    for block, wanted in blocks_of(request, BLOCK):
        generator = numpy_generator(request.seed, request.index, block)
        drawn, left = make_block(generator), np.zeros(BLOCK, dtype=bool)
        if copies is not None:
            again = partial(make_block, generator)
            drawn, left = without_copies(drawn, again, copies, redraws, usual=usual, in_support=in_support)
        payload, parents = drawn
        yield Synthetic(
            take(payload, wanted), None if parents is None else parents[wanted], copies=int(left[wanted].sum())
        )


def without_copies(
    drawn: Block,
    again: Callable[[], Block],
    copies: Callable[[pd.DataFrame], Marks],
    redraws: int,
    *,
    usual: float = 0.0,
    in_support: Callable[[pd.DataFrame], Marks] | None = None,
) -> tuple[Block, Marks]:
    """The block with rows of later blocks in the place of copies, and the marks of the copies that stay.

    As many copies stay as fresh real rows would hold, the `usual` share of them: to draw those again would select for
    rows that cannot exist. At most `redraws` blocks more are drawn, and rows of them that are not `in_support` replace
    nothing. A block without a single row to take ends it: a class whose every possible row is a train row keeps its
    copies, and is not searched for long.
    """
    left = copies(_frame(drawn)).copy()
    surplus = left & ~_spared(left, usual)
    for _ in range(redraws):
        if not surplus.any():
            break
        other = again()
        new = ~copies(_frame(other))
        if in_support is not None:
            new &= in_support(_frame(other))
        fresh = np.flatnonzero(new)[: int(surplus.sum())]
        if len(fresh) == 0:
            break
        places = np.flatnonzero(surplus)[: len(fresh)]
        drawn = _replaced(drawn, places, other, fresh)
        surplus[places] = left[places] = False
    return drawn, left


def _spared(copies: Marks, usual: float) -> Marks:
    """Which copies may stay: the first ones at which no beginning of the block has more than its usual share."""
    spared, stayed = np.zeros(len(copies), dtype=bool), 0
    for place in np.flatnonzero(copies):
        if stayed + 1 <= usual * (place + 1):
            spared[place], stayed = True, stayed + 1
    return spared


def _frame(block: Block) -> pd.DataFrame:
    return frame_of(block[0])  # only tables have copies to look for


def _replaced(block: Block, places: npt.NDArray[np.int64], other: Block, fresh: npt.NDArray[np.int64]) -> Block:
    source = np.arange(BLOCK)
    source[places] = BLOCK + fresh
    payload = pd.concat([_frame(block), _frame(other)], ignore_index=True).iloc[source].reset_index(drop=True)
    if block[1] is None or other[1] is None:
        return payload, None
    parents = (*block[1], *other[1])
    return payload, tuple(parents[index] for index in source)
