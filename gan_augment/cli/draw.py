"""`gan-augment draw`: a contact sheet, and on the terminal what each of its rows was asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

__all__ = ["draw_sheet"]


def draw_sheet(
    root: Path,
    captions: Sequence[str],
    keys: Sequence[str],
    output: Path | None,
    *,
    count: int,
    seed: int,
    as_json: bool,
) -> None:
    """Write the sheet (to `output`, or into .gan_augment), and print its rows, or them as JSON."""
    from gan_augment.cli.threads import one_thread_each

    one_thread_each()
    from gan_augment.core.atomic import check_writable, replacing_file
    from gan_augment.core.png import encode_png
    from gan_augment.project.layout import Project
    from gan_augment.project.locks import stage_locks
    from gan_augment.studies.draw import contact_sheet, draw, sheet_path

    project = Project.open(root)
    path = check_writable(output or sheet_path(project), "The sheet")
    with stage_locks(root, project.params, "draw"):
        rows = draw(project, captions, keys, count=count, seed=seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(path) as partial:
        partial.write_bytes(encode_png(contact_sheet(rows)))
    said = [
        {"row": number, "caption": row.caption, "class": row.label, "note": row.note}
        for number, row in enumerate(rows, start=1)
    ]
    if as_json:
        print(
            json.dumps({"sheet": str(path), "count": count, "seed": seed, "rows": said}, indent=2, ensure_ascii=False)
        )
        return
    for one in said:
        words = f"class {one['class']}" if one["caption"] is None else f"{one['caption']} (class {one['class']})"
        print(f"row {one['row']}: {words}" + (f"; {one['note']}" if one["note"] else ""))
    print(f"sheet: {path}")
