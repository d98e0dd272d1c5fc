"""Masking of passwords and tokens in every text that leaves the program: errors, logs, tracebacks, artifacts.

An address with a password in it comes back in many messages of other libraries (DVC, Prefect, httpx). So texts are
masked where they leave, not where they arise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["MASK", "mask", "mask_texts"]

MASK = "***"
_SHORTEST = 6  # a shorter value is hardly a secret, and occurs in every second line
_WORD = r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|credential|signature)"
_NAME = rf"{_WORD}[\w-]{{0,40}}"
_VALUE = r"""(?!\d{1,5}\b)(?:"[^"\n]*"|'[^'\n]*'|[^\s"',;&)\]}]+)"""
_VARIABLE = re.compile(rf"{_WORD}|auth_string|(?:^|_)sas(?:_|$)", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^\s:/@]*:(?!\d{1,5}(?:/|\s|$))(\S{1,500})@")
# The first group is kept, the rest of the match is masked.
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # scheme://user:password@host, where the password may hold an @ or / that should have been escaped
        r"(://[^\s:/@\"'<>]*:)(?!\d{1,5}(?:/|\s|$))\S{1,500}(?=@)",
        # https://token@host; the user of ssh://git@host is not a secret
        r"(https?://)[^\s:/@?#\"'<>]{1,500}(?=@)",
        # ?token=..., &X-Amz-Signature=..., &sig=...
        rf"([?&;](?:[\w.-]{{0,40}}{_NAME}|sig|key|auth|code|sas)=)[^\s&;#\"'<>]+",
        rf"({_NAME}\s?=\s?){_VALUE}",
        rf"({_NAME}[\"']\s?:\s?){_VALUE}",
        r"(authorization[\"']?\s?[:=]\s?[\"']?(?:(?:basic|bearer|token)\s)?)[^\s\"',]+",
        r"(\b(?:bearer|basic) )[A-Za-z0-9+/=._~-]{12,}",
    )
)


def mask(text: str) -> str:
    """Text with `***` for passwords in addresses, secrets behind their names, and secret variables' values."""
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def mask_texts(value: Any) -> Any:
    """JSON value with every text in it masked: masking the serialised document would lose quotation marks."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: mask_texts(item) for key, item in value.items()}
    return [mask_texts(item) for item in value] if isinstance(value, list | tuple) else value


def _secrets() -> Iterator[str]:
    """Secrets in the environment: values of variables with a telling name, and passwords in addresses."""
    for name, value in os.environ.items():
        if found := _PASSWORD.search(value):
            yield from _spellings(found[1])
        elif _VARIABLE.search(name) and not _is_path(value):
            yield from _spellings(value)
            if "auth_string" in name.lower():
                yield from _spellings(value.partition(":")[2])


def _spellings(secret: str) -> Iterator[str]:
    yield from (text for text in (secret, unquote(secret)) if len(text) >= _SHORTEST)


def _is_path(value: str) -> bool:
    """Whether a value is a path: the place of a key is not the key."""
    return os.sep in value and Path(value).exists()
