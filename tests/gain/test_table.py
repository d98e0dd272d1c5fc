"""The printed table of arms: whole numbers and names on the narrowest usual terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from gan_augment.gain.table import render


def measured() -> dict[str, Any]:
    full, half = ({"mean": mean, "low": mean, "high": mean} for mean in (1.0, 0.5))
    arm = {
        "arm": "real_classical_synthetic",
        "variant": "classical, balanced",
        "rows_real": 48_213,
        "rows_synthetic": 91_604,
        "balanced_accuracy": full,
        "macro_f1": half,
        "worst_class_recall": full,
        "rare_class_recall": full,
        "rare_class_precision": half,
    }
    gain = {"confidence": 0.95, "baseline_arm": "real", "synthetic_arm": arm["arm"]}
    return {"verdict": "helps", "sentence": "It helps.", "notes": [], "gain": gain, "arms": [arm], "test_rows": 9,
            "seeds": 5}  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_off(width: int) -> None:
    stream = io.StringIO()
    Console(width=width, file=stream).print(render(measured(), {}))
    lines = stream.getvalue().splitlines()
    (row,) = [line for line in lines if "real_classical_synthetic" in line]
    assert row.split() == ["real_classical_synthetic", "48213", "91604", "100.0", "100.0", "to", *["100.0"] * 3]
    below = lines[lines.index(row) + 1]  # rare recall never stands alone
    assert "classical, balanced" in below
    assert below.split()[-2:] == ["50.0", "50.0"]
    assert "…" not in stream.getvalue()
    assert max(map(len, lines)) <= width


def test_strings_have_columns_of_their_own() -> None:
    found = measured() | {"readings": {}}
    figures = {name: found["arms"][0][name] for name in ("balanced_accuracy", "macro_f1", "worst_class_recall")}
    names = ("exact_match", "character_accuracy", "worst_length")
    arm = {k: v for k, v in found["arms"][0].items() if not isinstance(v, dict)} | dict(
        zip(names, figures.values(), strict=True)
    )
    stream = io.StringIO()
    Console(file=stream, width=80).print(render(found | {"arms": [arm]}, {}))
    text = stream.getvalue()
    assert "strings" in text
    assert "worst" in text
    assert "rare" not in text


def test_what_the_rows_are_worth_is_said_after_the_verdict() -> None:
    stream = io.StringIO()
    worth = {"sentence": "These synthetic rows are worth about 9 more real rows."}
    Console(width=120, file=stream).print(render(measured() | {"worth": worth}, {}))
    assert "It helps.\nThese synthetic rows are worth about 9" in "\n".join(
        map(str.rstrip, stream.getvalue().splitlines())
    )
