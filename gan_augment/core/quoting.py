"""Text as YAML that every reader takes: the standard library alone, for whoever has no YAML package."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["yaml_quoted"]

# Of what JSON leaves as it is, YAML takes none of these raw, and reads some as ends of lines.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def yaml_quoted(value: Any) -> str:
    """Double-quoted YAML on one line: JSON, with escapes for the characters that YAML does not take as they are."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
