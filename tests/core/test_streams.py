"""Streamed folders are those that would have been written from memory, whatever the pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.atomic import file_hash
from gan_augment.core.errors import DamagedInputError, MissingInputError
from gan_augment.core.frame_file import FrameReader
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, make_manifest, read_samples, write_samples
from gan_augment.core.streams import (
    HeldSamples,
    SamplesWriter,
    StoredSamples,
    gather_samples,
    label_indices,
    read_rows,
)


def images(count: int, first: int = 0) -> Samples:
    pixels = np.random.default_rng(first).integers(0, 256, (count, 4, 5, 3)).astype(np.uint8)
    return Samples(_manifest(count, first), pixels)


def table(count: int, first: int = 0) -> Samples:
    rng = np.random.default_rng(first)
    number = rng.normal(size=count)
    number[::7] = np.nan
    levels = pd.CategoricalDtype(["low", "high", "never"], ordered=True)
    days = pd.to_timedelta(rng.integers(0, 99, count), "D")
    frame = pd.DataFrame(
        {
            "id": number,
            "pixels": pd.array(rng.integers(0, 9, count), dtype="Int64"),
            "text": pd.array(rng.choice(["a", "b/ü", ""], count), dtype="string"),
            "level": pd.Categorical(rng.choice(["low", "high"], count), dtype=levels),
            "when": pd.Series(pd.Timestamp("2020-01-01", tz="Europe/Berlin") + days),
            "flag": pd.array(rng.choice([True, False], count), dtype="boolean"),
        }
    )  # fmt: skip
    frame.loc[frame.index[::5], ["pixels", "text", "flag", "level", "when"]] = pd.NA
    return Samples(_manifest(count, first), frame)


def _manifest(count: int, first: int) -> pd.DataFrame:
    ids = [f"s{number}" for number in range(first, first + count)]
    return make_manifest(count, id=ids, label="A", split="train", origin="synthetic", seed=range(count))


BOTH = pytest.mark.parametrize("make", [images, table])


def same(one: Samples, other: Samples) -> None:
    pd.testing.assert_frame_equal(one.manifest, other.manifest)
    if isinstance(one.payload, pd.DataFrame):
        pd.testing.assert_frame_equal(one.payload, pd.DataFrame(other.payload))
    else:
        np.testing.assert_array_equal(one.payload, other.payload)


def _stored(folder: Path, samples: Samples) -> Path:
    folder.mkdir(parents=True)
    write_samples(folder, samples)
    return folder


@BOTH
@pytest.mark.parametrize("cuts", [[], [0], [1], [30, 30, 77], [0, 100]])
def test_pieces_give_the_bytes_of_the_whole(tmp_path: Path, make: type[Samples], cuts: list[int]) -> None:
    whole = make(100)  # type: ignore[call-arg, arg-type]
    _stored(tmp_path / "held", whole)
    (tmp_path / "streamed").mkdir()
    with SamplesWriter(tmp_path / "streamed") as writer:
        for low, high in zip([0, *cuts], [*cuts, 100], strict=True):
            writer.append(whole.take(slice(low, high)))
    assert file_hash(tmp_path / "streamed") == file_hash(tmp_path / "held")


def test_no_row_at_all_keeps_its_columns(tmp_path: Path) -> None:
    for number, make in enumerate((images, table)):
        held = _stored(tmp_path / f"held{number}", make(3).take(slice(0, 0)))
        (tmp_path / f"streamed{number}").mkdir()
        with SamplesWriter(tmp_path / f"streamed{number}") as writer:
            writer.append(make(3).take(slice(0, 0)))
        assert file_hash(tmp_path / f"streamed{number}") == file_hash(held)
        same(read_samples(held), next(StoredSamples((held,)).chunks(5)))


@BOTH
@pytest.mark.parametrize("rows", [1, 7, 10, 1000])
def test_chunks_of_several_folders_are_their_rows_in_order(tmp_path: Path, make: type[Samples], rows: int) -> None:
    sizes = (10, 0, 25, 5)
    parts = [make(size, 100 * n) for n, size in enumerate(sizes)]  # type: ignore[call-arg, arg-type]
    stored = StoredSamples(tuple(_stored(tmp_path / str(n), part) for n, part in enumerate(parts)))
    held = HeldSamples(Samples.concat(parts))
    chunks = list(stored.chunks(rows))
    assert len(stored) == len(held) == 40
    assert {len(chunk) for chunk in chunks[:-1]} <= {rows}
    for one, other in zip(chunks, held.chunks(rows), strict=True):
        same(one, other)
    for source in (stored, held):
        manifests = list(source.manifests(rows))
        assert max(map(len, manifests)) <= rows
        pd.testing.assert_frame_equal(pd.concat(manifests, ignore_index=True), held.samples.manifest)


@BOTH
def test_chosen_rows_come_in_the_order_asked_for(tmp_path: Path, make: type[Samples]) -> None:
    whole = make(40)  # type: ignore[call-arg, arg-type]
    index = np.array([39, 0, 7, 7, 20])
    same(gather_samples(HeldSamples(whole), index, rows=9), whole.take(index))
    same(gather_samples(HeldSamples(whole), index[:0], rows=9), whole.take(index[:0]))


def test_of_chunks_without_a_chosen_row_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, index, asked, taken = table(40), np.array([31, 12]), list[int](), list[int]()
    chunks, take = list(HeldSamples(whole).chunks(5)), Samples.take
    monkeypatch.setattr(HeldSamples, "chunks", lambda *_: (asked.append(n) or chunk for n, chunk in enumerate(chunks)))
    monkeypatch.setattr(Samples, "take", lambda rows, index: taken.append(len(index)) or take(rows, index))
    found = gather_samples(HeldSamples(whole), index, rows=5)
    monkeypatch.undo()
    same(found, whole.take(index))
    assert taken == [0, 1, 1, 2]  # the first chunk's none, for the columns; the last: both rows put in order
    assert asked == list(range(7))  # row 31 is in chunk 6, and chunk 7 is not made


@BOTH
@pytest.mark.parametrize("index", [[0], [3, 4, 5, 9_000, 19_999], [8191, 8192], list(range(0, 20_000, 2999))])
def test_few_rows_of_a_folder_are_read_without_the_others(
    tmp_path: Path, make: type[Samples], index: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make(20_000)
    folder = _stored(tmp_path / "s", whole)
    taken: list[int] = []
    take = FrameReader.take
    monkeypatch.setattr(FrameReader, "take", lambda reader, count: taken.append(count) or take(reader, count))
    same(read_rows(folder, np.array(index, dtype=np.int64)), whole.take(np.array(index, dtype=np.int64)))
    assert sum(taken) <= 2 * len(index)
    assert len(read_rows(folder, np.zeros(0, np.int64))) == 0


def test_an_absent_or_cut_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="nothing"):
        list(StoredSamples((tmp_path / "nothing",)).chunks(5))
    folder = _stored(tmp_path / "cut", images(20))
    with (folder / "images.npy").open("r+b") as stream:
        stream.truncate((folder / "images.npy").stat().st_size - 60)
    with pytest.raises(DamagedInputError, match=r"images\.npy"):
        list(StoredSamples((folder,)).chunks(50))


def test_labels_are_read_without_the_rows(tmp_path: Path) -> None:
    classes = (ClassRecord(key="x", label="X"), ClassRecord(key="a", label="A"))
    size = ImageSpec(height=4, width=5, channels=3)
    spec = DatasetSpec(name="toy", modality="image", classes=classes, image=size)
    whole = images(5)
    whole.manifest.loc[[1, 4], "label"] = "X"
    folder = _stored(tmp_path / "f", whole)
    (folder / "images.npy").unlink()
    assert list(label_indices(folder, spec)) == [1, 0, 1, 1, 0] == list(whole.label_indices(spec))
    with pytest.raises(MissingInputError, match="nothing"):
        label_indices(tmp_path / "nothing", spec)
