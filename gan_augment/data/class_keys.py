"""Labels to class keys: names that are safe in paths, in stage names and in YAML."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

__all__ = ["KEY_PATTERN", "class_keys"]

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_-]*")
MAX_LENGTH = 40
_PREFIX = "c"  # before what does not start with a letter: 7 becomes c7
# Words that YAML 1.1 reads as truth values or nothing, and names that Windows keeps for devices.
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"}
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}
_RESERVED = frozenset(_YAML_WORDS | _DEVICES)


def class_keys(labels: Iterable[str]) -> dict[str, str]:
    """A key for every distinct label, in the sorted order of the labels.

    A key is the label in lower-case ASCII. Labels that clean to the same key, that lose everything, or that are
    too long get a hash of the label at the end; a label that already is its own key keeps it. So a label's key
    depends on the other labels only where they collide.

    >>> class_keys(["7", "Gentoo penguin", "cat", "Cat"])
    {'7': 'c7', 'Cat': 'cat-48735c4f', 'Gentoo penguin': 'gentoo-penguin', 'cat': 'cat'}
    """
    distinct = sorted(set(labels))
    cleaned = {label: _clean(label) for label in distinct}
    times = Counter(cleaned.values())
    return {label: key if times[key] == 1 or key == label else _marked(label, key) for label, key in cleaned.items()}


def _clean(label: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9_]+", "-", ascii_text).strip("-_")
    if not key:
        return _marked(label, "class")
    if not key[0].isalpha():
        key = _PREFIX + key
    if key in _RESERVED:
        key = f"class-{key}"
    return key if len(key) <= MAX_LENGTH else _marked(label, key)


def _marked(label: str, key: str) -> str:
    return f"{key[: MAX_LENGTH - 9]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
