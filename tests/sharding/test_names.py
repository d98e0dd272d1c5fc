from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gan_augment.sharding.names import safe_name


@given(st.text(max_size=300))
def test_any_id_becomes_a_short_ascii_name_without_dots_or_slashes(identifier: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", safe_name(identifier))


@given(st.lists(st.text("a/\\. é猫", max_size=12), unique=True, max_size=30))
def test_different_ids_get_different_names(identifiers: list[str]) -> None:
    assert len({safe_name(identifier) for identifier in identifiers}) == len(identifiers)


def test_a_safe_id_stays_as_it_is() -> None:
    assert safe_name("conditional-3-0-17") == "conditional-3-0-17"
