"""The code blocks of docs/consume.md run as they stand, on exports that hold what each section is about."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_beside import with_companions
from tests.sharding.test_export import IMAGE, TABLE, task_of

PAGE = Path(__file__).parents[2] / "docs/consume.md"


def sections() -> dict[str, list[str]]:
    """Heading -> its Python blocks."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = {
        heading: re.findall(r"^```python\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {heading: found for heading, found in blocks.items() if found}


def test_every_promised_consumer_is_on_the_page() -> None:
    assert list(sections()) == [
        "A torch DataLoader over the tars",
        "Companions of the images",
        "pandas and scikit-learn over the table shards",
        "Decide as the measured classifier did",
        "A plain folder of PNGs",
        "Verification",
    ]


@pytest.mark.parametrize("heading", sections())
def test_the_blocks_run(tmp_path: Path, heading: str) -> None:
    table = "table" in heading
    project = write_project(tmp_path, modality="table" if table else "image", channels=3)
    if "Companions" in heading:
        project = with_companions(tmp_path, ("mask", "attributes", "caption"), ("mask", "attributes"))
    export(task_of(project, TABLE if table else IMAGE), tmp_path / "export")
    script = tmp_path / "job.py"
    code = "\n".join(sections()[heading])
    # A script, as users have: DataLoader workers and their `__main__` included.
    script.write_text(f"EXPORT = {str(tmp_path / 'export')!r}\n{code}\n", encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()
