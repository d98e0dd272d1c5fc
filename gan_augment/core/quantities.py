"""Types of the numbers in settings, each with the range in which it makes sense.

A number outside its range is a slip (a unit, a digit too many). It is reported where params.yaml is read, not by an
overflow or exhausted memory hours later. The bounds are generous: they exclude only what no machine can do. A type has
no lower bound where fields set their own, because pydantic keeps the type's bound of the two.
tests/core/test_quantities.py finds every number of a section or method that has no bounds.
"""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

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
    "without_truths",
]

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # accepted by numpy, torch and scikit-learn alike
Samples = Annotated[int, Field(le=10_000_000)]  # rows or images, such as the candidates of a class
Kimg = Annotated[float, Field(le=1_000_000)]  # thousands of images or rows seen by a training
Steps = Annotated[int, Field(le=100_000_000)]  # of an optimiser's step
Batch = Annotated[int, Field(le=65_536)]
Units = Annotated[int, Field(le=16_384)]  # channels, hidden units, the length of a vector
Rate = Annotated[float, Field(le=1)]  # learning rate
Weight = Annotated[float, Field(le=1_000_000)]  # weight of a term, a penalty or a noise relative to others
Rounds = Annotated[int, Field(le=1_000_000)]  # iterations, trees, repetitions
Checks = Annotated[int, Field(le=10_000)]
Level = Annotated[int, Field(ge=-(2**32), le=2**32)] | Annotated[float, Field(ge=-(2**32), le=2**32)]  # of a pixel
Neighbours = Annotated[int, Field(le=10_000)]


class _NoNumber:
    """Marker for a boolean where a number is meant; no validator accepts it as one."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return str(self.value).lower()


def without_truths(value: Any, annotation: Any) -> Any:
    """Value with a marker that is refused for every `true` where a number is meant; pydantic would read it as 1."""
    if not isinstance(value, bool | list | tuple | dict):
        return value
    kinds = _alternatives(annotation)
    if isinstance(value, bool):
        return _NoNumber(value) if bool not in kinds and {int, float} & set(kinds) else value
    if isinstance(value, dict):
        of_values = next((get_args(kind)[1] for kind in kinds if get_origin(kind) is dict), Any)
        return {key: without_truths(item, of_values) for key, item in value.items()}
    held = next((kind for kind in kinds if get_origin(kind) in (tuple, list)), None)
    if held is None:
        return value
    # Lists become the field's type: JSON has lists only, and strict validation would not accept one as a tuple.
    return get_origin(held)(without_truths(item, get_args(held)[0]) for item in value)


def _alternatives(annotation: Any) -> list[Any]:
    """Types that a value may have, taken out of unions and annotations."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for part in get_args(annotation) for kind in _alternatives(part)]
    return [annotation]
