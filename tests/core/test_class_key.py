"""A class's key is a name of a stage, a folder and a file on every system."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gan_augment.core.class_key import DEVICE_NAMES, RESERVED_KEYS, ClassKey

KEY = TypeAdapter(ClassKey)


@pytest.mark.parametrize("key", ["a", "cat", "c0", "x-ray_2", "a" * 100, "common", "com10"])
def test_a_safe_name_is_taken_as_it_is(key: str) -> None:
    assert KEY.validate_python(key) == key


@pytest.mark.parametrize(
    "key", ["", "A", "Cat", "0", "-a", "_a", "a b", "a/b", "a.b", "..", "a\n", "é", "猫", "a@b", "a" * 101]
)
def test_what_is_no_name_of_a_folder_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="a key is a letter"):
        KEY.validate_python(key)


@pytest.mark.parametrize("key", sorted(RESERVED_KEYS))
def test_a_taken_name_is_refused_with_one_that_is_free(key: str) -> None:
    with pytest.raises(ValidationError, match=f"class-{key} would do"):
        KEY.validate_python(key)
    assert KEY.validate_python(f"class-{key}") == f"class-{key}"


def test_windows_devices_and_the_joint_model_are_taken() -> None:
    assert {"con", "nul", "com1", "lpt9"} <= DEVICE_NAMES
    assert "pretrain" in RESERVED_KEYS


@given(st.text(max_size=120))
def test_the_schema_lets_nothing_pass_that_is_no_key(key: str) -> None:
    schema = KEY.json_schema()
    fits = re.search(schema["pattern"], key) is not None and len(key) <= schema["maxLength"]
    try:
        KEY.validate_python(key)
    except ValidationError:
        # An editor knows the pattern alone: no reserved names, and a `$` that a line's end may follow.
        assert not fits or key in RESERVED_KEYS or key.endswith("\n")
    else:
        assert fits
