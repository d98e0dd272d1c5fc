"""How a long job says how far it is: it calls a function, and does not know who shows it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Advance", "silent"]

Advance = Callable[[float, float, str], None]  # done, total, what is happening now


def silent(*_: object) -> None:
    """Show nothing: the default wherever progress may be reported, in whatever form."""
