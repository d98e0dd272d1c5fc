"""The schema that editors complete from says what `load_params` does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gan_augment.core.errors import ParamsError
from gan_augment.params import Params, load_params
from gan_augment.setup.initialise import write_project
from gan_augment.setup.inspect import inspect_demo
from gan_augment.setup.schema import SCHEMA_FILE, params_schema, write_schema
from gan_augment.synthesis.registry import method_names, resolve_method
from tests.cli.command import run

SHIPPED = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return params_schema()


@pytest.fixture
def shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return loaded


def test_it_is_a_schema_and_the_shipped_params_are_right(schema: dict[str, Any], shipped: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(shipped, schema)


def objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Params", schema
    yield from schema["$defs"].items()


def test_every_key_has_a_meaning(schema: dict[str, Any]) -> None:
    unexplained = [
        f"{name}.{key}"
        for name, part in objects(schema)
        for key, value in part.get("properties", {}).items()
        if not value.get("description")
    ]
    assert unexplained == [], "give the field a description, or a line in gan_augment/setup/schema.py"


def test_every_section_refuses_unknown_keys(schema: dict[str, Any]) -> None:
    assert [name for name, part in objects(schema) if "properties" in part and part["additionalProperties"]] == []


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            part = list(part.values())
        if isinstance(part, list):
            for inner in part:
                yield from references(inner)

    found = set(references(schema))
    assert found
    assert all(reference.removeprefix("#/$defs/") in schema["$defs"] for reference in found)


WRONG: list[tuple[str, Any]] = [
    ("nonsense", 1),
    ("generate.candidate", 3),
    ("generate.candidates", "many"),
    ("base.seed", -1),
    ("base.device", "gpu"),
    ("classes.c0.colour", "red"),
    ("prepare.source.kind", "folder"),
    ("prepare.resize", "squash"),
    ("retrain.classifier", {"kind": "cnn", "trees": 3}),
    ("retrain.arms", ["real", "imaginary"]),
    ("synthesis.method", "conditonal"),
    ("synthesis.settings", {"kimgs": 3}),
    ("synthesis.settings", {"kimg": "long"}),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=[f"{key}={value}" for key, value in WRONG])
def test_what_the_program_refuses_the_schema_refuses(
    key: str, value: Any, schema: dict[str, Any], shipped: dict[str, Any], tmp_path: Path
) -> None:
    changed = copy.deepcopy(shipped)
    *parents, last = key.split(".")
    section = changed
    for parent in parents:
        section = section[parent]
    section[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, schema)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    if parents[:1] == ["synthesis"]:
        assert run("params", "check", cwd=tmp_path).returncode == 2
    else:
        with pytest.raises(ParamsError):
            load_params(tmp_path / "params.yaml")


def test_the_settings_are_those_of_the_method(schema: dict[str, Any], shipped: dict[str, Any]) -> None:
    for name in method_names():
        shipped["synthesis"] = {"method": name, "settings": {}}
        jsonschema.validate(shipped, schema)
        known = schema["$defs"][f"{name}.settings"].get("properties", {})
        assert set(known) == set(resolve_method(name).Config.model_fields)


def test_the_projects_of_all_demos_are_right(schema: dict[str, Any], tmp_path: Path) -> None:
    write_project(tmp_path, inspect_demo("penguins"), repository=False)
    jsonschema.validate(yaml.safe_load((tmp_path / "params.yaml").read_text(encoding="utf-8")), schema)


def test_the_first_line_of_params_leads_an_editor_to_the_schema(tmp_path: Path, schema: dict[str, Any]) -> None:
    write_project(tmp_path, inspect_demo("penguins"), repository=False)
    first = (tmp_path / "params.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE.as_posix()}"
    assert json.loads((tmp_path / SCHEMA_FILE).read_text(encoding="utf-8")) == schema


def test_a_fresh_clone_gets_it_back(tmp_path: Path, schema: dict[str, Any]) -> None:
    done = run("params", "schema", "--write", cwd=tmp_path)
    assert done.stdout == f"wrote {SCHEMA_FILE}\n"
    assert json.loads((tmp_path / SCHEMA_FILE).read_text(encoding="utf-8")) == schema
    assert set(schema["properties"]) == set(Params.model_fields)
    assert write_schema(tmp_path) == tmp_path / SCHEMA_FILE
