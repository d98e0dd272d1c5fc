"""Whatever happens to params.yaml, it is right or it is told: exit code 0 or 2, a few lines, no traceback.

50 cases by default, 2,000 in `make nightly`; each changes a whole file of settings at the level of its values, its
lines or its bytes.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gan_augment.params import Params
from tests.cli.command import run

pytestmark = pytest.mark.timeout(1800)  # against a hang alone
MOST_LINES, MOST_CHARACTERS = 40, 6000

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3.5, 1e308, -1e308, 1e-320, math.inf, -math.inf, math.nan, 10**30, -(10**30)),
    *(2**31, 2**63, 16**400, "", "no", "null", "1e3", "a: b", "- x", "x" * 5000, "\x7f", "\x85", "\u2028", "a\0b"),
    *("../../evil", "/dev/zero", "/", "..", "~", "${a}", "{{ a }}", "猫", "\ufeff", [], {}, [[]], [None] * 50),
    *({"kind": "x"}, {1: 2}, {"kind": "table"}, [{"kind": "range"}], "2020-13-45", "cuda:99999999999999999999"),
)  # fmt: skip


def project() -> dict[str, Any]:
    given = {
        "classes": {"a": {"label": "a"}, "b": {"label": "b"}},
        "prepare": {"source": {"kind": "table", "path": "t.csv", "target": "y"}},
        "synthesis": {"method": "tabular_gan", "settings": {"steps": 5, "batch_size": 32}},
    }
    return dict(Params.model_validate(given).model_dump(mode="json", exclude_none=True))


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, inner in items for place in places(inner, (*at, key)))]


def another_value(chance: random.Random) -> str:
    """One to three values, anywhere, become something else, or get a key beside them."""
    whole = project()
    for _ in range(chance.randint(1, 3)):
        *parents, last = chance.choice(places(whole)[1:])
        owner: Any = whole
        for key in parents:
            owner = owner[key]
        what = chance.random()
        if what < 0.15 and isinstance(owner, dict):
            del owner[last]
        elif what < 0.3 and isinstance(owner, dict):
            owner[chance.choice(["zzz", "kind", "label", "x" * 300, "a\nb", 3, True])] = copy.deepcopy(
                chance.choice(VALUES)
            )
        else:
            owner[last] = copy.deepcopy(chance.choice(VALUES))
        if not places(whole)[1:]:
            break
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


def other_lines(chance: random.Random) -> str:
    """Lines are gone, doubled, indented, or something that YAML knows stands between them."""
    lines = yaml.safe_dump(project(), sort_keys=False).splitlines()
    strange = [
        "\t",
        "<<: *a",
        "&a",
        "*a",
        "!!python/name:os.system",
        "? [",
        "---",
        "...",
        "%YAML 9",
        "[" * 3000,
        "{" * 300,
    ]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        chance.choice(
            [
                lambda at=at: lines.pop(at) if len(lines) > 1 else None,
                lambda at=at: lines.insert(at, lines[chance.randrange(len(lines))]),
                lambda at=at: lines.insert(at, chance.choice(strange)),
                lambda at=at: lines.__setitem__(at, " " * chance.randint(1, 9) + lines[at]),
            ]
        )()
    return "\n".join(lines) + "\n"


def other_bytes(chance: random.Random) -> bytes:
    """Bytes are flipped, cut or doubled."""
    content = bytearray(yaml.safe_dump(project(), sort_keys=False).encode())
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(content))
        content[at] = chance.randrange(256)
    if chance.random() < 0.3:
        del content[chance.randrange(len(content)) :]
    if chance.random() < 0.1:
        content *= chance.choice([2, 50])
    return bytes(content)


CHANGES: tuple[Callable[[random.Random], str | bytes], ...] = (another_value, another_value, other_lines, other_bytes)


@pytest.mark.parametrize("cases", [50, pytest.param(2000, marks=pytest.mark.nightly)])
def test_a_changed_params_is_right_or_told(cases: int, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60), "y": ["a", "b"] * 30})
    frame.to_csv(tmp_path / "t.csv", index=False)
    for case in range(cases):
        chance = random.Random(f"{cases} {case}")
        text = chance.choice(CHANGES)(chance)
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / "params.yaml").write_bytes(content)
        for words in (("params", "check"), ("generate", "a", "--dry-run")):
            done = run(*words, cwd=tmp_path)
            told = f"case {case} of {cases}: {done.returncode}\n{done.stderr[:2000]}\n{content[:3000]!r}"
            assert done.returncode in (0, 2), told
            assert "Traceback" not in done.stdout + done.stderr, told
            assert (done.returncode == 0) is (done.stderr == ""), told
            assert len(done.stderr.splitlines()) <= MOST_LINES, told
            assert len(done.stderr) <= MOST_CHARACTERS, told
        assert not (tmp_path / ".gan_augment/errors").exists(), told
