"""Publication of exports: shards whose verdict passes become `current`; otherwise the current version stays.

published/
    current -> versions/3f9c...     one symbolic link, replaced in one step: a reader sees the old export or the new
    versions/3f9c.../               an export, byte by byte, named by its checksums
    .publish/                       locks: one publication at a time, whichever project it comes from

Only versions that were published here are removed: their name is the checksum of their list of checksums, and they hold
the files of that list and no others. Everything else there belongs to the user.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_augment.core.atomic import file_hash, remove, replacing_directory
from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.core.locks import holding
from gan_augment.core.records import Record
from gan_augment.sharding.config import PublishConfig
from gan_augment.sharding.index import CHECKSUMS, read_index, verify

__all__ = ["CURRENT", "Published", "publish"]

CURRENT = "current"
_VERSIONS = "versions"
_DIGITS = 16  # digits of the checksum that names a version
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.gan-augment\.(partial|old)")  # left by a kill


class Published(Record):
    """Outcome: the version that is current now (None: none yet), the previous one, and the reason."""

    passed: bool
    current: str | None
    previous: str | None
    sentence: str


def publish(export: Path, measure: Mapping[str, Any], to: Path, config: PublishConfig) -> Published:
    """Apply the policy; where it passes, copy, check and switch.

    After any failure or kill, `to/current` is what it was before.

    Parameters
    ----------
    export
        The folder that `export` wrote.
    measure
        The contents of reports/measure.json.
    to
        The folder of published versions; made when needed.

    Raises
    ------
    MissingInputError
        There is no export, or it was made from another measurement.
    DataError
        The export is not as it was written, or `to/current` is not a link of ours.
    """
    content = read_index(export)["content"]
    if content["sentence"] != measure["sentence"]:
        raise MissingInputError(
            "The export and the measurement do not belong together",
            where=export,
            got=f"an export made when the measurement said: {content['sentence']}",
            expected=str(measure["sentence"]),
            remedy="run `dvc repro`, which exports again",
        )
    previous = _current(to)
    if objection := _objection(content, str(measure["verdict"]), config):
        stays = f"{previous} stays current" if previous else "nothing was published before"
        return Published(
            passed=False, current=previous, previous=previous, sentence=f"Not published: {objection}; {stays}."
        )
    with holding(to / ".publish", writes=["publish"]):
        previous = _current(to)
        version = _add_version(export, to)
        _switch(to, version)
        _forget_old(to, version, config.keep)
    already = " (it was already)" if version == previous else ""
    sentence = f"Published: {to / CURRENT} is version {version} now{already}."
    return Published(passed=True, current=version, previous=previous, sentence=sentence)


def _objection(content: Mapping[str, Any], verdict: str, config: PublishConfig) -> str:
    """Reason why the policy is not met; empty where it is."""
    if config.require == "helps" and content["basis"] != "measured":
        return f"the policy wants synthetic rows that help, the verdict is: {verdict}"
    if config.require == "no_harm" and verdict == "hurts":
        return "the policy wants no harm, the verdict is: hurts"
    if config.require == "no_harm" and verdict == "not tried" and content["basis"] == "forced":
        return "the policy wants no harm, and synthetic rows were not tried"
    return ""


def _current(to: Path) -> str | None:
    link = to / CURRENT
    if link.is_symlink() and link.readlink().parent == Path(_VERSIONS):
        return link.readlink().name
    if os.path.lexists(link):
        raise DataError(
            "The place to publish to is taken",
            where=link,
            expected="nothing, or the link that an earlier publication made",
            remedy="move it away, or name another folder in publish.to",
        )
    return None


def _add_version(export: Path, to: Path) -> str:
    """Copy the export to its version's folder, unless it is there and whole; it is checked before it gets its name."""
    version = file_hash(export / CHECKSUMS)[:_DIGITS]
    folder = to / _VERSIONS / version
    with contextlib.suppress(DataError, MissingInputError):
        verify(folder)
        return version
    if folder.exists() and not _is_ours(folder):
        raise DataError(
            "The place of this version is taken",
            where=folder,
            got="a folder with files that were not published",
            remedy="move it away, and publish again",
        )
    with replacing_directory(folder) as partial:
        shutil.copytree(export, partial, dirs_exist_ok=True)
        verify(partial)
    return version


def _switch(to: Path, version: str) -> None:
    """Switch `current` in one rename: no reader ever finds it missing."""
    beside = to / f".{CURRENT}.gan-augment.partial"
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path(_VERSIONS) / version, target_is_directory=True)
    os.replace(beside, to / CURRENT)


def _forget_old(to: Path, current: str, keep: int) -> None:
    for folder in (to / _VERSIONS).iterdir():
        if _UNFINISHED.fullmatch(folder.name):
            remove(folder)
    versions = [folder for folder in (to / _VERSIONS).iterdir() if folder.name != current and _is_ours(folder)]
    versions.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in versions[keep - 1 :]:
        # Under another name first: half a version under a version's name would never be recognised as ours.
        shutil.rmtree(folder.rename(folder.with_name(f".{folder.name}.gan-augment.old")), ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is a version that `publish` made, without any other file."""
    checksums = folder / CHECKSUMS
    if folder.is_symlink() or not checksums.is_file() or file_hash(checksums)[:_DIGITS] != folder.name:
        return False
    lines = checksums.read_text(encoding="utf-8").splitlines()
    listed = {line.partition("  ")[2] for line in lines} | {CHECKSUMS}
    return all(path.is_dir() or path.relative_to(folder).as_posix() in listed for path in folder.rglob("*"))
