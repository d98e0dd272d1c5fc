"""Export of samples folders: at constant memory, resumable, with any number of processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from gan_augment.core.atomic import (
    file_hash,
    refuse_foreign,
    remove,
    replacing_directory,
    replacing_file,
    write_json,
    write_text,
)
from gan_augment.core.checksums import is_whole, replacing_output
from gan_augment.core.errors import DataError
from gan_augment.core.orphans import end_with
from gan_augment.core.records import DatasetSpec
from gan_augment.core.scratch import fingerprint
from gan_augment.sharding.beside import describe_companions
from gan_augment.sharding.card import croissant, readme
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.content import Content
from gan_augment.sharding.formats import chosen_formats
from gan_augment.sharding.formats.table import write_schema
from gan_augment.sharding.index import INDEX, MANIFEST, added_files, build_index, write_checksums
from gan_augment.sharding.rows import RowSchema, Source, read_labels, row_schema
from gan_augment.sharding.spill import ShardBounds, scatter
from gan_augment.sharding.writing import ShardJob, write_shard

__all__ = ["ExportTask", "export"]

Advance = Callable[[float, float, str], None]


def _silent(_done: float, _total: float, _note: str) -> None:
    return None


@dataclass(frozen=True)
class ExportTask:
    """Inputs of an export: real samples folders, a folder of synthetic rows in preferred order, and the decision."""

    spec: DatasetSpec
    real: tuple[Path, ...]
    synthetic: Path | None
    content: Content
    config: ExportConfig
    seed: int

    @property
    def sources(self) -> tuple[Source, ...]:
        """Folders to read, the synthetic one cut to the first `content.counts` rows of each class."""
        real = tuple(Source(folder) for folder in self.real)
        if self.synthetic is None or not any(self.content.counts.values()):
            return real
        labels = {record.key: record.label for record in self.spec.classes}
        limits = {labels[key]: count for key, count in self.content.counts.items()}
        return (*real, Source(self.synthetic, limits))


def export(
    task: ExportTask, directory: Path, advance: Advance = _silent, *, work: Path | None = None
) -> dict[str, Any]:
    """Write `directory`, an export or nothing so far, and return its index.

    A killed run is resumed: its finished shards lie in the folder `work` (None: one beside `directory`) until the end,
    and are checked before they are reused. `work` is on the file system of `directory`.

    Raises
    ------
    MissingInputError
        A samples folder is missing.
    DataError
        There are fewer synthetic rows than `content` needs, or `directory` also holds other files.
    ParamsError
        A format does not hold the data set's modality.
    """
    _refuse_added(directory)
    formats = chosen_formats(task.config, task.spec.modality)
    rows = _count_rows(task)
    bounds = ShardBounds(rows, task.config.rows_per_shard)
    schema = row_schema(task.spec, task.sources)
    work = _work_folder(work or directory.parent / f".{directory.name}.work", _fingerprint(task))
    _scatter_once(task, schema, bounds, work, lambda done: advance(0.3 * done, rows, "shuffling"))
    job = ShardJob(work, 0, bounds.count, task.spec, schema, formats)
    jobs = [replace(job, number=number) for number in range(bounds.count)]
    records = []
    for record in _run(jobs, task.config.workers):
        records.append(record)
        advance(rows * (0.3 + 0.7 * len(records) / len(jobs)), rows, "writing shards")
    synthetic = next((source.folder for source in task.sources if source.limits is not None), None)
    beside = describe_companions(schema.companions, task.real, synthetic)
    index = build_index(task.spec, task.content, formats, task.seed, records, beside)
    _finish(task, schema, index, records, work)
    _move_into_place(work, directory)
    return index


def _refuse_added(directory: Path) -> None:
    """Raise DataError where a user's files would be lost: those of another folder, or added to an older export."""
    refuse_foreign(directory, INDEX)
    if directory.is_dir() and (strange := added_files(directory)):
        raise DataError(
            "The export to replace holds files that were not exported, which would be lost",
            where=directory,
            got=", ".join(strange[:5]) + (f" and {len(strange) - 5} more" if len(strange) > 5 else ""),
            remedy="move them away, or name another folder",
        )


def _count_rows(task: ExportTask) -> int:
    total = 0
    for source in task.sources:
        labels = Counter(read_labels(source))
        if source.limits is None:
            total += labels.total()
            continue
        for label, wanted in source.limits.items():
            if labels[label] < wanted:
                raise DataError(
                    "There are fewer synthetic rows than the mixing plan needs",
                    where=f"{source.folder}, class {label!r}",
                    got=f"{labels[label]} rows",
                    expected=f"{wanted} rows",
                    remedy="run `dvc repro`, which mixes again",
                )
            total += wanted
    return total


def _fingerprint(task: ExportTask) -> str:
    """Fingerprint of everything that decides the bytes: an unfinished run with another one is discarded."""
    config = task.config.model_dump(mode="json", exclude={"workers"})
    return fingerprint(task.spec, config, task.content, task.seed, *(source.folder for source in task.sources))


def _work_folder(work: Path, known: str) -> Path:
    mark = work / "fingerprint"
    # Without `out`, a run was killed while it moved the finished export: start over.
    if not (mark.is_file() and mark.read_text() == known and (work / "out").is_dir()):
        remove(work)
        for name in ("out", "done"):
            (work / name).mkdir(parents=True)
        write_text(mark, known)
    return work


def _scatter_once(
    task: ExportTask, schema: RowSchema, bounds: ShardBounds, work: Path, advance: Callable[[int], None]
) -> None:
    if not is_whole(work / "spill"):
        with replacing_output(work / "spill") as folder:
            scatter(task.spec, task.sources, schema, bounds, seed=task.seed, folder=folder, advance=advance)


def _run(jobs: Sequence[ShardJob], workers: int) -> Iterator[dict[str, Any]]:
    """Records of the shards, in order."""
    if min(workers, len(jobs)) <= 1:
        yield from map(write_shard, jobs)
        return
    # Spawned, not forked: Arrow's threads do not survive a fork.
    spawn, own = multiprocessing.get_context("spawn"), os.getpid()
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=end_with, initargs=(own,)) as pool:
        yield from pool.map(write_shard, jobs)


def _finish(
    task: ExportTask, schema: RowSchema, index: dict[str, Any], records: Sequence[dict[str, Any]], work: Path
) -> None:
    """Write everything beside the shards: manifest, schema, index, cards, checksums."""
    out = work / "out"
    known = {file["file"]: file["sha256"] for record in records for file in record["files"]}
    columns = _merge_manifests(work, len(records), out / MANIFEST)
    known[MANIFEST] = file_hash(out / MANIFEST)
    if task.spec.table is not None:
        write_schema(task.spec, schema, out)
    task.spec.save(out / "dataset.json")
    write_json(out / INDEX, index)
    write_text(out / "README.md", readme(index))
    write_json(out / "croissant.json", croissant(index, columns, known[MANIFEST]))
    write_checksums(out, known)


def _merge_manifests(work: Path, count: int, target: Path) -> list[str]:
    """Merge the manifests, one row group per shard, so that a stream over shards reads only its own."""
    parts = [work / "done" / f"{number:05d}.parquet" for number in range(count)]
    schema = pq.read_schema(parts[0])
    with replacing_file(target) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(pq.read_table(part), row_group_size=1 << 62)
    return list(schema.names)


def _move_into_place(work: Path, directory: Path) -> None:
    with replacing_directory(directory, mark=INDEX) as partial:
        os.replace(work / "out", partial)
    with contextlib.suppress(OSError):  # the export is complete; the next run removes a leftover work folder
        shutil.rmtree(work)
