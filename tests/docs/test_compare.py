"""The sweep of docs/compare.md, command by command, with settings that take a minute."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nightly]
PAGE = Path(__file__).parents[2] / "docs/compare.md"
TINY = {
    "candidates: 276": "candidates: 40",
    "ratios: [0, 0.5, 1, 2, 3]": "ratios: [0, 1]",
    "  seeds: 3 ": "  seeds: 2 ",
    "  seeds: 5": "  seeds: 2",
    "second_opinion: auto": "second_opinion: none",
    "arms: [real, real_classical, cheap, real_synthetic, real_classical_synthetic, synthetic]": (
        "arms: [real, real_synthetic]"
    ),
}


@pytest.fixture
def shell(tmp_path: Path, command_line: None) -> Path:
    """An empty folder, with this environment's commands on the path and a Git identity."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def say(command: str, cwd: Path) -> str:
    done = subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_the_sweep_runs_as_written(shell: Path) -> None:
    block = re.search(r"^## A sweep.*?```bash\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert block is not None
    *commands, comparison = [line.partition("  #")[0].strip() for line in block[1].splitlines()]
    names: list[str] = []
    for command in commands:
        if command.startswith("git add"):
            params = shell / "params.yaml"
            text = params.read_text(encoding="utf-8")
            for old, new in TINY.items():
                assert old in text
                text = text.replace(old, new)
            params.write_text(text, encoding="utf-8")
        names += re.findall(r"Queued experiment '(.+?)'", say(command, shell))
    assert len(names) == 3
    written = re.findall(r"compare (\S+) (\S+) (\S+)", comparison)[0]
    for old, new in zip(written, names, strict=True):
        comparison = comparison.replace(old, new)
    printed = say(comparison, shell)
    assert all(name in printed for name in names)
    assert printed.count("95 % interval") == 2, printed
    assert (shell / "methods.html").is_file()
