"""Seeds: values that are passed on, never global state.

Every random choice takes a seed derived from `base.seed` and the names of its purpose, so that a choice does not move
when another is added before it.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["derive_seed", "numpy_generator"]


def derive_seed(*parts: int | str) -> int:
    """Seed in [0, 2**63) that depends on every part and on their order.

    >>> derive_seed(0, "split") != derive_seed("split", 0)
    True
    """
    digest = hashlib.sha256("\x1f".join(f"{type(part).__name__}:{part}" for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def numpy_generator(*parts: int | str) -> np.random.Generator:
    """Fresh NumPy generator seeded by `derive_seed(*parts)`."""
    return np.random.default_rng(derive_seed(*parts))
