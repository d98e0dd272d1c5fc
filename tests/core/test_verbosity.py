"""How much is said is read from the environment."""

from __future__ import annotations

import pytest

from gan_augment.core.errors import ParamsError
from gan_augment.core.verbosity import VERBOSITY, detail, remark, verbosity


@pytest.mark.parametrize(
    ("word", "out", "err"),
    [("", "a remark\n", ""), ("normal", "a remark\n", ""), ("quiet", "", ""), ("verbose", "a remark\n", "a detail\n")],
)
def test_what_is_said(
    word: str, out: str, err: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VERBOSITY, word)
    assert verbosity() == (word or "normal")
    remark("a remark")
    detail("a detail")
    assert capsys.readouterr() == (out, err)


def test_an_unknown_word_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VERBOSITY, "loud")
    with pytest.raises(ParamsError, match="quiet, normal or verbose"):
        verbosity()
