"""Passwords and tokens out of every text that leaves the program: errors, logs, the doctor, tracebacks, artifacts.

An address with a password in it comes back in many messages that are not ours (DVC's, Prefect's, httpx's). So it is
masked where a text leaves, not where it comes from.
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
_SHORTEST = 6  # a shorter value of a variable is no secret worth the name, and stands in every second line
_WORD = r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|credential|signature)"
_NAME = rf"{_WORD}[\w-]{{0,40}}"
_VALUE = r"""(?!\d{1,5}\b)(?:"[^"\n]*"|'[^'\n]*'|[^\s"',;&)\]}]+)"""
_VARIABLE = re.compile(rf"{_WORD}|auth_string|(?:^|_)sas(?:_|$)", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^\s:/@]*:(?!\d{1,5}(?:/|\s|$))(\S{1,500})@")
# What is kept is in the first brackets, the rest of the match is masked.
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # scheme://user:password@host, where the password may hold an @ or / that should have been escaped
        r"(://[^\s:/@\"'<>]*:)(?!\d{1,5}(?:/|\s|$))\S{1,500}(?=@)",
        # https://token@host; the user of ssh://git@host is no secret
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
    """The text with `***` for passwords in addresses, secrets behind their names, and secret variables' values."""
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def mask_texts(value: Any) -> Any:
    """What JSON can hold, with every text in it masked: of a whole document the quotation marks would be lost."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: mask_texts(item) for key, item in value.items()}
    return [mask_texts(item) for item in value] if isinstance(value, list | tuple) else value


def _secrets() -> Iterator[str]:
    """What the environment holds: values of variables with a telling name, and passwords in addresses."""
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
    """Where a key lies is not the key."""
    return os.sep in value and Path(value).exists()
