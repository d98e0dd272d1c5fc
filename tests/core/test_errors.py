"""Errors: each fact on its line, and no more than a screen of them."""

from __future__ import annotations

from gan_augment.core.errors import DataError


def test_a_library_that_quotes_a_whole_file_does_not_fill_the_screen() -> None:
    said = DataError("broken", where="a.npz", got="x" * 1_000_000, remedy="copy it again").render()
    assert len(said) < 6000
    assert "characters)" in said
    assert "copy it again" in said
