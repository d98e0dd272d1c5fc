"""How far a fit and a choice are: a bar where it is asked for, nothing where it is not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from gan_augment.core import progress
from gan_augment.synthesis.api import TickReport
from gan_augment.tabular import TableSynthesizer, choose_augmentation
from tests.tabular.test_chooser import few_rare

QUICK = {"steps": 40, "width": 16, "batch_size": 32}
Call = tuple[str, float, float]


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """(title, done, total) of everything that a bar was told."""
    told: list[Call] = []

    @contextlib.contextmanager
    def bar(title: str) -> Iterator[Callable[[float, float, str], None]]:
        yield lambda done, total, _note: told.append((title, done, total))

    monkeypatch.setattr(progress, "progress_bar", bar)
    return told


def test_a_verbose_fit_shows_a_bar_up_to_the_end(bars: list[Call]) -> None:
    ticks: list[TickReport] = []
    TableSynthesizer("tabular_gan", QUICK).fit(few_rare(), "y", verbose=True, progress=ticks.append)
    assert len(bars) == len(ticks) > 10
    assert {title for title, _, _ in bars} == {"fit tabular_gan"}
    assert [done for _, done, _ in bars] == sorted(done for _, done, _ in bars)
    assert bars[-1][1] == bars[-1][2]


def test_a_verbose_choice_shows_a_bar_up_to_the_end(bars: list[Call]) -> None:
    settings = {"classifier": "logistic_regression", "methods": ["jitter"], "folds": 3, "repeats": 1}
    choose_augmentation(few_rare(), "y", verbose=True, **settings)  # type: ignore[arg-type]
    assert bars == [("choose", done, 6) for done in range(1, 7)]


def test_quiet_by_default(bars: list[Call], capfd: pytest.CaptureFixture[str]) -> None:
    TableSynthesizer("tabular_gan", QUICK).fit(few_rare(), "y").sample(5)
    settings = {"classifier": "logistic_regression", "methods": ["jitter"], "folds": 3, "repeats": 1}
    choose_augmentation(few_rare(), "y", **settings)  # type: ignore[arg-type]
    assert bars == []
    assert capfd.readouterr() == ("", "")
