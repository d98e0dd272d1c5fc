"""An opened export: which rows were asked for, and how to read them. No torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.png import decode_png
from gan_augment.core.records import DatasetSpec
from gan_augment.core.seeds import derive_seed
from gan_augment.sharding.formats import IMAGE_READERS, TABLE_READERS, ImageReader, TableReader
from gan_augment.sharding.index import MANIFEST, read_index
from gan_augment.sharding.permutation import shuffled_places

__all__ = ["Adjustment", "Arrays", "Export", "Origin", "Rows", "opened"]

Origin = Literal["real", "synthetic"]


class Arrays(NamedTuple):
    """All chosen rows in memory.

    x: uint8 [n, height, width, channels], or the feature columns [n, features]; y: int64 [n] class indices;
    synthetic: bool [n]; labels: the class names, by index.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    synthetic: npt.NDArray[np.bool_]
    labels: tuple[str, ...]


class Adjustment(NamedTuple):
    """What the measured classifier's logits lost before they decided: tau x log_prior, float64 [classes], by index."""

    tau: float
    log_prior: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Chosen rows of the manifest: where each one lies, its class index, whether it is synthetic, its row number."""

    shards: list[str]
    offsets: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    synthetic: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]  # row number within the shard

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Export:
    """An export folder and the choice of rows: of (class key, origin) the rows below a limit, in a seeded order."""

    root: Path
    spec: DatasetSpec
    format: str
    prefix: str
    limits: dict[tuple[str, str], int]
    counts: dict[tuple[str, str], int]
    files: tuple[str, ...]  # of a table: one shard each
    seed: int
    reason: str  # why the export holds synthetic rows, or none
    adjustment: Adjustment

    @property
    def everything(self) -> bool:
        """No row is left out."""
        return all(self.limits.get(pair, 0) >= count for pair, count in self.counts.items())

    @property
    def shards(self) -> int:
        """How many shards; each is one row group of the manifest."""
        return int(pq.read_metadata(self.root / MANIFEST).num_row_groups)

    def rows(self, shard: int) -> Rows:
        """The chosen rows of one shard, in the order of the shard."""
        names = [f"{self.prefix}shard", f"{self.prefix}offset"]
        with pq.ParquetFile(self.root / MANIFEST) as file:
            table = file.read_row_group(shard, columns=["key", "origin", "rank", *names])
        keys, origins, ranks = (table.column(name).to_pandas().to_numpy() for name in ("key", "origin", "rank"))
        kept = np.flatnonzero(self._kept(keys, origins, ranks))
        index = {record.key: number for number, record in enumerate(self.spec.classes)}
        places = table.take(pa.array(kept)).select(names)
        return Rows(
            shards=places.column(0).to_pylist(),
            offsets=places.column(1).to_numpy(),
            classes=np.array([index[key] for key in keys[kept]], dtype=np.int64),
            synthetic=np.asarray(origins[kept] == "synthetic", dtype=bool),
            places=kept,
        )

    def _kept(
        self, keys: npt.NDArray[Any], origins: npt.NDArray[Any], ranks: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        kept = np.zeros(len(keys), dtype=bool)
        for (key, origin), limit in self.limits.items():
            mine = (keys == key) & (origins == origin)
            if limit >= self.counts[key, origin]:
                kept |= mine
            elif origin == "real":  # real rows come in the order of the source: shuffle before cutting
                seed = derive_seed(self.seed, "real_fraction", key)
                kept[mine] = shuffled_places(ranks[mine], self.counts[key, origin], seed) < limit
            else:
                kept[mine] = ranks[mine] < limit
        return kept

    def image_reader(self) -> ImageReader:
        """A reader of PNG bytes by shard and offset. Not to be shared between processes."""
        return IMAGE_READERS[self.format](self.root)

    def frame(self) -> pd.DataFrame:
        """The chosen table rows: features, target, and the columns `_id` and `_origin`. Raises ParamsError."""
        if self.everything:
            return self._table_reader()(*self.files)
        return pd.concat(self.frames(), ignore_index=True)

    def frames(self) -> Iterator[pd.DataFrame]:
        """`frame` one shard after the other, so that one shard at a time is in memory."""
        read = self._table_reader()
        return (self._chosen(read(file), number) for number, file in enumerate(self.files))

    def _chosen(self, frame: pd.DataFrame, shard: int) -> pd.DataFrame:
        return frame if self.everything else frame.iloc[self.rows(shard).places]

    def _table_reader(self) -> TableReader:
        if self.spec.table is None:
            raise ParamsError(
                "An export of images is not a table", where=str(self.root), remedy='use load(path, "numpy") or "torch"'
            )
        return TABLE_READERS[self.format](self.root)

    def arrays(self) -> Arrays:
        """All chosen rows in memory."""
        rows = [self.rows(number) for number in range(self.shards)]
        classes = np.concatenate([part.classes for part in rows])
        synthetic = np.concatenate([part.synthetic for part in rows])
        if self.spec.table is not None:
            features = [column.name for column in self.spec.table.columns]
            return Arrays(self.frame()[features].to_numpy(), classes, synthetic, self.spec.labels)
        assert self.spec.image is not None
        read, size = self.image_reader(), self.spec.image
        pixels = np.empty((len(classes), size.height, size.width, size.channels), dtype=np.uint8)
        wanted = ((shard, offset) for part in rows for shard, offset in zip(part.shards, part.offsets, strict=True))
        for place, (shard, offset) in enumerate(wanted):
            pixels[place] = decode_png(read(shard, int(offset)))
        return Arrays(pixels, classes, synthetic, self.spec.labels)


def opened(
    root: Path,
    *,
    format: str | None = None,  # noqa: A002
    only: str | None = None,
    classes: Sequence[str] | None = None,
    real_fraction: float = 1.0,
    ratio: float | None = None,
    seed: int = 0,
) -> Export:
    """Open an export and choose rows; the parameters are those of `load`."""
    index = read_index(root)
    spec = DatasetSpec.load(root / "dataset.json")
    name = _chosen_format(index["formats"], format)
    primary = index["formats"][0] in (name, "table")
    _check(only, real_fraction, ratio)
    keys = _chosen_keys(spec, classes)
    counts = {(c["key"], origin): int(c[origin]) for c in index["classes"] for origin in ("real", "synthetic")}
    limits = {pair: limit for pair, limit in _limits(counts, real_fraction, ratio).items() if pair[0] in keys}
    if only is not None:
        limits = {pair: limit for pair, limit in limits.items() if pair[1] == only}
    files = tuple(s["file"] for s in index["shards"] if s["format"] == "table" and s["file"].endswith(".parquet"))
    _check_files(root, [s["file"] for s in index["shards"] if _holds(s, name)])
    return Export(
        root=root,
        spec=spec,
        format=name,
        prefix="" if primary else f"{name}_",
        limits=limits,
        counts=counts,
        files=files,
        seed=seed,
        reason=index["content"]["reason"],
        adjustment=_adjustment(index["content"], spec),
    )


def _adjustment(content: dict[str, Any], spec: DatasetSpec) -> Adjustment:
    """That of index.json; none of an export by an older version."""
    found = content.get("adjustment") or {"tau": 0.0, "log_prior": {}}
    return Adjustment(found["tau"], np.array([found["log_prior"].get(c.key, 0.0) for c in spec.classes]))


def _holds(shard: dict[str, Any], name: str) -> bool:
    """Whether this file is one that the format `name` reads."""
    if shard["format"] != "table":
        return bool(shard["format"] == name)
    return bool(shard["file"].endswith(".csv") == (name == "csv"))


def _check_files(root: Path, shards: Sequence[str]) -> None:
    """Raise MissingInputError where a file is not there that reading would come upon in the middle."""
    absent = [name for name in (MANIFEST, *shards) if not (root / name).exists()]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise MissingInputError(
            "Files of the export are missing",
            where=root,
            got=f"no {absent[0]}{more}",
            remedy="fetch it again as a whole; `gan-augment verify` names every file",
        )


def _limits(
    counts: dict[tuple[str, str], int], real_fraction: float, ratio: float | None
) -> dict[tuple[str, str], int]:
    """(key, origin) -> how many rows to keep."""
    kept = {key: round(real_fraction * n) for (key, origin), n in counts.items() if origin == "real"}
    goal = None if ratio is None else round(ratio * max(kept.values()))
    limits = {(key, "real"): count for key, count in kept.items()}
    for key, count in kept.items():
        available = counts[key, "synthetic"]
        limits[key, "synthetic"] = available if goal is None else min(available, max(0, goal - count))
    return limits


def _check(only: str | None, real_fraction: float, ratio: float | None) -> None:
    if only not in (None, "real", "synthetic"):
        raise ParamsError("There is no such origin", where="load(only=...)", got=repr(only), expected="real, synthetic")
    if not 0 < real_fraction <= 1:
        raise ParamsError(
            "The share of real rows is out of range",
            where="load(real_fraction=...)",
            got=str(real_fraction),
            expected="above 0, at most 1",
            remedy='for no real rows use only="synthetic"',
        )
    if ratio is not None and ratio < 0:
        raise ParamsError("A mixing ratio is negative", where="load(ratio=...)", got=str(ratio), expected="0 or more")


def _chosen_format(available: Sequence[str], wanted: str | None) -> str:
    known = [*available, "csv"] if "table" in available else list(available)
    if wanted is not None and wanted not in known:
        raise ParamsError(
            "The export does not hold this format", where="load(format=...)", got=wanted, expected=", ".join(known)
        )
    return wanted or known[0]


def _chosen_keys(spec: DatasetSpec, classes: Sequence[str] | None) -> set[str]:
    if classes is None:
        return {record.key for record in spec.classes}
    known = {record.key: record.key for record in spec.classes} | {r.label: r.key for r in spec.classes}
    for name in classes:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ParamsError(
                "There is no such class",
                where="load(classes=...)",
                got=repr(name),
                expected=", ".join(map(repr, spec.labels)),
                remedy=f"did you mean {near[0]!r}?" if near else None,
            )
    return {known[name] for name in classes}
