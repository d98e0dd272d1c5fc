"""File and member names that every file system, tar reader and shell accepts, made from arbitrary ids."""

from __future__ import annotations

import hashlib
import re

__all__ = ["safe_name"]

# No dot: WebDataset cuts a member's key at the first one. 80 characters: a USTAR name field holds 100.
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def safe_name(identifier: str) -> str:
    """Id itself where it is safe; otherwise its safe characters and a hash of the whole, so that it stays unique.

    >>> safe_name("conditional-3-0-17")
    'conditional-3-0-17'
    >>> safe_name("猫/a b.png")
    'a-b-png-441dea0057ab'
    """
    if _SAFE.fullmatch(identifier):
        return identifier
    kept = _UNSAFE.sub("-", identifier).strip("-")[:60]
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:12]
    return f"{kept}-{digest}" if kept else digest
