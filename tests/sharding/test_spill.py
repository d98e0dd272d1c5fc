from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.reordering import gather
from gan_augment.sharding import spill
from gan_augment.sharding.rows import Source, row_schema
from gan_augment.sharding.spill import ShardBounds, scatter
from tests.finished_project import write_project


@given(st.integers(1, 5000), st.integers(1, 700))
def test_shards_are_balanced_and_within_the_limit(rows: int, limit: int) -> None:
    bounds = ShardBounds(rows, limit)
    sizes = np.diff(bounds.starts)
    assert sizes.sum() == rows
    assert sizes.max() <= limit
    assert sizes.max() - sizes.min() <= 1
    assert len(sizes) == bounds.count


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_every_row_lands_once_whatever_the_batch(tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_batch_rows", lambda *_: batch)
    project = write_project(tmp_path)
    spec = project.spec()
    sources = [Source(project.layout.train(record.key)) for record in spec.classes]
    schema, bounds = row_schema(spec, sources), ShardBounds(24, 7)
    folder = tmp_path / "spill"
    folder.mkdir()
    seen: list[int] = []
    scatter(spec, sources, schema, bounds, seed=5, folder=folder, advance=seen.append)
    shards = [gather(folder, number).column("id").to_pylist() for number in range(bounds.count)]
    assert sorted(itertools.chain(*shards)) == sorted(project.train_view().samples.manifest["id"])
    assert seen[-1] == 24
    assert shards[0][:3] == [
        "real-train-script-2",
        "real-train-a-b-1",
        "real-train-script-0",
    ]  # no other batch size, no other day
