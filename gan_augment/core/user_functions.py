"""Functions of a user's own that params.yaml names as `module:function`."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["PATTERN", "UserFunctionError", "load_function"]

PATTERN = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"


class UserFunctionError(ValueError):
    """There is no such function; the text says why. The caller names the key of params.yaml."""


def load_function(name: str, root: Path | None = None) -> Callable[..., Any]:
    """The callable behind `module:function`; `root` is searched before the installed packages.

    Raises
    ------
    UserFunctionError
        The module cannot be imported, or has no such callable.
    """
    module_name, _, attribute = name.partition(":")
    with _importable_from(root):
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            raise UserFunctionError(str(error)) from None
    found = getattr(module, attribute, None)
    if not callable(found):
        raise UserFunctionError(f"{module_name} has no callable {attribute}")
    return found  # type: ignore[no-any-return]


@contextlib.contextmanager
def _importable_from(root: Path | None) -> Iterator[None]:
    before = list(sys.path)
    sys.path[:0] = [] if root is None else [str(root.absolute())]
    try:
        yield
    finally:
        sys.path[:] = before
