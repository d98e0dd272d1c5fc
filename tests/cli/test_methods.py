"""`methods list` says what each method makes, whose label its samples carry, and what is trained when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gan_augment.cli.methods import list_methods, show_method
from gan_augment.synthesis.registry import BUILT_IN


def test_the_list_for_programs_has_every_fact_of_every_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_methods(tmp_path, as_json=True)
    rows = {row.pop("name"): row for row in json.loads(capsys.readouterr().out)}
    assert set(BUILT_IN) <= set(rows)
    assert {"makes": "image", "label_from": "condition", "fitted": "per class"}.items() <= rows["vanilla"].items()
    assert {"makes": "image+table", "label_from": "source", "fitted": "jointly"}.items() <= rows["oversample"].items()


def test_the_list_for_people_stands_in_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_methods(tmp_path, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(BUILT_IN)
    assert len({line.index("label from ") for line in lines}) == 1
    (vanilla,) = [line for line in lines if line.startswith("vanilla ")]
    assert "  label from condition  per class  " in vanilla


def test_a_methods_rivals_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_method("super_resolution", as_json=False)
    assert "Its untrained rivals, which run as arms beside it: bicubic" in capsys.readouterr().out
    show_method("bicubic", as_json=False)
    assert "rivals" not in capsys.readouterr().out
