"""The earlier place of the raw records gives the records themselves, not copies of them."""

from __future__ import annotations

from gan_augment.data import raw
from gan_augment.data.sources import api


def test_the_earlier_names_are_the_same_objects() -> None:
    assert api.__all__
    assert all(getattr(api, name) is getattr(raw, name) for name in api.__all__)
