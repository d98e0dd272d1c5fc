"""A method's rivals on disk: rows as `rivals` leaves them and as `mix` lays them out; what `retrain` made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.checksums import check_file, telling_damage
from gan_augment.core.predictions import ArmRecord, read_arm, rival_arm
from gan_augment.core.records import DatasetSpec, Record
from gan_augment.core.samples import Samples, count_samples
from gan_augment.core.streams import SamplesWriter, StoredSamples
from gan_augment.params import Params
from gan_augment.project.layout import Layout

__all__ = ["RivalRecord", "lay_out_rivals", "read_arms", "read_records", "rivals_in", "write_records"]

_FILE = "rivals.json"
_ROWS = 4096  # that are read together

Counts = npt.NDArray[np.int64]  # [K]: rows of each class


class RivalRecord(Record):
    """What a rival could not do: why there is no row of it at all; class key -> why there is none of the class."""

    refused: str | None = None
    not_made: dict[str, str] = Field(default_factory=dict)


def write_records(directory: Path, records: Mapping[str, RivalRecord]) -> None:
    """Write rivals.json into an existing directory, the rivals in the order in which the method names them."""
    write_json(directory / _FILE, {name: record.model_dump(mode="json") for name, record in records.items()})


def read_records(layout: Layout) -> dict[str, RivalRecord]:
    """What `write_records` wrote; nothing where there is nothing, as in projects without the stage."""
    path = layout.rivals / _FILE
    if not layout.rivals.exists():
        return {}
    check_file(path)
    with telling_damage(path):
        return {name: RivalRecord.model_validate(found) for name, found in read_json(path).items()}


def lay_out_rivals(layout: Layout, spec: DatasetSpec, counts: Counts, directory: Path) -> dict[str, Any]:
    """Write each rival's first `counts[k]` rows of each class into directory/rivals/NAME; what plan.json says of them.

    A rival that made fewer rows of a class gives those it made. `counts` are those of the synthetic rows
    that the arms show, so that the rival's arm differs from theirs in who made the rows, and in nothing else.
    """
    said: dict[str, Any] = {}
    for name, record in read_records(layout).items():
        rows = {
            own.key: _available(layout.rivals / name / own.key, count)
            for own, count in zip(spec.classes, counts, strict=True)
        }
        if refused := record.refused or _nothing(record, counts, rows):
            said[name] = {"refused": refused}
            continue
        (directory / "rivals" / name).mkdir(parents=True)
        with SamplesWriter(directory / "rivals" / name) as writer:
            for key, count in rows.items():
                for piece in _first(layout.rivals / name / key, count):
                    writer.append(piece)
        said[name] = {"rows": rows, "not_made": record.not_made}
    return said


def _available(folder: Path, count: int) -> int:
    return min(int(count), count_samples(folder)) if folder.exists() else 0


def _nothing(record: RivalRecord, counts: Counts, rows: Mapping[str, int]) -> str | None:
    """Why no row of a rival is laid out; None where some are."""
    if not counts.any():
        return "the arms show no synthetic row, so there is no number of rows for it to match"
    if not any(rows.values()):
        return f"it made no row of the classes that get some: {'; '.join(dict.fromkeys(record.not_made.values()))}"
    return None


def _first(folder: Path, count: int) -> Iterator[Samples]:
    """The first `count` rows of a samples folder, which has as many, with everything beside them."""
    if not count:
        return
    for chunk in StoredSamples((folder,)).with_companions().chunks(_ROWS):
        yield chunk.take(slice(0, count))
        count -= len(chunk)
        if count <= 0:
            return


def rivals_in(layout: Layout) -> list[str]:
    """The rivals whose rows `mix` laid out, in alphabetical order."""
    return _folders(layout.mixed / "rivals")


def _folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


def read_arms(layout: Layout, params: Params) -> list[ArmRecord]:
    """What `retrain` wrote of every arm, the rivals behind `cheap`, with which they were trained."""
    records = []
    for arm in params.retrain.arms:
        records.append(read_arm(layout.predictions(arm)))
        names = _folders(layout.predictions(arm) / "rivals")
        records += [read_arm(layout.predictions(rival_arm(name))) for name in names]
    return records
