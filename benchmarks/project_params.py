"""Changes of params.yaml from the command line, for benchmarks that run whole projects."""

from __future__ import annotations

import copy
from typing import Any

import yaml

__all__ = ["changed"]


def changed(params: dict[str, Any], changes: list[str]) -> dict[str, Any]:
    """`params` with each SECTION.KEY=VALUE of `changes` set; values are YAML."""
    found = copy.deepcopy(params)
    for change in changes:
        where, value = change.split("=", 1)
        *section, key = where.split(".")
        place = found
        for name in section:
            place = place.setdefault(name, {})
        place[key] = yaml.safe_load(value)
    return found
