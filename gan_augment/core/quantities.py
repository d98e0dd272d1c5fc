"""The numbers that settings hold, each with the range in which it means something.

A number outside of its range is a slip (a unit, a digit too many): it is told where params.yaml is read, not by an
overflow or an empty memory hours later. The bounds are generous: they exclude what no machine does.
Where a field has a lower bound of its own, its type has none, so that the message names the field's.
tests/core/test_quantities.py finds every number of every section and of every method that has no bounds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = [
    "Batch",
    "Checks",
    "Kimg",
    "Level",
    "Neighbours",
    "Rate",
    "Rounds",
    "Samples",
    "Seed",
    "Steps",
    "Units",
    "Weight",
]

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # what numpy, torch and scikit-learn all take
Samples = Annotated[int, Field(ge=0, le=10_000_000)]  # rows or images, such as the candidates of a class
Kimg = Annotated[float, Field(le=1_000_000)]  # thousands of images or rows seen by a training
Steps = Annotated[int, Field(le=100_000_000)]  # of an optimiser
Batch = Annotated[int, Field(le=65_536)]
Units = Annotated[int, Field(le=16_384)]  # channels, hidden units, the length of a vector
Rate = Annotated[float, Field(le=1)]  # of learning
Weight = Annotated[float, Field(le=1_000_000)]  # of a term, a penalty, a noise beside others
Rounds = Annotated[int, Field(le=1_000_000)]  # iterations, trees, how often something is done
Checks = Annotated[int, Field(le=10_000)]
Level = Annotated[int, Field(ge=-(2**32), le=2**32)] | Annotated[float, Field(ge=-(2**32), le=2**32)]  # of a pixel
Neighbours = Annotated[int, Field(le=10_000)]
