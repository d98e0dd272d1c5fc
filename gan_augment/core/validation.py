"""What pydantic refuses, in the words of somebody who edits params.yaml."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

__all__ = ["counted", "explain_mistakes", "models_in"]

_EXPECTED = {
    "int_parsing": "a whole number",
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
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "multiple_of": "a multiple of {multiple_of}",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
}


_ALTERNATIVE = re.compile(r"(tagged-union|literal)\[")  # in a place that pydantic names: stands in no file


def explain_mistakes(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line a mistake, such as `base.seed: -1, expected at least 0`.

    Parameters
    ----------
    error
        What `model.model_validate` raised.
    """
    items = [item for item in error.errors() if not _is_other_way(item)]
    inner = {item["loc"][:length] for item in items for length in range(len(item["loc"]))}
    return [_explain(item, model) for item in items if item["type"] != "too_short" or item["loc"] not in inner]


def counted(mistakes: Sequence[str]) -> str:
    """`1 mistake`, `2 mistakes`"""
    return f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a value of this type may be or hold."""
    if inspect.isclass(annotation) and not get_args(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _is_other_way(item: Any) -> bool:
    """Of a key that takes a word or a section, the complaint about the one that was not meant."""
    way = next((str(part) for part in item["loc"] if _ALTERNATIVE.match(str(part))), "")
    is_section = isinstance(item["input"], dict) or item["loc"][-1] != way
    return way.startswith("literal") if is_section else way.startswith("tagged-union")


def _explain(item: Any, model: type[BaseModel]) -> str:
    place, owner, field = _find(item["loc"], model)
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(item["loc"][-1]), owner.model_fields if owner else (), n=1)
        return f"{place}: unknown key" + (f", did you mean {near[0]!r}?" if near else "")
    if kind == "missing":
        return f"{place}: missing"
    if kind == "value_error":
        return f"{place}: {context['error']} (got {item['input']!r:.80})"
    if kind.startswith("union_tag"):
        key = context["discriminator"].strip("'")
        place = f"{place}.{key}" if place else key
        if kind == "union_tag_not_found":
            return f"{place}: missing"
    got = context.get("tag") or item.get("input")
    if kind == "string_pattern_mismatch" and field is not None and field.description:
        expected = field.description
    elif kind in _EXPECTED:
        expected = _EXPECTED[kind].format_map(context)
    else:
        expected = item["msg"]
    return f"{place}: {got!r:.80}, expected {expected}"


def _find(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, type[BaseModel] | None, FieldInfo | None]:
    """The place as the file has it, without pydantic's names of alternatives; the model it is in; and its field."""
    parts: list[str] = []
    owners: list[type[BaseModel]] = [model]
    owner: type[BaseModel] | None = model
    field: FieldInfo | None = None
    is_mapping = False
    for part in loc:
        if _ALTERNATIVE.match(str(part)):
            continue
        holder = next((one for one in owners if part in one.model_fields), None)
        if holder is not None and not is_mapping:
            owner, field = holder, holder.model_fields[str(part)]
            owners = list(models_in(field.annotation))
            is_mapping = get_origin(field.annotation) is dict
        elif chosen := [one for one in owners if part in _names(one)]:
            owners, owner = chosen, chosen[0]
            continue  # an alternative, which stands in no file
        else:
            owner = owners[0] if len(owners) == 1 else None
            is_mapping = False
        parts.append(str(part))
    return ".".join(parts), owner, field


def _names(model: type[BaseModel]) -> set[Any]:
    """What pydantic may call this alternative of a union: its class, or its `kind`."""
    kind = model.model_fields.get("kind")
    return {model.__name__, *(get_args(kind.annotation) if kind else ())}
