"""What a method needs is named with its role, with what the data has, and with the lines that would give it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gan_augment.core.errors import MethodError
from gan_augment.core.records import ROLES, ArrayField, DatasetSpec, PoolSpec
from gan_augment.data.config import PrepareConfig
from gan_augment.synthesis import needs
from gan_augment.synthesis.api import Traits
from gan_augment.synthesis.needs import refuse_unmet, unmet
from gan_augment.synthesis.registry import BUILT_IN, resolve_method
from tests.toys import image_toy, table_toy

IMAGES, TABLE = image_toy(8)[0].spec, table_toy(12)[0].spec


def traits(**changes: Any) -> Traits:
    return Traits(**{"makes": frozenset({"image"}), "label_from": "condition"} | changes)


def with_(**changes: Any) -> DatasetSpec:
    return IMAGES.model_copy(update=changes)


def test_nothing_is_missing_where_nothing_is_needed() -> None:
    assert unmet(traits(pool="may", uses=frozenset({"mask"})), IMAGES) == []
    refuse_unmet("any", [])


@pytest.mark.parametrize("role", ROLES)
def test_a_companion_is_missing_until_it_is_there(role: Any) -> None:
    needy = traits(needs=frozenset({role}))
    (lack,) = unmet(needy, IMAGES)
    assert (lack.what, lack.has) == (role, "no companions")
    assert lack.lines[0].startswith("companions: {" + role)
    assert unmet(needy, with_(companions={role: ArrayField(shape=(8, 8, 1))})) == []


def test_what_is_there_instead_is_said() -> None:
    (lack,) = unmet(traits(needs=frozenset({"mask"})), with_(companions={"pair": ArrayField(shape=(8, 8, 1))}))
    assert lack.has == "the companions pair"


@pytest.mark.parametrize(("pool", "has"), [(None, "no pool"), (PoolSpec(rows=0), "a pool without rows")])
def test_a_pool_must_have_rows(pool: PoolSpec | None, has: str) -> None:
    (lack,) = unmet(traits(pool="must"), with_(pool=pool))
    assert (lack.what, lack.has) == ("pool", has)
    assert unmet(traits(pool="must"), with_(pool=PoolSpec(rows=1))) == []
    assert unmet(traits(pool="may"), with_(pool=pool)) == []


def test_of_another_modality_nothing_else_is_said() -> None:
    (lack,) = unmet(traits(pool="must", needs=frozenset({"mask"})), TABLE)
    assert (lack.what, lack.has, lack.lines) == ("images", "rows", ())


def test_one_message_has_everything_and_the_lines_to_write() -> None:
    lacks = unmet(traits(pool="must", needs=frozenset({"mask", "caption"})), IMAGES)
    with pytest.raises(MethodError) as error:
        refuse_unmet("dream", lacks)
    text = str(error.value)
    assert "'dream' needs what the data does not have: mask, caption, pool" in text
    assert "no companions and no pool" in text
    assert text.index("companions: {mask") < text.index("companions: {caption") < text.index("pool: {kind")


def test_the_line_of_the_pool_is_one_that_params_yaml_takes() -> None:
    line = yaml.safe_load(needs._POOL_LINE)
    PrepareConfig.model_validate({"source": {"kind": "image_folder", "path": "x"}, **line})


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_method_is_ready_for_what_it_makes_or_says_why(name: str) -> None:
    found = resolve_method(name).traits
    for spec in (IMAGES, TABLE):
        lacks = unmet(found, spec)
        assert bool(lacks) == (spec.modality not in found.makes or bool(found.needs) or found.pool == "must")
