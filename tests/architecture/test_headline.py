"""No file names the metric of one task: code reads `task.headline`, or the figures that a report holds."""

from __future__ import annotations

import re
from pathlib import Path

from gan_augment.scoring.tasks.classification import HEADLINE
from tests.pipelines.fake_project import REPOSITORY

# Only ever shorter. The command line loads nothing heavy to say its default; curation's judge asks for the class.
ALLOWED = {
    "gan_augment/cli/app.py",
    "gan_augment/curation/report.py",
    "gan_augment/scoring/metrics.py",
    "gan_augment/scoring/tasks/attributes.py",
    "gan_augment/scoring/tasks/classification.py",
    "gan_augment/scoring/tasks/thresholds.py",
}


def files() -> list[Path]:
    found = [path for package in ("gan_augment", "pipelines") for path in (REPOSITORY / package).rglob("*")]
    return sorted(path for path in found if path.suffix in {".py", ".j2"})


def test_the_headline_is_named_by_its_task_alone() -> None:
    named = {
        path.relative_to(REPOSITORY).as_posix()
        for path in files()
        if re.search(rf"\b{HEADLINE}\b", path.read_text(encoding="utf-8"))
    }
    assert named - ALLOWED == set(), "read task.headline"
    assert ALLOWED - named == set(), "take it off the list"
