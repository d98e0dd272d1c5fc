from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.class_key import KEY_PATTERN, RESERVED_KEYS
from gan_augment.data.class_keys import class_keys

LABELS = st.text(min_size=1, max_size=60)
AWKWARD = st.sampled_from(
    ["cat", "Cat", "CAT ", "pretrain", "c a/t", "a/b", "a b", "0", "00", "é", "e", "猫", "犬", "no", "null", "con"]
)
LIKE_A_KEY = st.just("cat-48735c4f")  # which "Cat" gets beside "cat"


@given(st.lists(st.one_of(LABELS, AWKWARD, LIKE_A_KEY), min_size=1, max_size=30))
def test_keys_are_safe_unique_and_one_a_label(labels: list[str]) -> None:
    keys = class_keys(labels)
    assert set(keys) == set(labels)
    assert len(set(keys.values())) == len(keys)
    for key in keys.values():
        assert KEY_PATTERN.fullmatch(key)
        assert key not in RESERVED_KEYS
        assert len(key) <= 40
        assert yaml.safe_load(key) == key  # neither a truth value nor a number


@given(st.lists(st.one_of(LABELS, AWKWARD), min_size=1, max_size=20, unique=True), st.randoms())
def test_keys_do_not_depend_on_the_order_of_the_labels(labels: list[str], random: object) -> None:
    shuffled = labels.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert class_keys(shuffled) == class_keys(labels)


@given(st.lists(AWKWARD, min_size=1, max_size=10, unique=True), AWKWARD)
def test_another_label_changes_a_key_only_where_they_collide(labels: list[str], other: str) -> None:
    before, after = class_keys(labels), class_keys([*labels, other])
    alone = {label: next(iter(class_keys([label]).values())) for label in [*labels, other]}
    for label in labels:
        if alone[label] != alone[other]:
            assert after[label] == before[label]


@pytest.mark.parametrize(
    ("label", "key"),
    [("7", "c7"), ("Gentoo penguin", "gentoo-penguin"), ("a/b", "a-b"), ("Adélie", "adelie"), ("no", "class-no")],
)
def test_known_keys(label: str, key: str) -> None:
    assert class_keys([label]) == {label: key}


def test_of_colliding_labels_the_one_that_is_its_own_key_keeps_it() -> None:
    keys = class_keys(["cat", "Cat", "c at"])
    assert keys["cat"] == "cat"
    assert keys["Cat"].startswith("cat-")
    assert keys["c at"] == "c-at"


def test_a_label_that_looks_like_the_key_and_hash_of_another_takes_it_from_that_one() -> None:
    keys = class_keys(["Cat", "cat", "cat-48735c4f"])
    assert keys["cat-48735c4f"] == "cat-48735c4f"
    assert keys["Cat"] == "cat-48735c4fae42"
    assert len(set(keys.values())) == 3


def test_a_label_with_half_a_character_has_a_key() -> None:
    assert KEY_PATTERN.fullmatch(class_keys(["\udcff"])["\udcff"])


def test_labels_of_other_scripts_get_keys_by_hash() -> None:
    keys = class_keys(["猫", "犬"])
    assert all(key.startswith("class-") for key in keys.values())
    assert keys["猫"] != keys["犬"]
