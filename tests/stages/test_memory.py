"""From generate to export, ten times the candidates take no more memory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "stream_memory.py"


@pytest.mark.nightly
@pytest.mark.parametrize("modality", ["image", "table"])
def test_peak_memory_is_flat_to_a_tenth(tmp_path: Path, modality: str) -> None:
    command = [sys.executable, BENCHMARK, "20000", "200000", "--modality", modality, "--folder", tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    growth = {stage: float(share) for stage, share in re.findall(r"(\w+)\s+grows by ([+-][\d.]+)%", done.stdout)}
    assert growth.keys() == {"generate", "curate", "mix", "export"}
    assert max(growth.values()) < 10, done.stdout
