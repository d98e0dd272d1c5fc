"""Group of a sample, read from its name by the regular expression of `prepare.split.group`."""

from __future__ import annotations

import functools
import re

from gan_augment.core.errors import DataError, ParamsError

__all__ = ["group_in"]


def group_in(name: str, expression: str, words: str) -> str:
    """Text that the first group of the expression matches in the name.

    `words` are the source's alternatives to an expression, for the message.

    Raises
    ------
    DataError
        The name holds no such group: its sample would silently become a group of its own.
    ParamsError
        The text is not a regular expression with brackets.
    """
    found = _pattern(expression, words).search(name)
    if found is not None and found.group(1):
        return found.group(1)
    raise DataError(
        "A name lacks the group of prepare.split.group",
        where=name,
        expected=f"something that matches {expression!r}, with a text in the first brackets",
        remedy="correct the regular expression, or rename what lies there",
    )


@functools.cache
def _pattern(text: str, words: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise _bad_group(text, str(error), words) from None
    if pattern.groups < 1:
        raise _bad_group(text, "no brackets in it", words)
    return pattern


def _bad_group(text: str, reason: str, words: str) -> ParamsError:
    return ParamsError(
        "The group cannot be understood",
        where="prepare.split.group in params.yaml",
        got=f"{text!r}: {reason}",
        expected=f"{words}, or a regular expression with the group in its first brackets, such as (patient[0-9]+)_",
    )
