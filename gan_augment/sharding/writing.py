"""Writing of a shard in every chosen format: a pure function of the spilled rows, so any process can write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.atomic import file_hash, read_json, replacing_file, write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.reordering import gather
from gan_augment.sharding.config import FormatName
from gan_augment.sharding.formats import WRITERS, ShardRows, Written
from gan_augment.sharding.rows import MANIFEST_FIELDS, RowSchema

__all__ = ["ShardJob", "write_shard"]


@dataclass(frozen=True)
class ShardJob:
    """Inputs of a worker process. `work` holds `spill/`, `out/` and `done/`."""

    work: Path
    number: int
    count: int
    spec: DatasetSpec
    schema: RowSchema
    formats: tuple[FormatName, ...]


def write_shard(job: ShardJob) -> dict[str, Any]:
    """Write the shard, unless an earlier run finished it and its files are unchanged, and return its record."""
    record = job.work / "done" / f"{job.number:05d}.json"
    if (finished := _finished(record, job.work / "out")) is not None:
        return finished
    rows = gather(job.work / "spill", job.number)
    shard = ShardRows(rows, job.number, job.count, job.spec, job.schema)
    written = {name: WRITERS[name](shard, job.work / "out") for name in job.formats}
    with replacing_file(record.with_suffix(".parquet")) as partial:
        pq.write_table(_manifest(rows, written), partial)
    summary = _summary(rows) | {"number": job.number, "files": list(_files(written, job.work / "out"))}
    summary["manifest"] = file_hash(record.with_suffix(".parquet"))
    write_json(record, summary, sealed=True)
    return summary


def _finished(record: Path, out: Path) -> dict[str, Any] | None:
    """Record of a finished shard; None without one, or where a file is missing or changed, as after a power cut."""
    manifest = record.with_suffix(".parquet")
    try:
        finished: dict[str, Any] = read_json(record)
    except MissingInputError:
        return None
    if not manifest.is_file() or file_hash(manifest) != finished.get("manifest"):
        return None
    whole = all((out / f["file"]).is_file() and file_hash(out / f["file"]) == f["sha256"] for f in finished["files"])
    return finished if whole else None


def _manifest(rows: pa.Table, written: dict[FormatName, Written]) -> pa.Table:
    """Manifest, one row per sample; `shard` and `offset` are the first format's, others have their own columns."""
    table = rows.select(MANIFEST_FIELDS)
    for place, (name, files) in enumerate(written.items()):
        prefix = f"{name}_" if place else ""
        table = table.append_column(f"{prefix}shard", pa.array(files.shard, pa.string()))
        table = table.append_column(f"{prefix}offset", pa.array(files.offset))
    return table


def _summary(rows: pa.Table) -> dict[str, Any]:
    groups = rows.group_by(["key", "origin", "method", "model_hash", "seed"]).aggregate([([], "count_all")])
    made: Counter[tuple[str, str]] = Counter()
    generated = []
    for group in groups.to_pylist():
        made[group["key"], group["origin"]] += group["count_all"]
        if group["origin"] == "synthetic":
            generated.append([group["key"], group["method"], group["model_hash"], group["seed"], group["count_all"]])
    return {
        "rows": rows.num_rows,
        "classes": [[key, origin, count] for (key, origin), count in sorted(made.items())],
        "generated": sorted(generated, key=str),
    }


def _files(written: dict[FormatName, Written], out: Path) -> Iterator[dict[str, Any]]:
    for name, part in written.items():
        for file in part.files:
            path = out / file
            yield {"format": name, "file": file, "bytes": path.stat().st_size, "sha256": file_hash(path)}
