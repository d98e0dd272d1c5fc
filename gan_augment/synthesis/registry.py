"""Names of methods, and where each one lives. A module is imported only when its method is asked for."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points
from typing import cast

from gan_augment.core.errors import MethodError
from gan_augment.synthesis.api import Synthesizer

__all__ = ["BUILT_IN", "method_names", "resolve_method"]

BUILT_IN: dict[str, str] = {
    "conditional": "gan_augment.synthesis.generators.conditional:Conditional",
    "copula": "gan_augment.synthesis.generators.copula:Copula",
    "infogan": "gan_augment.synthesis.generators.infogan:Infogan",
    "jitter": "gan_augment.synthesis.generators.jitter:Jitter",
    "oversample": "gan_augment.synthesis.generators.oversample:Oversample",
    "smote": "gan_augment.synthesis.generators.smote:Smote",
    "super_resolution": "gan_augment.synthesis.translators.super_resolution:SuperResolution",
    "tabular_gan": "gan_augment.synthesis.generators.tabular_gan:TabularGan",
    "vanilla": "gan_augment.synthesis.generators.vanilla:Vanilla",
}
ENTRY_POINT_GROUP = "gan_augment.methods"


def _table() -> dict[str, str]:
    table = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)}
    return table | BUILT_IN  # a plug-in cannot take a built-in name


def method_names() -> list[str]:
    """Every known method, built in or from the entry-point group `gan_augment.methods`, sorted."""
    return sorted(_table())


def resolve_method(name: str) -> Synthesizer:
    """The method of this name. Raises MethodError with the nearest names."""
    table = _table()
    if name not in table:
        near = difflib.get_close_matches(name, table, n=2)
        raise MethodError(
            "There is no such synthesis method",
            where="synthesis.method in params.yaml",
            got=repr(name),
            expected=f"one of {', '.join(sorted(table))}",
            remedy=f"did you mean {' or '.join(map(repr, near))}?" if near else "run `gan-augment methods list`",
        )
    module, _, attribute = table[name].partition(":")
    return cast(Synthesizer, getattr(importlib.import_module(module), attribute)())
