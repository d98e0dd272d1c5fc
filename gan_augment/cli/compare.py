"""`gan-augment compare`: the places of the runs. A folder is one; a revision's files come from Git and DVC's cache."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gan_augment.core.errors import MissingInputError

__all__ = ["fetch_revision", "found_runs", "run_comparison"]

# Files that a comparison reads. The predictions of all arms: measure.json names the arm that counts.
REPORTS = ("params.yaml", "reports/measure.json", "reports/curate.json")
PREDICTIONS = ("data/prepared/dataset.json", "data/prepared/test_labels.parquet", "predictions")


def run_comparison(runs: Sequence[str], root: Path, html: Path | None, *, as_json: bool) -> None:
    """Print the leaderboard (or JSON), and write it as a page where `html` is given."""
    from gan_augment.core.atomic import check_writable, write_text
    from gan_augment.reporting.leaderboard import leaderboard_table, render_leaderboard
    from gan_augment.studies.comparison import compare

    if html is not None:
        html = check_writable(html, "The page")
    with found_runs(runs, root) as folders:
        board = compare(folders)
    if html is not None:
        write_text(html, render_leaderboard(board))
    if as_json:
        print(json.dumps(asdict(board), indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 150).print(leaderboard_table(board))
    if html is not None:
        print(f"page: {html}")


@contextlib.contextmanager
def found_runs(runs: Sequence[str], root: Path) -> Iterator[dict[str, Path]]:
    """Folders by name, in the order given. Files extracted from revisions are deleted afterwards.

    Raises
    ------
    MissingInputError
        A name is neither a folder nor a revision of the project in `root`.
    """
    with tempfile.TemporaryDirectory(prefix="gan-augment-compare-") as scratch:
        found = {}
        for number, name in enumerate(dict.fromkeys(runs)):
            folder = Path(name)
            if not folder.is_dir():
                folder = Path(scratch) / str(number)
                fetch_revision(name, root, folder)
            found[name] = folder
        yield found


def fetch_revision(revision: str, root: Path, target: Path) -> None:
    """Copy a comparison's files from a commit, branch, tag or DVC experiment of the repository around `root`.

    Predictions that DVC no longer has are skipped: the run is then listed without a paired difference.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # missing files are reported by us, not by DVC
    try:
        repository = _repository(root)
        files = DVCFileSystem(str(repository), rev=revision, subrepos=True)  # a project may lie in a subfolder
        _ = files.repo  # opens it now: `exists` would take an invalid revision for a missing file
        inside = root.resolve().relative_to(repository).as_posix()
        for path in REPORTS:
            _copy(files, f"{inside}/{path}", target / path)
        for path in PREDICTIONS:
            with contextlib.suppress(OSError, DvcException):
                _copy(files, f"{inside}/{path}", target / path)
    except (SCMError, DvcException) as error:
        raise MissingInputError(
            "There is no such run",
            where=revision,
            got=f"no folder of that name; as a revision: {error}",
            expected="a project's folder, or a commit, branch, tag or DVC experiment of this project",
            remedy="`dvc exp show` and `git branch` list what there is",
        ) from None


def _repository(root: Path) -> Path:
    """Top folder of the Git repository, to which a revision's paths are relative; `root` without one."""
    folders = (root.resolve(), *root.resolve().parents)
    return next((folder for folder in folders if (folder / ".git").exists()), folders[0])


def _copy(files: Any, source: str, target: Path) -> None:
    if files.exists(source):
        target.parent.mkdir(parents=True, exist_ok=True)
        files.get(source, str(target), recursive=files.isdir(source))
