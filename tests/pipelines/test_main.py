"""The command line: quick help, clear refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.__main__ import main


def test_help_loads_neither_prefect_nor_dvc_nor_torch() -> None:
    code = (
        "import sys\nfrom pipelines.__main__ import main\n"
        "try:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('prefect', 'dvc', 'torch', 'rich', 'pydantic') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "--executor" in shown
    assert shown.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [["run", "--workers", "0"], ["run", "--workers", "many"], ["run", "--executor", "nobody"],
     ["plan", "--root", "/nowhere"], ["run", "--retries", "-1"], []],
)  # fmt: skip
def test_a_wrong_argument_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_folder_without_dvc_is_told_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--root", str(tmp_path)]) == 2
    assert "dvc init" in capsys.readouterr().err


def test_plan_prints_what_is_to_run_and_after_what(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = finished / "params.yaml"
    params.write_text(params.read_text().replace("\nmix:\n", "\nmix:\n  seeds: 2\n"))  # of `mix` alone, not of `rivals`
    assert main(["plan", "mix", "--root", str(finished)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["up", "to", "date", "prepare"]
    assert lines[-1].split() == ["to", "run", "mix", "after", "cross_fit,", "curate,", "prepare,", "rivals"]
