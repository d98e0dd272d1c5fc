"""Amount of output beside a command's answer and its errors: quiet, normal or verbose.

It is an environment variable, so that child processes (workers, processes that train together) follow it, and so that
it reaches the stages of `dvc repro`: `GAN_AUGMENT_VERBOSITY=quiet dvc repro`.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

from gan_augment.core.errors import ParamsError

__all__ = ["VERBOSITY", "Verbosity", "detail", "remark", "verbosity"]

VERBOSITY = "GAN_AUGMENT_VERBOSITY"
Verbosity = Literal["quiet", "normal", "verbose"]
_KNOWN: dict[str, Verbosity] = {"": "normal", "quiet": "quiet", "normal": "normal", "verbose": "verbose"}


def verbosity() -> Verbosity:
    """Verbosity that the environment sets. Raises ParamsError for an unknown word."""
    word = os.environ.get(VERBOSITY, "")
    if word not in _KNOWN:
        raise ParamsError(
            "The verbosity is unknown",
            where=f"the environment variable {VERBOSITY}",
            got=repr(word),
            expected="quiet, normal or verbose",
        )
    return _KNOWN[word]


def remark(text: str) -> None:
    """Print a remark beside the answer, to standard output; not if quiet."""
    if verbosity() != "quiet":
        print(text, flush=True)


def detail(text: str) -> None:
    """Print what helps to find a fault, to standard error; only if verbose."""
    if verbosity() == "verbose":
        print(text, file=sys.stderr, flush=True)
