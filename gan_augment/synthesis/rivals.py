"""A method's rivals: the untrained methods that it has to beat, and whether they can serve the data at hand."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.validation import explain_mistakes
from gan_augment.synthesis.api import MethodConfig, Synthesizer
from gan_augment.synthesis.needs import carries_target, unmet
from gan_augment.synthesis.registry import method_names, resolve_method

__all__ = ["rival_config", "rivals_of"]

_NAME = re.compile(r"\w[\w.-]*")  # it becomes the name of a folder


def rivals_of(method: Synthesizer) -> list[Synthesizer]:
    """The methods that `method.traits.rivals` names, in that order; a plug-in's may be plug-ins.

    Raises
    ------
    MethodError
        A rival is unknown, is the method itself, is named twice, or has to be trained.
    """
    names, known = method.traits.rivals, set(method_names()) if method.traits.rivals else set()
    if method.name in names:
        raise _refusal(method, method.name, "another method")
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise _refusal(method, ", ".join(twice), "each rival once")
    if unknown := [name for name in names if name not in known]:
        raise _refusal(method, ", ".join(unknown), f"methods among {', '.join(sorted(known))}")
    if odd := [name for name in names if not _NAME.fullmatch(name)]:
        raise _refusal(method, ", ".join(map(repr, odd)), "names of letters, digits, `_`, `-` and `.`")
    found = [resolve_method(name) for name in names]
    if trained := [rival.name for rival in found if rival.traits.trainable]:
        raise _refusal(method, ", ".join(trained), "methods that learn nothing, so that they cost next to nothing")
    return found


def _refusal(method: Synthesizer, got: str, expected: str) -> MethodError:
    return MethodError(
        f"The method {method.name!r} names rivals that cannot be its rivals",
        where=f"traits.rivals of {type(method).__name__}",
        got=got,
        expected=expected,
        remedy="correct traits.rivals, or install the package that a missing method comes from",
    )


def rival_config(rival: Synthesizer, spec: DatasetSpec, own: MethodConfig | None = None) -> MethodConfig:
    """A rival's default settings, with those that the settings `own` of its opponent share.

    Raises MethodError where it cannot serve a data set, whose `problem` says why.
    """
    if not carries_target(rival.traits, spec):
        raise MethodError(f"its rows carry no {spec.target}, which is what is learnt")
    if lacks := unmet(rival.traits, spec):
        raise MethodError(f"the data lacks what it needs: {', '.join(lack.what for lack in lacks)}")
    try:
        config = rival.Config.model_validate(_shared(own, rival))
    except ValidationError as error:
        mistakes = "; ".join(explain_mistakes(error, rival.Config))
        raise MethodError(f"its settings have no defaults ({mistakes})") from None
    config.check(spec)
    return config


def _shared(own: MethodConfig | None, rival: Synthesizer) -> dict[str, Any]:
    names = () if own is None else own.shared
    return {name: getattr(own, name) for name in names if name in rival.Config.model_fields}
