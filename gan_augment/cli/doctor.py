"""`gan-augment doctor`: faults of this machine and this project, each with its remedy."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from gan_augment.cli.doctor_project import project_findings
from gan_augment.cli.finding import Finding
from gan_augment.core.masking import mask

__all__ = ["Finding", "examine", "render"]

GIB = 2**30
FREE_DISK_WANTED = 2 * GIB  # an environment's caches and a small project's outputs
FREE_DISK_NEEDED = GIB // 10  # with less, the next stage fails while it writes
FREE_MEMORY_WANTED = 2 * GIB  # torch, a feature network and a small data set

_PACKAGES = ("torch", "dvc", "prefect", "albumentations", "pandas", "scikit-learn")
_OPTIONAL = {
    # package -> (its use, how to get it)
    "ray": ("lanes on a GPU cluster: --executor ray", "pip install 'gan-augment[ray]'"),
    "tensorboard": ("TensorBoard's view of running trainings", "pip install 'gan-augment[tensorboard]'"),
    "webdataset": ("reading exported tars with its own loader", "pip install webdataset"),
    "datasets": ("reading exported Parquet with Hugging Face datasets", "pip install datasets"),
}


def examine(root: Path) -> list[Finding]:
    """Findings of every check, in the order in which a newcomer would meet the problems."""
    return [*_python(), *_packages(), *_optional(), *_device(root), *_memory(), *_disk(root), *project_findings(root)]


def render(findings: list[Finding], *, as_json: bool) -> None:
    """Text with one line per finding and the remedy below it, or JSON. Passwords in addresses are masked."""
    findings = [replace(one, state=mask(one.state), remedy=mask(one.remedy)) for one in findings]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    for finding in findings:
        mark = "PROBLEM" if finding.blocking else ("note" if finding.remedy else "ok")
        print(f"{mark:<8}{finding.what}: {finding.state}")
        if finding.remedy:
            print(f"        remedy: {finding.remedy}")


def _python() -> Iterator[Finding]:
    yield Finding("Python", f"{platform.python_version()} in {sys.prefix}")


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, "not installed", "pip install gan-augment", blocking=True)
    # Checks of the layers above: they register themselves, because imports go down only.
    for check in entry_points(group="gan_augment.doctor"):
        for problem in check.load()():
            yield Finding(problem.what, problem.state, problem.remedy, blocking=True)


def _optional() -> Iterator[Finding]:
    for name, (purpose, remedy) in _OPTIONAL.items():
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, f"not installed; optional, for {purpose}", remedy)


def _device(root: Path) -> Iterator[Finding]:
    """Findings on the processor, the GPUs, and whether base.device of the project is among them."""
    import os

    import torch

    yield Finding("CPU", f"{_processor()}, {os.cpu_count()} cores")
    for place in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(place)
        name = torch.cuda.get_device_name(place)
        state = f"{name}, {free / GIB:.1f} of {total / GIB:.1f} GiB of memory free"
        low = free < FREE_MEMORY_WANTED
        yield Finding(f"GPU {place}", state, "see who uses it with nvidia-smi" if low else "")
    if not torch.cuda.is_available():
        yield Finding("GPU", "none that this torch build can use; training runs on the CPU")
    yield from _asked_for(root)


def _asked_for(root: Path) -> Iterator[Finding]:
    from gan_augment.compute.devices import resolve_device
    from gan_augment.core.errors import GanAugmentError
    from gan_augment.params import load_params

    try:
        device = load_params(root / "params.yaml").base.device
    except GanAugmentError:
        return  # reported where the project is examined
    try:
        yield Finding("base.device", f"{device} means {resolve_device(device)} here")
    except GanAugmentError as error:
        yield Finding("base.device", f"{device} is not available here", error.remedy or "", blocking=True)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory() -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    state = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB available"
    low = memory.available < FREE_MEMORY_WANTED
    yield Finding("memory", state, "close other programs, or make batches smaller (batch_size)" if low else "")


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root if root.exists() else Path()).free
    if free >= FREE_DISK_WANTED:
        yield Finding("disk", f"{free / GIB:.0f} GiB free")
        return
    remedy = "free some space; `dvc gc -w` drops old cached outputs"
    yield Finding("disk", f"{free / GIB:.1f} GiB free", remedy, blocking=free < FREE_DISK_NEEDED)
