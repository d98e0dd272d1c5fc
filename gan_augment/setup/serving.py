"""Methods that a data set can serve: ready, or the missing needs."""

from __future__ import annotations

from collections.abc import Sequence

from gan_augment.core.errors import GanAugmentError
from gan_augment.core.records import DatasetSpec
from gan_augment.synthesis.api import Synthesizer
from gan_augment.synthesis.needs import unmet
from gan_augment.synthesis.registry import method_names, resolve_method

__all__ = ["READY", "learners_from_pool", "readiness", "served_methods"]

READY = "ready"


def readiness(method: Synthesizer, spec: DatasetSpec) -> str:
    """Readiness: `ready`, the data's missing needs for this method, or `other settings` where defaults do not fit."""
    if lacks := unmet(method.traits, spec):
        return "needs " + ", ".join(lack.what for lack in lacks)
    try:
        method.Config().check(spec)
    except GanAugmentError:
        return "needs other settings"
    return READY


def learners_from_pool(names: Sequence[str]) -> list[str]:
    """Methods among these that use a pool where there is one."""
    return [name for name in names if resolve_method(name).traits.pool != "no"]


def served_methods(spec: DatasetSpec) -> tuple[list[str], dict[str, str]]:
    """Methods that are ready, and the missing needs of the others that make the same kind of sample."""
    found = {
        name: readiness(method, spec)
        for name in method_names()
        if spec.modality in (method := resolve_method(name)).traits.makes
    }
    return [name for name, state in found.items() if state == READY], {n: s for n, s in found.items() if s != READY}
