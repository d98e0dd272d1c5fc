"""What the doctor finds in a folder, by name."""

from __future__ import annotations

from pathlib import Path

from gan_augment.cli.doctor import examine
from gan_augment.cli.finding import Finding

__all__ = ["PARAMS", "found"]

PARAMS = (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")


def found(root: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(root)}
