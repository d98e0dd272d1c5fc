"""One thread a process, and what the user has said stays."""

from __future__ import annotations

import os

import pytest

from gan_augment.cli.threads import one_thread_each

NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def test_only_what_is_not_said_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "4")
    one_thread_each()
    assert [os.environ[name] for name in NAMES] == ["1", "4", "1"]
