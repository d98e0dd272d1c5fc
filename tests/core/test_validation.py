"""Mistakes are told with the place as the file has it, what was got, and what would be right."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from gan_augment.core.records import Record
from gan_augment.core.validation import explain_mistakes, listed, models_in, shown


class Tree(Record):
    kind: Literal["tree"] = "tree"
    depth: int = Field(default=3, ge=1)


class Net(Record):
    kind: Literal["net"] = "net"
    layers: tuple[float, ...] = Field(default=(1.0,), min_length=1)


Model = Annotated[Tree | Net, Field(discriminator="kind")]


class Leaf(Record):
    label: str


class Settings(Record):
    device: str = Field(default="cpu", pattern="^(cpu|cuda)$", description="cpu or cuda")
    model: Model = Tree()
    other: Model | Literal["auto", "none"] = "auto"
    words: tuple[Literal["a", "b"], ...] = Field(default=("a",), min_length=1)
    leaves: dict[str, Leaf] = Field(default_factory=dict)
    share: float = Field(default=0.5, gt=0, lt=1)
    limit: float | Literal["auto"] = "auto"
    bound: float | str = 1.0
    on: bool = True
    even: int = 2

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"device": "gpu"}, ["device: 'gpu', expected cpu or cuda"]),
        ({"devize": 1}, ["devize: unknown key, did you mean 'device'?"]),
        ({"zzz": 1}, ["zzz: unknown key"]),
        ({"model": {"kind": "bush"}}, ["model.kind: 'bush', expected 'tree', 'net'"]),
        ({"model": {}}, ["model.kind: missing"]),
        ({"model": {"kind": "tree", "depth": 0}}, ["model.depth: 0, expected at least 1"]),
        ({"model": {"kind": "tree", "dept": 4}}, ["model.dept: unknown key, did you mean 'depth'?"]),
        ({"model": {"kind": "net", "layers": 3}}, ["model.layers: 3, expected a list, such as [a, b]"]),
        ({"model": {"kind": "net", "layers": [1, "x"]}}, ["model.layers.1: 'x', expected a number"]),
        ({"other": "autos"}, ["other: 'autos', expected 'auto' or 'none'"]),
        ({"other": {"kind": "tree", "dept": 4}}, ["other.dept: unknown key, did you mean 'depth'?"]),
        ({"other": {"kind": "bush"}}, ["other.kind: 'bush', expected 'tree', 'net'"]),
        ({"words": ["c"]}, ["words.0: 'c', expected 'a' or 'b'"]),
        ({"words": []}, ["words: [], expected at least 1 of them"]),
        ({"leaves": {"label": {"label": 3}}}, ["leaves.label.label: 3, expected text"]),
        ({"leaves": {"x": {}}}, ["leaves.x.label: missing"]),
        ({"leaves": {"x": {"label": "y", "lable": "z"}}}, ["leaves.x.lable: unknown key, did you mean 'label'?"]),
        ({"leaves": 3}, ["leaves: 3, expected keys with values"]),
        ({"share": 1}, ["share: 1, expected less than 1"]),
        ({"on": "maybe"}, ["on: 'maybe', expected true or false"]),
        ({"limit": "x"}, ["limit: 'x', expected a number or 'auto'"]),
        ({"limit": float("nan")}, ["limit: nan, expected a finite number or 'auto'"]),
        ({"bound": []}, ["bound: [], expected a number or text"]),
        ({"share": float("inf")}, ["share: inf, expected a finite number"]),
        ({"leaves": {3: {"label": "y"}}}, ["leaves.3: 3, expected text as a key (in quotes)"]),
        ({"leaves": {"float": {}}}, ["leaves.float.label: missing"]),
        ({"float": 3}, ["float: unknown key"]),
        ({"a\nb" * 99: 3}, ["a\\nb" * 20 + "...: unknown key"]),
        ({"even": 3}, ["even: must be even (got 3)"]),
        ({"even": "x", "share": 0}, ["share: 0, expected more than 0", "even: 'x', expected a whole number"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_mistake_is_said_as_the_file_has_it(settings: dict[str, object], said: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(settings)
    assert explain_mistakes(caught.value, Settings) == said


def test_a_value_is_shown_in_a_line_however_large_it_is() -> None:
    vast: object = "x"
    for _ in range(60):
        vast = [vast] * 9
    assert len(shown(vast)) <= 80
    assert len(shown(dict.fromkeys(range(1000), vast))) <= 80
    assert shown("y" * 10**6)[:3] == "'yy"
    assert shown(16**6000) == "a number of 7225 digits"
    assert shown({"kind": "a"}) == "{'kind': 'a'}"


def test_of_many_mistakes_the_first_are_listed() -> None:
    lines = listed([f"mistake {n}" for n in range(1000)]).splitlines()
    assert len(lines) == 21
    assert lines[-1].strip() == "... and 980 more"


def test_models_are_found_in_unions_mappings_and_options() -> None:
    assert list(models_in(dict[str, Leaf | None])) == [Leaf]
    assert set(models_in(Settings.model_fields["other"].annotation)) == {Tree, Net}
    assert list(models_in(tuple[int, str])) == []
