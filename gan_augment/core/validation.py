"""Messages of pydantic, reworded for people who edit params.yaml."""

from __future__ import annotations

import difflib
import inspect
import re
import reprlib
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

__all__ = ["counted", "explain_mistakes", "listed", "models_in", "shown"]

SHOWN = 20  # mistakes shown; the file is read again after a correction anyway

_EXPECTED = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "greater_than": "more than {gt:.15g}",
    "greater_than_equal": "at least {ge:.15g}",
    "less_than": "less than {lt:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "finite_number": "a finite number",
    "multiple_of": "a multiple of {multiple_of}",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
}


_ALTERNATIVE = re.compile(r"(tagged-union|literal)\[")  # part of the places that pydantic names, but of no file
_TYPE = re.compile(r"(float|int|str|bool|constrained-\w+)$")  # likewise, where a value may have several types


def explain_mistakes(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Lines, one per mistake, such as `base.seed: -1, expected at least 0`.

    Parameters
    ----------
    error
        The exception of `model.model_validate`.
    """
    items = [item for item in error.errors() if not _is_other_way(item)]
    inner = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    # For a value that may have several types, pydantic complains once per type: that is one mistake.
    mistakes: dict[str, list[str]] = {}
    for item in items:
        if item["type"] != "too_short" or item["loc"] not in inner:
            said, expected = _explain(item, model)
            mistakes.setdefault(said, []).extend(expected)
    return [", expected ".join([said, *_one_of(right)]) for said, right in mistakes.items()]


def _one_of(possibilities: list[str]) -> list[str]:
    return [" or ".join(dict.fromkeys(possibilities))] if possibilities else []


def counted(mistakes: Sequence[str]) -> str:
    """Count with its noun: `1 mistake`, `2 mistakes`."""
    return f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"


def listed(mistakes: Sequence[str]) -> str:
    """Mistakes, one per line, as `got` of an error; the rest as a count."""
    more = [f"... and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
    return "\n            ".join([*mistakes[:SHOWN], *more])


def shown(value: Any) -> str:
    """Value in at most 80 characters, without ever spelling out a large one."""
    return _BOUNDED.repr(value)[:80]


class _Bounded(reprlib.Repr):
    """A `repr` of bounded cost: aliases make a mapping of gigabytes out of a few lines."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother = 3, 80, 80
        self.maxdict = self.maxlist = self.maxtuple = 5

    def repr_int(self, x: int, _level: int) -> str:
        return repr(x) if x.bit_length() < 200 else f"a number of {round(x.bit_length() * 0.30103)} digits"


_BOUNDED = _Bounded()


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models that a value of this type may be or hold."""
    if inspect.isclass(annotation) and not get_args(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _is_other_way(item: Any) -> bool:
    """Whether a complaint is about the form not meant, for a key that takes a word or a section."""
    way = next((str(part) for part in item["loc"] if _ALTERNATIVE.match(str(part))), "")
    is_section = isinstance(item["input"], dict) or item["loc"][-1] != way
    return way.startswith("literal") if is_section else way.startswith("tagged-union")


def _explain(item: Any, model: type[BaseModel]) -> tuple[str, list[str]]:
    """Mistake with its place, and the correct values if those can be listed."""
    place, owner, field = _find(item["loc"], model)
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(item["loc"][-1])[:80], owner.model_fields if owner else (), n=1)
        return f"{place}: unknown key" + (f", did you mean {near[0]!r}?" if near else ""), []
    if kind == "missing":
        return f"{place}: missing", []
    if kind == "value_error":
        got = "" if isinstance(item["input"], dict) else f" (got {shown(item['input'])})"
        return f"{place}: {context['error']}{got}", []
    if kind.startswith("union_tag"):
        key = context["discriminator"].strip("'")
        place = f"{place}.{key}" if place else key
        if kind == "union_tag_not_found":
            return f"{place}: missing", []
    found = context.get("tag") or item.get("input")
    found = list(found) if isinstance(found, tuple) else found  # a file has only lists
    if kind == "string_pattern_mismatch" and field is not None and field.description:
        expected = field.description
    elif item["loc"][-1:] == ("[key]",):
        expected = "text as a key (in quotes)"
    elif kind in _EXPECTED:
        expected = _EXPECTED[kind].format_map(context)
    else:
        expected = item["msg"]
    return f"{place}: {shown(found)}", [expected]


def _find(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, type[BaseModel] | None, FieldInfo | None]:
    """Place as in the file, without pydantic's names of alternatives; the model it is in; and its field."""
    parts: list[str] = []
    owners: list[type[BaseModel]] = [model]
    owner: type[BaseModel] | None = model
    field: FieldInfo | None = None
    is_mapping = False
    for part in loc:
        if _ALTERNATIVE.match(str(part)) or part == "[key]":
            continue
        if _TYPE.match(str(part)) and not owners and not is_mapping:
            continue
        holder = next((one for one in owners if part in one.model_fields), None)
        if holder is not None and not is_mapping:
            owner, field = holder, holder.model_fields[str(part)]
            owners = list(models_in(field.annotation))
            is_mapping = get_origin(field.annotation) is dict
        elif chosen := [one for one in owners if part in _names(one)]:
            owners, owner = chosen, chosen[0]
            continue  # an alternative, which is in no file
        else:
            owner = owners[0] if len(owners) == 1 else None
            is_mapping = False
        parts.append(_plain(str(part)))
    return ".".join(parts), owner, field


def _plain(key: str) -> str:
    """Key in a form that fits on a line."""
    key = key if key.isprintable() else repr(key)[1:-1]
    return key if len(key) <= 80 else f"{key[:80]}..."


def _names(model: type[BaseModel]) -> set[Any]:
    """Names that pydantic may give this alternative of a union: its class, or its `kind`."""
    kind = model.model_fields.get("kind")
    return {model.__name__, *(get_args(kind.annotation) if kind else ())}
