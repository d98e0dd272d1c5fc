"""No setting of any section or method takes a number that no machine could follow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError

from gan_augment.core.validation import explain_mistakes
from gan_augment.params import Params
from gan_augment.synthesis.registry import method_names, resolve_method

MODELS: dict[str, type[BaseModel]] = {"Params": Params} | {name: resolve_method(name).Config for name in method_names()}
OF_THE_DATA = {"low", "high"}  # of a rule: any finite number may stand in a column


def numbers(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every number in a JSON Schema, with the key that it belongs to."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and not {"const", "enum"} & schema.keys():
            yield name, schema
        for key, value in schema.items():
            yield from numbers(value, name if key in ("anyOf", "items", "properties", "$defs") else key)
    elif isinstance(schema, list):
        for value in schema:
            yield from numbers(value, name)


@pytest.mark.parametrize("name", MODELS)
def test_every_number_of_every_setting_has_bounds(name: str) -> None:
    unbounded = [
        key
        for key, schema in numbers(MODELS[name].model_json_schema())
        if key not in OF_THE_DATA
        and not ({"minimum", "exclusiveMinimum"} & schema.keys() and {"maximum", "exclusiveMaximum"} & schema.keys())
    ]
    assert unbounded == [], "give them a type of gan_augment/core/quantities.py"


ABSURD = (1e308, -1e308, math.inf, -math.inf, math.nan, 10**30, -(10**30), -1, 1.5e9)


@pytest.mark.parametrize("name", method_names())
def test_no_method_takes_an_absurd_number(name: str) -> None:
    config = resolve_method(name).Config
    for key, schema in numbers(config.model_json_schema()):
        bounded = config.model_json_schema()["properties"].get(key, {})
        assert bounded or schema
        for value in ABSURD:
            with pytest.raises(ValidationError):
                config.model_validate({key: value})


@pytest.mark.parametrize("name", method_names())
def test_no_method_takes_true_for_a_number(name: str) -> None:
    config = resolve_method(name).Config
    for key, schema in config.model_json_schema()["properties"].items():
        kinds = {found.get("type") for found in (schema, *schema.get("anyOf", ()))}
        if kinds & {"integer", "number"} and "boolean" not in kinds:
            with pytest.raises(ValidationError):
                config.model_validate({key: True})


def fields_of(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, list[Any]]]:
    """Every field of a model and of those in it, with what bounds it."""
    seen.add(model)
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", field.metadata
        inner = [field.annotation]
        while inner:
            kind = inner.pop()
            inner += get_args(kind)
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
                yield from fields_of(kind, seen)


@pytest.mark.parametrize("name", MODELS)
def test_no_field_has_a_bound_that_its_type_takes_away(name: str) -> None:
    """Of two lower bounds, the field's and its type's, pydantic keeps the latter: 0 would pass where 1 is the least."""
    for field, bounds in fields_of(MODELS[name], set()):
        assert len([one for one in bounds if isinstance(one, Ge | Gt)]) < 2, field
        assert len([one for one in bounds if isinstance(one, Le | Lt)]) < 2, field


@pytest.mark.parametrize(
    "sections",
    [
        {"curate": {"evaluation_rows": 19}},
        {"export": {"rows_per_shard": 0}},
        {"retrain": {"classifier": {"kind": "random_forest", "min_samples_leaf": 0}}},
        {"classes": {"a": {"label": "a", "candidates": -1}, "b": {"label": "b"}}},
    ],
)
def test_too_few_rows_are_told(sections: dict[str, Any]) -> None:
    whole = {"classes": {"a": {"label": "a"}, "b": {"label": "b"}}, "synthesis": {"method": "smote"}} | {
        "prepare": {"source": {"kind": "demo", "name": "digits"}}
    }
    with pytest.raises(ValidationError, match="greater than or equal"):
        Params.model_validate(whole | sections)


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"base": {"seed": True}}, "base.seed"),
        ({"generate": {"candidates": False}}, "generate.candidates"),
        ({"mix": {"ratios": [0, True]}}, "mix.ratios.1"),
        ({"retrain": {"classifier": {"kind": "cnn", "steps": True}}}, "retrain.classifier.steps"),
        ({"classes": {"a": {"label": "a", "candidates": True}, "b": {"label": "b"}}}, "classes.a.candidates"),
        ({"prepare": {"source": {"kind": "demo", "name": "digits"}, "white": True}}, "prepare.white"),
        (
            {
                "prepare": {
                    "source": {
                        "kind": "table",
                        "path": "t.csv",
                        "target": "y",
                        "rules": [{"kind": "range", "column": "x", "low": True}],
                    }
                }
            },
            "prepare.source.rules.0.low",
        ),
    ],
)
def test_true_is_no_number_wherever_it_stands(sections: dict[str, Any], place: str) -> None:
    whole = {"classes": {"a": {"label": "a"}, "b": {"label": "b"}}, "synthesis": {"method": "smote"}} | {
        "prepare": {"source": {"kind": "demo", "name": "digits"}}
    }
    with pytest.raises(ValidationError) as caught:
        Params.model_validate(whole | sections | {"measure": {"confidence": 7}})
    mistakes = explain_mistakes(caught.value, Params)
    assert len(mistakes) == 2, "the others are told as well"
    assert any(said.startswith(f"{place}: ") and "number" in said for said in mistakes)


def test_truth_values_stay_where_they_are_meant() -> None:
    Params.model_validate(
        {"classes": {"a": {"label": "a", "specialise": True}, "b": {"label": "b"}}, "synthesis": {"method": "smote"}}
        | {"prepare": {"source": {"kind": "demo", "name": "digits"}}, "mix": {"per_class": True}}
    )
