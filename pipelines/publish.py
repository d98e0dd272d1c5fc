"""Publication at the end of a run: `gan-augment publish`, if params.yaml names a place and there is an export."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gan_augment.core.documents import read_document
from gan_augment.core.errors import DataError
from pipelines.lane import lane_environment
from pipelines.plan import Plan

__all__ = ["publish_shards", "wants_to_publish"]

_EXPORT = "export"


def wants_to_publish(root: Path, plan: Plan) -> bool:
    """Whether params.yaml names a place, and the plan brought the export up to date."""
    if not any(_EXPORT in lane.stages for lane in plan.lanes):
        return False
    params = read_document(root / "params.yaml", "run `gan-augment init` here").value
    section = params.get("publish") if isinstance(params, dict) else None
    return isinstance(section, dict) and section.get("to") is not None


def publish_shards(root: Path) -> str:
    """Publish where the policy is met, and return a sentence on the outcome.

    Raises
    ------
    DataError
        The publication was due but failed. The earlier publication is unchanged.
    """
    command = [sys.executable, "-m", "gan_augment", "publish", "--json", "--root", str(root.resolve())]
    done = subprocess.run(command, env=lane_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(
            "The shards could not be published; what was published before is still current",
            where=root / _EXPORT,
            got=done.stderr.strip(),
            remedy="correct that, and run again: only the publication is left to do",
        )
    return str(json.loads(done.stdout)["sentence"])
