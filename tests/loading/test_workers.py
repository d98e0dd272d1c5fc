"""State that is set while DataLoader workers live, copies of data sets, and two readers of one."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import ConcatDataset, DataLoader

import gan_augment
from gan_augment.core.errors import ParamsError
from gan_augment.loading.torch_data import SharedEpoch
from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workers")
    export(task_of(write_project(root), IMAGE), root / "export")
    return root / "export"


def stream(folder: Path) -> Any:
    return gan_augment.load(folder, "stream")


def mix(folder: Path) -> Any:
    return gan_augment.SyntheticMix(gan_augment.load(folder, only="real"), folder)


def seen(items: Any) -> list[float]:
    return [float(x.mean()) for x, _ in items]


@pytest.mark.parametrize("make", [stream, mix])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_an_epoch_reaches_workers_that_live_on(folder: Path, make: Callable[[Path], Any], method: str) -> None:
    dataset = make(folder)
    wanted = []
    for epoch in (0, 1, 2):
        dataset.set_epoch(epoch)
        wanted.append(sorted(seen(DataLoader(dataset, batch_size=None))))
    loader = DataLoader(
        dataset, batch_size=None, num_workers=2, persistent_workers=True, multiprocessing_context=method
    )
    given = []
    for epoch in (0, 1, 2, 0):
        dataset.set_epoch(epoch)
        given.append(seen(loader))
    assert [sorted(epoch) for epoch in given[:3]] == wanted
    assert len({tuple(epoch) for epoch in given[:3]}) == 3
    assert given[3] == given[0]


def test_an_epoch_reaches_what_a_wrapper_passed_on(folder: Path) -> None:
    dataset = mix(folder)
    loader = DataLoader(ConcatDataset([dataset, dataset]), batch_size=8, num_workers=1, persistent_workers=True)
    epochs = []
    for epoch in (0, 1):
        dataset.set_epoch(epoch)
        epochs.append(seen(loader))
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("make", [stream, mix, gan_augment.load])
@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_copy_gives_the_same_items(folder: Path, make: Callable[[Path], Any], copied: Callable[[Any], Any]) -> None:
    dataset = make(folder)
    if hasattr(dataset, "set_epoch"):
        dataset.set_epoch(3)
    before = seen(DataLoader(dataset, batch_size=None))
    assert seen(DataLoader(copied(dataset), batch_size=None)) == before
    assert seen(DataLoader(copied(dataset), batch_size=None, num_workers=1)) == before


def test_a_copy_has_an_epoch_of_its_own_that_its_workers_follow(folder: Path) -> None:
    for copied in (copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))):
        first = stream(folder)
        second = copied(first)
        loader = DataLoader(second, batch_size=None, num_workers=1, persistent_workers=True)
        before = seen(loader)
        first.set_epoch(1)
        assert seen(loader) == before
        second.set_epoch(1)
        assert seen(loader) == seen(first)


def test_two_epochs_may_be_read_at_once(folder: Path) -> None:
    dataset = stream(folder)
    whole = seen(dataset)
    one, other = iter(dataset), iter(dataset)
    pairs = [(float(x.mean()), float(y.mean())) for (x, _), (y, _) in zip(one, other, strict=True)]
    assert pairs == [(x, x) for x in whole]
    begun = iter(dataset)
    first = [next(begun)]
    dataset.set_epoch(1)  # an epoch that was begun goes on as it began
    assert seen([*first, *begun]) == whole


@pytest.mark.parametrize("name", ["webdataset", "parquet", "folder"])
def test_two_threads_may_read_one_data_set(folder: Path, name: str) -> None:
    dataset = gan_augment.load(folder, format=name)
    wanted, failed = seen(dataset[n] for n in range(len(dataset))), list[object]()

    def read(places: range) -> None:
        for place in places:
            if float(dataset[place][0].mean()) != wanted[place]:
                failed.append(place)

    for _ in range(3):
        threads = [threading.Thread(target=read, args=(range(start, len(wanted), 4),)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed


def test_an_interrupt_leaves_a_data_set_that_reads_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = gan_augment.load(folder)
    wanted = seen(dataset[n] for n in range(len(dataset)))
    files = dataset._images._export.files
    original = type(files).__call__

    def interrupted(self: Any, name: str) -> Path:
        raise KeyboardInterrupt

    dataset[0]
    monkeypatch.setattr(type(files), "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dataset[len(dataset) - 1]  # of another shard
    monkeypatch.setattr(type(files), "__call__", original)
    assert seen(dataset[n] for n in range(len(dataset))) == wanted


@pytest.mark.parametrize("epoch", ["1", 1.5, None, True])
def test_an_epoch_is_a_whole_number(folder: Path, epoch: Any) -> None:
    for dataset in (stream(folder), mix(folder)):
        with pytest.raises(ParamsError, match="whole number"):
            dataset.set_epoch(epoch)


def test_a_shared_epoch_is_a_number_of_any_kind() -> None:
    epoch = SharedEpoch()
    epoch.set(torch.tensor([5]).numpy()[0])
    assert epoch.get() == 5
