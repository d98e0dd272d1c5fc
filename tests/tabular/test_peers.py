"""ctgan and rdt are under the Business Source Licence: only the benchmark that compares with ctgan imports them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import gan_augment

ROOT = Path(gan_augment.__file__).parent.parent
PEERS = re.compile(r"^\s*(?:from|import)\s+(?:ctgan|rdt|sdv)\b", flags=re.MULTILINE)


def test_only_the_table_benchmark_imports_peers() -> None:
    sources = [
        path for folder in ("gan_augment", "pipelines", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py")
    ]
    users = [path.relative_to(ROOT).as_posix() for path in sources if PEERS.search(path.read_text(encoding="utf-8"))]
    assert users == ["benchmarks/tabular.py"]


def test_peers_come_with_the_bench_extra_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asking = {name for name, wanted in project["optional-dependencies"].items() if any("ctgan" in w for w in wanted)}
    assert asking == {"bench"}
    assert not any("ctgan" in wanted for wanted in project["dependencies"])
