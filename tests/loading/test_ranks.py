"""A stream over ranks and workers: every row once an epoch, the same number of batches on every rank, or an error."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

import gan_augment
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of

ROWS, SHARDS = 72, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ranks")
    export(task_of(write_project(root), IMAGE), root / "export")
    return root / "export"


@pytest.fixture(scope="module")
def rows(folder: Path) -> Counter[bytes]:
    found = Counter(pixels.tobytes() for pixels in gan_augment.load(folder, "numpy").x)
    assert found.total() == ROWS
    return found


def as_bytes(pixels: Any) -> bytes:
    return bytes(pixels.tobytes())


def given(folder: Path, world: tuple[int, int], workers: int = 0, epoch: int = 0, **options: Any) -> list[bytes]:
    stream = gan_augment.load(folder, "stream", world=world, transform=as_bytes, **options)
    stream.set_epoch(epoch)
    return [x for x, _ in DataLoader(stream, batch_size=None, num_workers=workers)]


@pytest.mark.parametrize("ranks", [1, 2, 3, 5, 7, 11, ROWS])
@pytest.mark.parametrize("even", [True, False])
def test_every_row_is_given_however_many_ranks(folder: Path, rows: Counter[bytes], ranks: int, even: bool) -> None:
    parts = [given(folder, (rank, ranks), even=even) for rank in range(ranks)]
    sizes = {len(part) for part in parts}
    together = Counter(x for part in parts for x in part)
    assert sizes == ({-(-ROWS // ranks)} if even else {ROWS // ranks, -(-ROWS // ranks)})
    assert not rows - together
    assert (together - rows).total() == -ROWS % ranks * even


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_workers_of_ranks_share_a_rank_s_rows(folder: Path, workers: int) -> None:
    for rank in range(7):  # more places than shards, and some workers may be without rows
        alone = gan_augment.load(folder, "stream", world=(rank, 7), transform=as_bytes)
        assert sorted(given(folder, (rank, 7), workers)) == sorted(x for x, _ in alone)


@pytest.mark.parametrize(("size", "workers", "drop_last"), [(4, 0, False), (4, 2, False), (5, 3, True), (99, 3, False)])
def test_every_rank_gives_the_same_number_of_batches_and_says_it(
    folder: Path, size: int, workers: int, drop_last: bool
) -> None:
    counts = set()
    for rank in range(5):
        stream = gan_augment.load(folder, "stream", world=(rank, 5))
        batches = sum(1 for _ in DataLoader(stream, batch_size=size, num_workers=workers, drop_last=drop_last))
        assert stream.batches(size, workers, drop_last=drop_last) == batches
        assert stream.rows_of_rank() == 15
        counts.add(batches)
    assert len(counts) == 1


def test_the_filters_count_before_rows_are_shared(folder: Path) -> None:
    parts = [given(folder, (rank, 4), only="real", classes=["script"]) for rank in range(4)]
    kept = [pixels.tobytes() for pixels in gan_augment.load(folder, "numpy", only="real", classes=["script"]).x]
    assert set().union(*parts) == set(kept)
    assert {len(part) for part in parts} == {-(-len(kept) // 4)}


def test_epochs_repeat_other_rows(folder: Path, rows: Counter[bytes]) -> None:
    extra = []
    for epoch in range(4):
        together = Counter(x for rank in range(7) for x in given(folder, (rank, 7), epoch=epoch))
        extra.append(frozenset(together - rows))
    assert len(set(extra)) > 1


def test_more_ranks_than_rows_are_refused_with_the_counts(folder: Path) -> None:
    for even in (True, False):
        with pytest.raises(DataError, match=f"{ROWS + 1} ranks, {ROWS} rows in {SHARDS} shards"):
            gan_augment.load(folder, "stream", world=(0, ROWS + 1), even=even)


def test_a_stream_of_no_rows_is_refused(folder: Path) -> None:
    for options in ({"classes": []}, {"only": "synthetic", "ratio": 0}):
        with pytest.raises(DataError, match=f"none of {ROWS} rows is chosen"):
            gan_augment.load(folder, "stream", **options)


def test_the_ranks_of_torchrun_count_before_torch_distributed_is_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = gan_augment.load(folder, "stream", transform=as_bytes)
    for rank in (0, 1):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert [x for x, _ in stream] == given(folder, (rank, 2))
    monkeypatch.setenv("RANK", "two")
    with pytest.raises(ParamsError, match="RANK and WORLD_SIZE"):
        next(iter(stream))
    monkeypatch.setenv("RANK", "2")
    with pytest.raises(ParamsError, match="rank 2 of 2"):
        next(iter(stream))
    monkeypatch.delenv("RANK")
    assert len([*stream]) == ROWS


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_know_the_rank_of_the_process_that_started_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 2)
    stream = gan_augment.load(folder, "stream", transform=as_bytes)
    loader = DataLoader(stream, batch_size=None, num_workers=2, multiprocessing_context=method)
    assert sorted(x for x, _ in loader) == sorted(given(folder, (2, 3)))


@pytest.mark.parametrize("world", [(1, 1), (-1, 2), (0, 0)])
def test_there_is_no_such_rank(folder: Path, world: tuple[int, int]) -> None:
    with pytest.raises(ParamsError, match="no such rank"):
        gan_augment.load(folder, "stream", world=world)


def test_options_that_a_target_does_not_read_are_refused(folder: Path) -> None:
    for to, options in {"numpy": {"transform": as_bytes}, "torch": {"world": (0, 1)}}.items():
        with pytest.raises(ParamsError, match="reads no"):
            gan_augment.load(folder, to, **options)  # type: ignore[arg-type]
