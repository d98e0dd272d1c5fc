"""Scratch of killed runs for the next run, in a folder or file named by all facts that decide its bytes.

So a run with other settings, other rows, another seed or another version of gan-augment never finds it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gan_augment.core.atomic import file_hash, remove
from gan_augment.core.version import __version__

__all__ = ["fingerprint", "keep_only"]

_DIGITS = 16


def fingerprint(*facts: Any) -> str:
    """Name of 16 hexadecimal digits for these facts: JSON values, records, and paths, which stand for their bytes."""
    text = json.dumps([__version__, *facts], default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _plain(fact: Any) -> Any:
    if isinstance(fact, BaseModel):
        return fact.model_dump(mode="json")
    if isinstance(fact, Path):
        return file_hash(fact)
    raise TypeError(f"{type(fact).__name__} has no fingerprint")


def keep_only(own: Path) -> Path:
    """Path `own`, which need not exist yet, after everything beside it (the scratch of other facts) was removed."""
    for other in own.parent.iterdir() if own.parent.exists() else ():
        if other != own:
            remove(other)
    return own
