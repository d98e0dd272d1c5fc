"""The numbers that settings hold, each with the range in which it means something.

A number outside of its range is a slip (a unit, a digit too many): it is told where params.yaml is read, not by an
overflow or an empty memory hours later. The bounds are generous: they exclude what no machine does.
Where a field has a lower bound of its own, its type has none: of two, pydantic keeps that of the type.
tests/core/test_quantities.py finds every number of every section and of every method that has no bounds.
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

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # what numpy, torch and scikit-learn all take
Samples = Annotated[int, Field(le=10_000_000)]  # rows or images, such as the candidates of a class
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


class _NoNumber:
    """A truth value where a number is meant, which no validator takes for one."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __repr__(self) -> str:
        return str(self.value).lower()


def without_truths(value: Any, annotation: Any) -> Any:
    """The value, and instead of every `true` where a number is meant, which pydantic takes for 1, what is refused."""
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
    # As the field has it: JSON knows lists alone, and a strict reading would take no list for a tuple.
    return get_origin(held)(without_truths(item, get_args(held)[0]) for item in value)


def _alternatives(annotation: Any) -> list[Any]:
    """The types that a value may be of, out of unions and annotations."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for part in get_args(annotation) for kind in _alternatives(part)]
    return [annotation]
