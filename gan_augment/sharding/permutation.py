"""Seeded shuffle of any length at constant memory: the new place p(i) of row i is computed, never stored.

A balanced Feistel network over the next power of four, iterated until the value falls inside the range (Black and
Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). It is a shuffle, not a cipher: four rounds are enough.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.seeds import derive_seed

__all__ = ["shuffled_places"]

_ROUNDS = 4
_U64 = np.uint64


def shuffled_places(index: npt.NDArray[np.int64], count: int, seed: int) -> npt.NDArray[np.int64]:
    """New places of the rows `index` (int64 [n], each in [0, count)); a bijection of range(count) for every seed."""
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    keys = [_U64(derive_seed(seed, "shuffle", number)) for number in range(_ROUNDS)]
    value = index.astype(_U64)
    outside = np.ones(len(value), dtype=bool)
    while outside.any():
        value[outside] = _feistel(value[outside], half, keys)
        outside = value >= _U64(count)
    return value.astype(np.int64)


def _feistel(value: npt.NDArray[np.uint64], half: int, keys: list[np.uint64]) -> npt.NDArray[np.uint64]:
    mask = _U64((1 << half) - 1)
    left, right = value >> _U64(half), value & mask
    for key in keys:
        left, right = right, left ^ (_mix(right ^ key) & mask)
    return (left << _U64(half)) | right


def _mix(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Finaliser of splitmix64: every input bit affects every output bit. Wraps around on purpose."""
    value = (value ^ (value >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> _U64(27))) * _U64(0x94D049BB133111EB)
    return value ^ (value >> _U64(31))
