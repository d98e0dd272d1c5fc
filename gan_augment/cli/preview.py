"""`gan-augment preview`: a page of the data, and a few lines on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["show_preview"]


def show_preview(root: Path, html: Path | None, *, as_json: bool) -> None:
    """Write the page (to `html`, or into .gan_augment) and print the summary, or the audit as JSON."""
    from gan_augment.core.atomic import check_writable
    from gan_augment.project.layout import Project
    from gan_augment.project.locks import stage_locks
    from gan_augment.reporting.preview import preview_text
    from gan_augment.studies.preview import preview_path, run

    project = Project.open(root)
    path = html or preview_path(project)
    path = check_writable(path, "The page")
    with stage_locks(root, project.params, "preview"):
        preview = run(project, path)
    if as_json:
        print(json.dumps({"page": str(path), **preview.audit}, indent=2, ensure_ascii=False))
        return
    print(preview_text(preview))
    print(f"page: {path}")
