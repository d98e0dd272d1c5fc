"""The few synthetic rows that a report shows or compares, picked from any number of them at constant memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from gan_augment.core import fields
from gan_augment.core.checksums import check_file, telling_damage
from gan_augment.core.errors import MissingInputError
from gan_augment.core.fields import Files, frame_of
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples, count_samples
from gan_augment.core.streams import label_index_pieces, read_rows

__all__ = ["COMPARED", "accepted_rows", "captioned_rows", "rejected_rows", "scores_of"]

COMPARED = 100_000  # rows of a table, over all classes, whose columns stand beside the real ones
CAPTIONS, OF_CAPTION = 4, 8  # captions of a class, and pictures of a caption, in the gallery
LOOKED_AT = 5_000  # rows of a class
_READ = 65_536


def accepted_rows(folder: Path, spec: DatasetSpec, pictures: int, *, companions: tuple[Role, ...] = ()) -> Samples:
    """The first of the accepted rows in data/curated: `pictures` images a class, or `COMPARED` rows of a table.

    A table's classes keep their shares; a class's first rows are a random part of it. Raises MissingInputError.
    """
    count_samples(folder)  # says what is missing
    most = np.full(len(spec.classes), pictures)
    if spec.table is not None:
        counts = sum(
            (np.bincount(part, minlength=len(most)) for part in label_index_pieces(folder, spec)), np.zeros(len(most))
        )
        most = np.ceil(counts * min(1.0, COMPARED / max(counts.sum(), 1))).astype(np.int64)
    places, start = [np.zeros(0, np.int64)], 0
    for part in label_index_pieces(folder, spec):
        for index in np.flatnonzero(most):
            found = np.flatnonzero(part == index)[: most[index]]
            most[index] -= len(found)
            places.append(start + found)
        start += len(part)
    return read_rows(folder, np.sort(np.concatenate(places)), companions=companions)


def captioned_rows(folder: Path, spec: DatasetSpec) -> Samples | None:
    """Accepted rows with their captions: of each class the first of its most frequent ones; None without captions.

    As many captions and rows as `CAPTIONS` and `OF_CAPTION` say, looked for among a class's first `LOOKED_AT` rows.
    """
    beside = Files.of_role("caption").find(folder)
    if beside is None:
        return None
    most, start = np.full(len(spec.classes), LOOKED_AT), 0
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    texts = fields.reader(beside)
    for part in label_index_pieces(folder, spec):
        captions = frame_of(texts.take(len(part))).iloc[:, 0]
        for index in np.flatnonzero(most):
            own = np.flatnonzero(part == index)[: most[index]]
            most[index] -= len(own)
            for place in own:
                found[int(index), str(captions.iloc[place])].append(start + int(place))
        start += len(part)
    kept = dict[int, int]()
    chosen = list[int]()
    for (label, _), places in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        if kept.get(label, 0) < CAPTIONS:
            kept[label] = kept.get(label, 0) + 1
            chosen += places[:OF_CAPTION]
    return read_rows(folder, np.sort(np.array(chosen, dtype=np.int64)), companions=("caption",))


def rejected_rows(scores: Path, folders: dict[str, Path], most: int) -> Samples:
    """At most `most` rejected candidates of each class, one filter after the other.

    `folders`: label -> the class's folder below data/synthetic. Raises MissingInputError.
    """
    found: dict[str, dict[str, int]] = {label: {} for label in folders}  # label -> id -> turn
    turns: dict[tuple[str, str], int] = defaultdict(int)
    for chunk in _columns(scores, ["id", "label", "rejected_by"]):
        rejected = chunk[chunk["rejected_by"].fillna("") != ""]
        for row in rejected.groupby(["label", "rejected_by"]).head(most).itertuples(index=False):
            kind = (str(row.label), str(row.rejected_by))
            if turns[kind] < most and kind[0] in found:
                found[kind[0]][str(row.id)] = turns[kind]
                turns[kind] += 1
    return Samples.concat([_in_turn(folder, found[label], most) for label, folder in folders.items()])


def _in_turn(folder: Path, turn: dict[str, int], most: int) -> Samples:
    places, ids = _places(folder, set(turn))
    order = np.argsort([turn[name] for name in ids], kind="stable")[:most]
    chosen = np.sort(places[order])
    return read_rows(folder, chosen).take(np.searchsorted(chosen, places[order]))


def _places(folder: Path, wanted: set[str]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Where in a samples folder the wanted ids are, ascending, and which is which."""
    places, ids, start = [], [], 0
    for chunk in _columns(folder / "manifest.parquet", ["id"]) if wanted else ():
        here = np.flatnonzero(chunk["id"].isin(wanted))
        places += list(start + here)
        ids += list(chunk["id"].iloc[here])
        start += len(chunk)
    return np.array(places, dtype=np.int64), ids


def scores_of(scores: Path, shown: Samples) -> pd.DataFrame:
    """The rows of scores.parquet of the samples shown, indexed by id."""
    wanted = set(shown.manifest["id"])
    pieces = _columns(scores, None)
    parts = [next(pieces)] + [piece[piece["id"].isin(wanted)] for piece in pieces if wanted]
    return pd.concat(parts, ignore_index=True).set_index("id")


def _columns(path: Path, names: list[str] | None) -> Iterator[pd.DataFrame]:
    """A Parquet file in pieces, at least one."""
    check_file(path)
    if not path.exists():
        raise MissingInputError(
            "An input of this stage is missing", where=path, remedy="run `dvc repro`, which runs the stages in order"
        )
    with telling_damage(path), pq.ParquetFile(path, pre_buffer=False) as file:
        yield file.schema_arrow.empty_table().select(names or file.schema_arrow.names).to_pandas()
        for batch in file.iter_batches(_READ, columns=names):
            piece: Any = batch.to_pandas()
            yield piece
