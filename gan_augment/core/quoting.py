"""Quoting of text as YAML that every reader accepts, with the standard library alone, where PyYAML may be missing."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["yaml_quoted"]

# JSON leaves these characters as they are; YAML accepts none of them raw, and reads some as line ends.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def yaml_quoted(value: Any) -> str:
    """Double-quoted YAML on one line: JSON, with escapes for the characters that YAML does not accept raw."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
