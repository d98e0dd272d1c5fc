"""The project's `.gan_augment` folder: logs, durations, Prefect's own files. No stage reads anything in it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["LaneLogs", "scratch_folder"]


def scratch_folder(root: Path) -> Path:
    """Folder `root/.gan_augment`, made when needed, and ignored by git whatever the project's .gitignore contains."""
    folder = root / ".gan_augment"
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder


class LaneLogs:
    """Output of each lane in its last run, in `.gan_augment/logs/LANE.log`."""

    def __init__(self, root: Path) -> None:
        self._folder = scratch_folder(root) / "logs"
        self._folder.mkdir(exist_ok=True)

    def path(self, lane: str) -> Path:
        """File of the lane."""
        return self._folder / f"{lane.replace('/', '_')}.log"

    def begin(self, lane: str) -> None:
        """Empty the lane's file."""
        self.path(lane).write_text("", encoding="utf-8")

    def line(self, lane: str, text: str) -> None:
        """Append a line."""
        with self.path(lane).open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")
