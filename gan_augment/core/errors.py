"""Errors that a user can meet. Each says where it occurred, what was found, what was expected, and the remedy.

GanAugmentError           everything below; the command exits with code 2 and prints no traceback
├── ParamsError           params.yaml holds an unknown key, a wrong type or an impossible request
├── DataError             the user's data cannot be used as it is
│   └── LeakError         a row would be on both sides of a split
├── MissingInputError     a file that an earlier stage writes is not there
│   └── DamagedInputError it is there, and is not as it was written
├── MethodError           a synthesizer is unknown, or cannot do what was asked of it
├── ModelError            a saved model is incomplete, damaged, or of another method
├── DeviceError           a device that was asked for is absent or too small
└── SetupError            a package, a program or the disk stands in the way
"""

from __future__ import annotations

from pathlib import Path

from gan_augment.core.masking import mask

__all__ = [
    "DamagedInputError",
    "DataError",
    "DeviceError",
    "GanAugmentError",
    "LeakError",
    "MethodError",
    "MissingInputError",
    "ModelError",
    "ParamsError",
    "SetupError",
]

MOST_CHARACTERS = 1000  # characters of one line of a message


class GanAugmentError(Exception):
    """Base of every mistake or obstacle that the user can remove.

    Parameters
    ----------
    problem
        One sentence, no full stop needed: what is wrong.
    where
        The file, column, class or params key it was found in.
    got, expected
        What was found, and what would have been right.
    remedy
        What to do now, in the spelling of the command line or of params.yaml.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        where: str | Path | None = None,
        got: str | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.where = None if where is None else str(where)
        self.got = got
        self.expected = expected
        self.remedy = remedy
        super().__init__(self.render())

    def render(self) -> str:
        """Message as the terminal shows it: one fact per line, with passwords masked."""
        facts = [
            ("where", self.where),
            ("got", self.got),
            ("expected", self.expected),
            ("remedy", self.remedy),
        ]
        lines = [f"  {name + ':':<10}{value}" for name, value in facts if value]
        return "\n".join(map(_bounded, mask("\n".join([self.problem, *lines])).split("\n")))


def _bounded(line: str) -> str:
    """Line short enough for a terminal: a label or a path in the user's data may have thousands of characters."""
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS // 2]} ... ({len(line):,} characters)"


class ParamsError(GanAugmentError):
    """params.yaml holds an unknown key, a wrong type or an impossible request."""


class DataError(GanAugmentError):
    """The user's data cannot be used as it is."""


class LeakError(DataError):
    """A row, a group or a near-duplicate would be on both sides of a split."""


class MissingInputError(GanAugmentError):
    """A file that an earlier stage writes is not there."""


class DamagedInputError(MissingInputError):
    """A file that an earlier stage wrote is not as it was written."""


class MethodError(GanAugmentError):
    """A synthesizer is unknown, or cannot do what was asked of it."""


class ModelError(GanAugmentError):
    """A saved model is incomplete, damaged, or belongs to another method."""


class DeviceError(GanAugmentError):
    """A device that was asked for is absent or too small."""


class SetupError(GanAugmentError):
    """A package, a program or the disk stands in the way."""
