"""`gan-augment methods`: the methods and their settings, read from the methods themselves."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_augment.setup.check import project_spec
from gan_augment.setup.schema import settings_schema
from gan_augment.setup.serving import readiness
from gan_augment.synthesis.registry import method_names, resolve_method

__all__ = ["list_methods", "show_method"]

WIDTH = 100  # columns of `methods show`
NARROWEST = 40  # columns of a meaning beside a long setting


def list_methods(root: Path, *, as_json: bool) -> None:
    """Print a line per method: name, samples, labels, the scope of its fit, first line of its docstring.

    Inside a project, the line also shows whether it is ready for the project's data, or its missing needs.
    """
    rows, spec = [], project_spec(root)
    for name in method_names():
        method = resolve_method(name)
        summary = (type(method).__doc__ or "").strip().splitlines()[0]
        traits, makes = method.traits, "+".join(sorted(method.traits.makes))
        about = {"name": name, "makes": makes, "label_from": traits.label_from, "fitted": traits.fitted}
        here = {} if spec is None else {"here": readiness(method, spec)}
        rows.append({**about, **here, "summary": summary})
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    shown = [[f"label from {text}" if fact == "label_from" else text for fact, text in row.items()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for facts in shown:
        print("  ".join(fact.ljust(width) for fact, width in zip(facts, widths, strict=True)).rstrip())


def show_method(name: str, *, as_json: bool) -> None:
    """Print a method's settings as in params.yaml: default, choices, meaning; or their JSON Schema."""
    method = resolve_method(name)
    schema = settings_schema(name)
    if as_json:
        print(json.dumps(schema, indent=2, ensure_ascii=False))
        return
    print((type(method).__doc__ or "").strip())
    if method.traits.rivals:
        print(f"\nIts untrained rivals, which run as arms beside it: {', '.join(method.traits.rivals)}")
    print(f"\nIn params.yaml, with the defaults:\n\nsynthesis:\n  method: {name}")
    properties = schema.get("properties", {})
    if not properties:
        print("  settings: {}    # there are none")
        return
    print("  settings:")
    for line in _lines(properties, schema.get("$defs", {}), "    "):
        print(line)


def _lines(properties: dict[str, Any], sections: dict[str, Any], indent: str) -> Iterator[str]:
    """Lines of YAML with their meanings; a setting that is a section of its own has its keys below it."""
    plain = {key: value for key, value in properties.items() if "$ref" not in value}
    settings = {f"{indent}{key}: {json.dumps(value.get('default'))}": value for key, value in plain.items()}
    column = max(map(len, settings), default=0) + 2
    for setting, value in settings.items():
        meaning = textwrap.wrap(_meaning(value), max(WIDTH - column - 2, NARROWEST), break_long_words=False)
        for number, line in enumerate(meaning):
            yield f"{setting if number == 0 else '':<{column}}# {line}"
    for key, value in properties.items():
        if key not in plain:
            yield f"{indent}{key}:  # {_capital(value['description'])}"
            section = sections[value["$ref"].rpartition("/")[2]]
            yield from _lines(section["properties"], sections, f"{indent}  ")


def _meaning(value: dict[str, Any]) -> str:
    text = _capital(value["description"])
    choices = list(_choices(value))
    if any(choice not in text for choice in choices):
        text += f" ({', '.join(choices)})"
    return text if value.get("default") is not None or "null" in text else f"{text}; null: chosen by the method"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".")


def _choices(value: dict[str, Any]) -> Iterator[str]:
    """Words and numbers that a value may be, or hold."""
    yield from map(str, value.get("enum", [value["const"]] if "const" in value else []))
    for part in [*value.get("anyOf", []), *([value["items"]] if "items" in value else [])]:
        yield from _choices(part)
