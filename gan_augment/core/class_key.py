"""Class keys of params.yaml: a class's name in stages, paths and on the command line."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

__all__ = ["DEVICE_NAMES", "KEY_PATTERN", "RESERVED_KEYS", "ClassKey"]

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_-]*")
_LONGEST = 100  # keeps file names that contain a key below 255 bytes
DEVICE_NAMES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(10))}
)  # reserved on Windows
RESERVED_KEYS = DEVICE_NAMES | {"pretrain"}  # taken: the joint model's curve lies among those of the classes


def _checked(key: str) -> str:
    if not KEY_PATTERN.fullmatch(key) or len(key) > _LONGEST:
        raise ValueError(
            f"no name of a stage and of a folder: a key is a letter and up to {_LONGEST - 1} of a-z, 0-9, _ and -"
        )
    if key in RESERVED_KEYS:
        raise ValueError(f"a name that is taken; class-{key} would do")
    return key


# Lower case only: on a case-insensitive file system, keys that differ in case would be one file.
ClassKey = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": f"^{KEY_PATTERN.pattern}$", "maxLength": _LONGEST}),
]
