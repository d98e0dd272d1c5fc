"""Every file between the stages x {a bit flipped, cut, emptied, deleted}: told with the file, or without any effect.

By default each file is damaged in each way, and one command that reads it is tried; at night all that read it are, and
with trained models and pictures too.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from gan_augment.core.checksums import CHECKSUMS, LISTED
from tests.faults.small_project import copy_of, make_finished, outputs_hash, run_command

Command = tuple[str, ...]

ALL = (
    *(("train_gan", "a"), ("generate", "a"), ("curate",), ("mix",)),
    *(("retrain", "real"), ("measure",), ("report",), ("export",)),
)
# Which commands read which files, the cheapest first. A file that no line names is read by no stage.
READERS: dict[str, tuple[Command, ...]] = {
    "data/prepared/dataset.json": ALL,
    "data/prepared/train/a/*": (
        ("export",),
        ("train_gan", "a"),
        ("curate",),
        ("mix",),
        ("retrain", "cheap"),
        ("report",),
    ),
    "data/prepared/train/b/*": (("export",), ("pretrain",), ("curate",), ("mix",), ("retrain", "real"), ("report",)),
    "data/prepared/validation/*": (("measure",), ("train_gan", "a"), ("curate",), ("mix",), ("retrain", "real")),
    "data/prepared/test_inputs/*": (("retrain", "real"),),
    "data/prepared/test_labels.parquet": (("measure",),),
    "models/pretrain/*": (("train_gan", "a"), ("report",)),
    "models/train_gan/a/*": (("generate", "a"), ("report",)),
    "data/synthetic/a/*": (("curate",), ("report",)),
    "data/curated/*": (("mix",), ("report",)),
    "data/mixed/plan.json": (("export",), ("measure",)),
    "data/mixed/SHA256SUMS": (("export",), ("measure",), ("report",)),
    "data/mixed/synthetic/*": (("export",), ("retrain", "real_synthetic")),
    "data/mixed/alone/*": (("retrain", "real"),),
    "predictions/real/*": (("measure",),),
    "reports/measure.json": (("export",), ("report",)),
    "reports/audit.json": (("report",),),
    "reports/curate.json": (("report",),),
    "reports/mix.json": (("report",),),
    "reports/ratio_curve.csv": (("report",),),
    "reports/training/a.csv": (("report",),),
    "export/*": (("verify", "export"),),
}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES: dict[str, Callable[[Path], None]] = {"flip": flip, "cut": cut, "empty": empty, "delete": Path.unlink}


def artefacts(root: Path) -> Iterator[tuple[str, tuple[Command, ...]]]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and (readers := next((r for p, r in READERS.items() if fnmatch(name, p)), ())):
            yield name, readers


@dataclass(frozen=True)
class Outcome:
    """What a damage came to: "told", "no effect" or "wrong", and then what is wrong."""

    kind: str
    text: str = ""


def tried(finished: Path, root: Path, name: str, damage: str, command: Command) -> Outcome:
    copy_of(finished, root)
    before = outputs_hash(root, command) if command[0] != "verify" else []
    DAMAGES[damage](root / name)
    done = run_command(root, command)
    what = f"{damage} of {name}, then {' '.join(command)}"
    if "Traceback" in done.stderr or done.returncode not in (0, 2):
        return Outcome("wrong", f"{what}: exit code {done.returncode}: {done.stderr[-300:]}")
    if done.returncode == 0:
        same = bool(before) and outputs_hash(root, command) == before
        return Outcome("no effect") if same else Outcome("wrong", f"{what}: not told, and another output")
    named = Path(name).name in done.stderr or str(Path(name).parent) in done.stderr
    if named and "remedy" in done.stderr:
        return Outcome("told")
    return Outcome("wrong", f"{what}: the message names no file or remedy: {done.stderr}")


def check(outcomes: Sequence[Outcome]) -> None:
    """Fail where one is wrong; pytest -s shows the figures, which docs/reliability.md has."""
    print(len(outcomes), "situations:", dict(Counter(outcome.kind for outcome in outcomes)))
    assert [outcome.text for outcome in outcomes if outcome.kind == "wrong"] == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_or_has_no_effect(finished: Path, tmp_path: Path, damage: str) -> None:
    check(
        [
            tried(finished, tmp_path / str(number), name, damage, readers[0])
            for number, (name, readers) in enumerate(artefacts(finished))
        ]
    )


def test_every_file_that_a_stage_writes_is_listed_or_sealed(finished: Path) -> None:
    lists = [path for path in finished.rglob(CHECKSUMS) if "export" not in path.parts]
    listed = {
        (path.parent / line.partition("  ")[2]).resolve() for path in lists for line in path.read_text().splitlines()
    }
    sealed = {"dataset.json", "audit.json", "curate.json", "mix.json", "measure.json"}
    free = {"report.html", "arms.csv", LISTED}  # nothing reads them; of the last, only that it is there
    folders = [finished / name for name in ("data", "models", "predictions", "reports")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path not in lists]
    assert [p for p in files if p.resolve() not in listed and p.name not in sealed | free] == []


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", ["table", "image"])
def test_every_damage_before_every_reader(tmp_path: Path, kind: str) -> None:
    finished = make_finished(tmp_path / "finished", kind, trained=True)
    situations = [
        (name, damage, command)
        for name, readers in artefacts(finished)
        for damage, command in itertools.product(DAMAGES, readers)
    ]
    check([tried(finished, tmp_path / str(n), *situation) for n, situation in enumerate(situations)])
