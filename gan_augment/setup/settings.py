"""Settings of `init`, such as `--set prepare.corrupt=skip`, for data that it would otherwise refuse."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from gan_augment.core.documents import parse_yaml
from gan_augment.core.errors import ParamsError
from gan_augment.core.records import ROLES
from gan_augment.core.validation import explain_mistakes, listed
from gan_augment.data.config import PrepareConfig

__all__ = ["apply_settings", "parse_settings"]

_SECTION = "prepare"


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Mapping of `KEY=VALUE` texts; a value is YAML, so that `[a, b]`, `3` and `null` have their YAML meaning.

    Raises
    ------
    ParamsError
        A text has no `=`, its key is not in the section `prepare`, or its value is not YAML.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.startswith(f"{_SECTION}."):
            raise ParamsError(
                "A setting cannot be understood",
                where="--set",
                got=repr(text),
                expected="prepare.KEY=VALUE, such as prepare.corrupt=skip or prepare.exclude=[rare]",
                remedy="edit the other sections in params.yaml once it is written",
            )
        document = parse_yaml(value, what="The setting's value", where=f"--set {key}")
        if document.mistakes:
            raise ParamsError("A key occurs twice", where=f"--set {key}", got=listed(document.mistakes))
        settings[key] = document.value
    return settings


def apply_settings(config: PrepareConfig, settings: Mapping[str, Any]) -> PrepareConfig:
    """Config with these values in place of its own. Raises ParamsError for unknown keys and wrong values."""
    plain = config.model_dump()
    for key, value in settings.items():
        *parents, last = key.split(".")[1:]
        section = plain
        for parent in parents:
            section = _section(section, parent, key)
        if last not in section and not (parents == ["companions"] and last in ROLES):
            raise _unknown(key, last, section or dict.fromkeys(ROLES))
        section[last] = value
    plain["companions"] = _without_none(plain["companions"])
    try:
        return PrepareConfig.model_validate(plain)
    except ValidationError as error:
        mistakes = [f"prepare.{mistake}" for mistake in explain_mistakes(error, PrepareConfig)]
        raise ParamsError("A setting has a value that cannot be", where="--set", got=listed(mistakes)) from None


def _without_none(companions: Any) -> Any:
    """Companions except those set to null."""
    if not isinstance(companions, dict):
        return companions
    return {role: source for role, source in companions.items() if source is not None}


def _section(section: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    found = section.get(name)
    if not isinstance(found, dict):
        raise _unknown(key, name, section)
    return found


def _unknown(key: str, name: str, section: Mapping[str, Any]) -> ParamsError:
    near = difflib.get_close_matches(name, section, n=1)
    return ParamsError(
        "There is no such setting",
        where=f"--set {key}",
        got=repr(name),
        expected=f"one of {', '.join(section)}",
        remedy=f"did you mean {near[0]!r}?" if near else None,
    )
