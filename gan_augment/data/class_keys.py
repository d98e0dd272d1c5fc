"""Class keys from labels: names that are safe in paths, in stage names and in YAML."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from gan_augment.core.class_key import RESERVED_KEYS

__all__ = ["class_keys"]

MAX_LENGTH = 40
_PREFIX = "c"  # prefix of a key that does not start with a letter: 7 becomes c7
# Words that YAML 1.1 reads as booleans or null.
_AVOIDED = RESERVED_KEYS | {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"}


def class_keys(labels: Iterable[str]) -> dict[str, str]:
    """Keys of all distinct labels, in the sorted order of the labels.

    A key is the label in lower-case ASCII. Labels that reduce to the same key or to nothing, or that are too long, get
    a hash of the label at the end; a label that already is its own key keeps it. So a label's key depends on the other
    labels only where they collide. Keys are unique: where another label equals a key with its hash, the hash becomes
    longer.

    >>> class_keys(["7", "Gentoo penguin", "cat", "Cat"])
    {'7': 'c7', 'Cat': 'cat-48735c4f', 'Gentoo penguin': 'gentoo-penguin', 'cat': 'cat'}
    """
    distinct = sorted(set(labels))
    cleaned = {label: _clean(label) for label in distinct}
    times = Counter(cleaned.values())
    keys = {label: key for label, key in cleaned.items() if times[key] == 1 or key == label}
    taken = set(keys.values())
    for label in distinct:
        if label not in keys:
            keys[label] = next(key for key in _marked_ones(label, cleaned[label]) if key not in taken)
            taken.add(keys[label])
    return {label: keys[label] for label in distinct}


def _clean(label: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9_]+", "-", ascii_text).strip("-_")
    if not key:
        return _marked(label, "class")
    if not key[0].isalpha():
        key = _PREFIX + key
    if key in _AVOIDED:
        key = f"class-{key}"
    return key if len(key) <= MAX_LENGTH else _marked(label, key)


def _marked(label: str, key: str) -> str:
    return next(_marked_ones(label, key))


def _marked_ones(label: str, key: str) -> Iterator[str]:
    """Keys with a hash of the label, each longer than the one before."""
    digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()
    return (f"{key[: MAX_LENGTH - 9]}-{digest[:length]}" for length in range(8, len(digest) + 1, 4))
