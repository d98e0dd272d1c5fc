"""`gan-augment doctor`: what is missing or broken on this machine and in this project, each with its remedy."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

__all__ = ["Finding", "examine", "render"]

FREE_DISK_WANTED = 2 * 2**30  # bytes: an environment's caches and a small project's outputs


@dataclass(frozen=True)
class Finding:
    """One line of the examination. `blocking`: the pipeline cannot run until the remedy is applied."""

    what: str
    state: str
    remedy: str = ""
    blocking: bool = False


def examine(root: Path) -> list[Finding]:
    """Every check, in the order in which a newcomer would stumble."""
    return [*_python(), *_packages(), *_devices(), *_disk(root), *_project(root)]


def render(findings: list[Finding], *, as_json: bool) -> None:
    """A line a finding, the remedy below it; or JSON."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    for finding in findings:
        mark = "PROBLEM" if finding.blocking else ("note" if finding.remedy else "ok")
        print(f"{mark:<8}{finding.what}: {finding.state}")
        if finding.remedy:
            print(f"        remedy: {finding.remedy}")


def _python() -> Iterator[Finding]:
    yield Finding("Python", ".".join(map(str, sys.version_info[:3])))


def _packages() -> Iterator[Finding]:
    for name in ("torch", "dvc", "prefect", "albumentations", "pandas", "scikit-learn"):
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, "not installed", "pip install gan-augment", blocking=True)
    # What the layers above know to be broken: they register themselves, because imports go down only.
    for check in entry_points(group="gan_augment.doctor"):
        for problem in check.load()():
            yield Finding(problem.what, problem.state, problem.remedy, blocking=True)


def _devices() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        yield Finding(
            "GPU", f"{torch.cuda.get_device_name()}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB of memory free"
        )
    else:
        yield Finding("GPU", "none that this torch build can use; training runs on the CPU")


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root if root.exists() else Path()).free
    if free < FREE_DISK_WANTED:
        yield Finding("disk", f"{free / 2**30:.1f} GiB free", "free some space; `dvc gc -w` drops old cached outputs")
    else:
        yield Finding("disk", f"{free / 2**30:.0f} GiB free")


def _project(root: Path) -> Iterator[Finding]:
    from gan_augment.core.errors import GanAugmentError
    from gan_augment.params import load_params

    if not (root / "params.yaml").exists():
        yield Finding("project", f"no params.yaml in {root.absolute()}", "gan-augment init PATH_TO_YOUR_DATA")
        return
    try:
        params = load_params(root / "params.yaml")
        yield Finding("params.yaml", f"{len(params.classes)} classes, method {params.synthesis.method}")
    except GanAugmentError as error:
        yield Finding("params.yaml", error.problem, f"{error.got}; {error.remedy}", blocking=True)
    if not (root / "dvc.yaml").exists():
        yield Finding("dvc.yaml", "absent", "gan-augment init PATH_TO_YOUR_DATA", blocking=True)
    if not any((folder / ".dvc").is_dir() for folder in (root.absolute(), *root.absolute().parents)):
        yield Finding("DVC", "not initialised here", "dvc init  (or: dvc init --no-scm, without git)", blocking=True)
