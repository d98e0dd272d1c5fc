"""The Python in docs/tables.md and docs/privacy.md runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gan_augment

DOCS = Path(gan_augment.__file__).parent.parent / "docs"


def blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_tables_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path(gan_augment.__file__).parent / "data" / "demo" / "penguins.csv"
    (tmp_path / "train.csv").write_bytes(source.read_bytes())
    random = np.random.default_rng(0)
    y = np.r_[np.zeros(60, dtype=int), np.ones(20, dtype=int)]
    stay = pd.DataFrame({"admitted": pd.to_datetime("2020-01-01") + pd.to_timedelta(random.integers(0, 99, 80), "D")})
    stay["discharged"] = stay["admitted"] + pd.to_timedelta(random.integers(0, 9, 80), "D")
    place = random.integers(0, 2, 80)
    stay["city"], stay["country"] = np.array(["Rome", "Nice"])[place], np.array(["IT", "FR"])[place]
    stay["age"], stay["outcome"] = random.integers(0, 90, 80), y
    names = {"X": random.normal(size=(80, 3)) + y[:, None], "y": y}
    first, pipeline, choose, rules = blocks("tables.md")
    few = {"train": stay, "pd": pd}
    for text, given in ((first, {}), (pipeline, names), (choose, few), (rules, {"train": stay})):
        scope = {**given}
        if text is rules:
            text = "from gan_augment.tabular import TableSynthesizer\n" + text  # noqa: PLW2901
        exec(text, scope)
        if text is first:
            assert scope["rows"]["species"].value_counts().to_dict() == {"Gentoo": 100, "Adelie": 20}


def test_privacy_page() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=120), "diagnosis": ["a", "b"] * 60})
    scope = {"train": frame[:60], "heldout": frame[60:]}
    (text,) = blocks("privacy.md")
    exec(text, scope)
    assert scope["signals"].copies == 0
