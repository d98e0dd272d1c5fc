"""`gan-augment methods`: what can be asked for, read from the methods themselves."""

from __future__ import annotations

import json

from gan_augment.synthesis.registry import method_names, resolve_method

__all__ = ["list_methods", "show_method"]


def list_methods(*, as_json: bool) -> None:
    """One line a method: name, modality, whose label, first line of its docstring."""
    rows = []
    for name in method_names():
        method = resolve_method(name)
        summary = (type(method).__doc__ or "").strip().splitlines()[0]
        modality = "+".join(sorted(method.traits.modality))
        rows.append({"name": name, "modality": modality, "label_from": method.traits.label_from, "summary": summary})
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(f"{row['name']:<14}{row['modality']:<13}label from {row['label_from']:<17}{row['summary']}")


def show_method(name: str, *, as_json: bool) -> None:
    """A method's settings: type, default, meaning."""
    method = resolve_method(name)
    schema = method.Config.model_json_schema()
    if as_json:
        print(json.dumps(schema, indent=2))
        return
    print(f"{name}: {(type(method).__doc__ or '').strip()}\n\nsynthesis.settings in params.yaml:")
    for key, field in method.Config.model_fields.items():
        print(f"  {key} = {field.default!r}" + (f"    {field.description}" if field.description else ""))
