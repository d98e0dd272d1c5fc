"""Findings of `gan-augment doctor`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """Line of the examination. `blocking`: the pipeline cannot run until the remedy is applied."""

    what: str
    state: str
    remedy: str = ""
    blocking: bool = False
