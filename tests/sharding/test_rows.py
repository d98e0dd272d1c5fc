from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gan_augment.core.errors import DamagedInputError
from gan_augment.core.records import Modality
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.sharding.rows import FEATURE, PIXELS, Source, read_source, row_schema
from tests.finished_project import NASTY_LABELS, write_project


def everything(tmp_path: Path, modality: Modality, batch: int, limits: dict[str, int] | None = None) -> pa.Table:
    project = write_project(tmp_path, modality=modality)
    source = Source(project.layout.mixed / "synthetic", limits)
    schema = row_schema(project.spec(), [source])
    return pa.Table.from_batches(list(read_source(project.spec(), source, schema, batch)), schema=schema.arrow)


@pytest.mark.parametrize("modality", ["image", "table"])
@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batches_of_any_size_give_every_row_in_order(tmp_path: Path, modality: Modality, batch: int) -> None:
    table = everything(tmp_path, modality, batch)
    samples = read_samples(tmp_path / "data/mixed/synthetic")
    assert table.column("id").to_pylist() == list(samples.manifest["id"])
    if modality == "image":
        assert b"".join(table.column(PIXELS).to_pylist()) == np.asarray(samples.payload).tobytes()
    else:
        assert isinstance(samples.payload, pd.DataFrame)
        assert table.column(FEATURE + "length").to_pandas().equals(samples.payload["length"])


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_limits_keep_the_first_rows_of_each_class(tmp_path: Path, batch: int) -> None:
    table = everything(tmp_path, "image", batch, {NASTY_LABELS[0]: 3, NASTY_LABELS[2]: 5})
    frame = table.select(["label", "rank"]).to_pandas()
    assert frame.groupby("label")["rank"].apply(list).to_dict() == {
        NASTY_LABELS[0]: [0, 1, 2],
        NASTY_LABELS[2]: [0, 1, 2, 3, 4],
    }


def test_a_column_without_any_value_in_one_class_takes_the_type_of_the_others(tmp_path: Path) -> None:
    project = write_project(tmp_path, modality="table")
    folder = project.layout.train("cat")
    samples = read_samples(folder)
    assert isinstance(samples.payload, pd.DataFrame)
    write_samples(folder, Samples(samples.manifest, samples.payload.assign(**{"island, <b>": None})))
    sources = [Source(project.layout.train(key)) for key in ("cat", "script")]
    schema = row_schema(project.spec(), sources)
    rows = [row for s in sources for b in read_source(project.spec(), s, schema, 100) for row in b.to_pylist()]
    assert {row[FEATURE + "island, <b>"] for row in rows[:8]} == {None}
    assert any(row[FEATURE + "island, <b>"] for row in rows[8:])


def test_the_schema_is_known_from_one_row_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_project(tmp_path, modality="table")
    batches = pq.ParquetFile.iter_batches
    read: list[int] = []

    def counting(self: pq.ParquetFile, **options: Any) -> Iterator[pa.RecordBatch]:
        for batch in batches(self, **options):
            read.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counting)
    row_schema(project.spec(), [Source(project.layout.train("cat")), Source(project.layout.train("script"))])
    assert read == [1, 1]


@pytest.mark.parametrize("modality", ["image", "table"])
def test_a_payload_that_is_too_short_is_found(tmp_path: Path, modality: Modality) -> None:
    project = write_project(tmp_path, modality=modality)
    folder = project.layout.train("cat")
    samples = read_samples(folder)
    write_samples(folder, samples.take(slice(0, 5)))
    samples.manifest.to_parquet(folder / "manifest.parquet", index=False)
    source = Source(folder)
    with pytest.raises(DamagedInputError, match=r"differ in length[\s\S]*5 rows where the manifest has 8"):
        list(read_source(project.spec(), source, row_schema(project.spec(), [source]), 100))


def test_no_source_is_buffered_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    plain = pq.ParquetFile

    def noting(path: Path, **options: object) -> pq.ParquetFile:
        opened.append(options.get("pre_buffer"))
        return plain(path, **options)

    monkeypatch.setattr(pq, "ParquetFile", noting)
    everything(tmp_path, "table", 5)
    assert len(opened) >= 3
    assert set(opened) == {False}  # Arrow's default keeps every byte it has read
