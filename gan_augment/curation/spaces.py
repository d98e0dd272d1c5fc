"""Feature spaces of a data set, in which synthetic and real rows are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.samples import Payload

__all__ = ["Space"]


@dataclass(frozen=True)
class Space:
    """Feature space of a data set.

    Attributes
    ----------
    name
        The name of the space, for the report.
    rows
        Payload of n rows -> float32 [n, d].
    parents_apart
        Whether a row may come nearer to the real row that it was made from than to others. A table row may not:
        that is a copy like any other.
    """

    name: str
    rows: Callable[[Payload], npt.NDArray[np.float32]]
    parents_apart: bool = False
