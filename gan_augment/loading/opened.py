"""Opened export: the choice of its rows, and their readers. No torch."""

from __future__ import annotations

import difflib
import functools
import math
import numbers
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.png import decode_png
from gan_augment.core.records import ArrayField, DatasetSpec, ImageSpec, Role
from gan_augment.core.records import Field as FileForm
from gan_augment.core.seeds import derive_seed
from gan_augment.sharding.beside import Beside, decoded, ending
from gan_augment.sharding.files import Files, absent, changed, reading
from gan_augment.sharding.formats import IMAGE_READERS, TABLE_READERS, ImageReader, TableReader
from gan_augment.sharding.formats.folder import COMPANIONS
from gan_augment.sharding.index import INDEX, MANIFEST, read_index
from gan_augment.sharding.permutation import shuffled_places

__all__ = ["Adjustment", "Arrays", "ArraysBeside", "Export", "Origin", "Rows", "opened"]

Origin = Literal["real", "synthetic"]
_CHOICE = ("key", "origin", "rank")  # columns of the manifest by which rows are chosen
_DATASET = "dataset.json"
_LARGEST_RATIO = 1e9  # infinity is not a number of rows
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Arrays(NamedTuple):
    """Chosen rows in memory.

    x: uint8 [n, height, width, channels], or the feature columns [n, features]; y: int64 [n] class indices;
    synthetic: bool [n]; labels: the class names, by index.
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    synthetic: npt.NDArray[np.bool_]
    labels: tuple[str, ...]


class ArraysBeside(NamedTuple):
    """Chosen rows in memory and, by role, their companions: a uint8 array [n, ...], or a DataFrame of n rows."""

    x: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    synthetic: npt.NDArray[np.bool_]
    labels: tuple[str, ...]
    companions: dict[Role, Any]


class Adjustment(NamedTuple):
    """Adjustment subtracted from the measured classifier's logits: tau x log_prior, float64 [classes], by index."""

    tau: float
    log_prior: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows chosen from the manifest: the place of each, its class index, whether it is synthetic, its row number."""

    shards: pa.StringArray
    offsets: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    synthetic: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]  # row number within the shard

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Export:
    """Export folder and the choice of rows: of (class key, origin) the rows below a limit, in a seeded order."""

    files: Files
    spec: DatasetSpec
    format: str
    prefix: str
    limits: dict[tuple[str, str], int]
    counts: dict[tuple[str, str], int]
    tables: tuple[str, ...]  # of a table: one per shard
    seed: int
    reason: str  # the reason why the export holds synthetic rows, or none
    adjustment: Adjustment
    companions: dict[Role, FileForm]  # requested companions

    @property
    def root(self) -> Path:
        """The folder."""
        return self.files.root

    @property
    def everything(self) -> bool:
        """Whether no row is left out."""
        return all(self.limits.get(pair, 0) >= count for pair, count in self.counts.items())

    @functools.cached_property
    def _footer(self) -> Any:
        """Footer of the manifest: read once, since that of many shards takes longer than a row group."""
        with reading(self.root, MANIFEST):
            footer = pq.read_metadata(self.files(MANIFEST))
        self._check_rows(MANIFEST, footer.num_rows, sum(self.counts.values()))
        return footer

    def _check_rows(self, name: str, found: int, wanted: int) -> None:
        """Raise before anything is decompressed: a few bytes of Parquet can stand for billions of rows."""
        if found != wanted:
            raise changed(self.root, name, f"{found:,} rows, not {wanted:,}")

    @property
    def shards(self) -> int:
        """Number of shards; each is a row group of the manifest."""
        return int(self._footer.num_row_groups)

    def kept_per_shard(self) -> npt.NDArray[np.int64]:
        """Number of chosen rows in each shard, int64 [shards]."""
        if self.everything:
            found = [self._footer.row_group(number).num_rows for number in range(self.shards)]
        else:
            with reading(self.root, MANIFEST):
                found = [len(self._places(self._columns(number, _CHOICE))) for number in range(self.shards)]
        return np.array(found, dtype=np.int64)

    def rows(self, shard: int) -> Rows:
        """Chosen rows of a shard, in the order of the shard."""
        names = [f"{self.prefix}shard", f"{self.prefix}offset"]
        index = {record.key: number for number, record in enumerate(self.spec.classes)}
        with reading(self.root, MANIFEST):
            table = self._columns(shard, [*_CHOICE, *names])
            kept = self._places(table)
            table = table.take(pa.array(kept))
            return Rows(
                shards=table.column(names[0]).combine_chunks(),
                offsets=table.column(names[1]).to_numpy(),
                classes=np.array([index[key] for key in table.column("key").to_pylist()], dtype=np.int64),
                synthetic=np.asarray(table.column("origin").to_pandas() == "synthetic", dtype=bool),
                places=kept,
            )

    def _places(self, table: pa.Table) -> npt.NDArray[np.int64]:
        """Numbers of a shard's chosen rows, ascending."""
        return np.flatnonzero(self._kept(*(table.column(name).to_pandas().to_numpy() for name in _CHOICE)))

    def _columns(self, shard: int, names: Sequence[str]) -> pa.Table:
        with pq.ParquetFile(self.files(MANIFEST), metadata=self._footer) as file:
            return file.read_row_group(shard, columns=list(names))

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
        """Reader of PNG bytes by shard and offset. Not to be shared between processes."""
        if self.spec.image is None:
            raise ParamsError("A table holds no images", where=str(self.root), remedy='use load(path, "pandas")')
        return IMAGE_READERS[self.format](self.files)

    def picture(self, read: ImageReader, shard: str, offset: int) -> npt.NDArray[np.uint8]:
        """Pixels uint8 [height, width, channels] of a sample. Raises DataError, which names the file."""
        with reading(self.root, shard):
            return _decoded(read(shard, offset), self.spec.images)

    def beside(self, read: ImageReader, shard: str, offset: int) -> dict[Role, Any]:
        """Companion of a sample: a uint8 array, or a dict of cells. Raises DataError, which names the file."""
        found: dict[Role, Any] = {}
        for role, form in self.companions.items():
            with reading(self.root, shard):
                content = read.beside(shard, offset, role, ending(role, form))
                if content is None:
                    raise ValueError(f"no {role} beside the sample at {offset}")
                found[role] = decoded(role, form, content)
        return found

    def frame(self) -> pd.DataFrame:
        """Chosen table rows: features, target, and the columns `_id` and `_origin`. Raises ParamsError."""
        if self.everything:
            return self._table(self._table_reader(), *self.tables)
        return pd.concat(self.frames(), ignore_index=True)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Frames shard by shard, so that a single shard is in memory at a time."""
        read = self._table_reader()
        return (self._chosen(self._table(read, file), number) for number, file in enumerate(self.tables))

    def _table(self, read: TableReader, *shards: str) -> pd.DataFrame:
        for shard in shards if self.format == "table" else ():
            with reading(self.root, shard):
                found = pq.read_metadata(self.files(shard)).num_rows
            self._check_rows(shard, found, self._footer.row_group(self.tables.index(shard)).num_rows)
        with reading(self.root, shards[0] if len(shards) == 1 else self.format):
            return read(*shards)

    def _chosen(self, frame: pd.DataFrame, shard: int) -> pd.DataFrame:
        return frame if self.everything else frame.iloc[self.rows(shard).places]

    def _table_reader(self) -> TableReader:
        if self.spec.table is None:
            raise ParamsError(
                "An export of images is not a table", where=str(self.root), remedy='use load(path, "numpy") or "torch"'
            )
        with reading(self.root, "table/schema.json"):
            return TABLE_READERS[self.format](self.files)

    def arrays(self) -> Arrays | ArraysBeside:
        """Chosen rows in memory, with their companions where requested."""
        rows = [self.rows(number) for number in range(self.shards)]
        classes = np.concatenate([part.classes for part in rows])
        synthetic = np.concatenate([part.synthetic for part in rows])
        if self.spec.table is not None:
            features = [column.name for column in self.spec.table.columns]
            return Arrays(self.frame()[features].to_numpy(), classes, synthetic, self.spec.labels)
        read, pixels = self.image_reader(), _room(len(classes), self.spec.images)
        wanted = ((s, int(o)) for part in rows for s, o in zip(part.shards.to_pylist(), part.offsets, strict=True))
        beside: list[dict[Role, Any]] = []
        for place, (shard, offset) in enumerate(wanted):
            pixels[place] = self.picture(read, shard, offset)
            beside.append(self.beside(read, shard, offset))
        plain = Arrays(pixels, classes, synthetic, self.spec.labels)
        return ArraysBeside(*plain, self._stacked(beside)) if self.companions else plain

    def _stacked(self, rows: Sequence[dict[Role, Any]]) -> dict[Role, Any]:
        """Rows as arrays and frames, in the form that the index gives."""
        return {role: _of_form(form, [row[role] for row in rows]) for role, form in self.companions.items()}


def _of_form(form: FileForm, values: Sequence[Any]) -> Any:
    if isinstance(form, ArrayField):
        return np.stack(values) if values else np.zeros((0, *form.shape), np.uint8)
    columns = {c.name: [cells[c.name] for cells in values] for c in form.columns}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(values))).astype({c.name: c.dtype for c in form.columns})


def _room(count: int, size: ImageSpec) -> npt.NDArray[np.uint8]:
    """Array uint8 [count, height, width, channels], not yet filled. Raises DataError where memory is too small."""
    shape = (count, size.height, size.width, size.channels)
    try:
        return np.empty(shape, dtype=np.uint8)
    except (MemoryError, ValueError):
        raise DataError(
            "The images do not fit into memory",
            where='load(..., "numpy")',
            got=f"{math.prod(shape) / 2**30:,.1f} GiB: {count} images of {size.width} x {size.height} pixels",
            remedy='use load(path, "torch") or "stream", or choose fewer rows',
        ) from None


def _decoded(png: bytes, size: ImageSpec) -> npt.NDArray[np.uint8]:
    """Pixels of a PNG of this size. Raises ValueError before anything of another size is decompressed."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26]) if png[:8] == _SIGNATURE else (0, 0, 0, 0)
    if (width, height, depth, colour) != (size.width, size.height, 8, 0 if size.channels == 1 else 2):
        raise ValueError(
            f"no PNG of {size.width} x {size.height} pixels and {size.channels} channels"
            + (f", but of {width} x {height} (depth {depth}, colour type {colour})" if width else "")
        )
    return decode_png(png)


def opened(
    root: Path,
    *,
    format: str | None = None,  # noqa: A002
    only: str | None = None,
    classes: Sequence[str] | None = None,
    real_fraction: float = 1.0,
    ratio: float | None = None,
    companions: Sequence[Role] = (),
    seed: int = 0,
) -> Export:
    """Open an export and choose rows; the parameters are those of `load`."""
    root = root.resolve()  # a link such as `current` may change while a job reads: the job keeps its version
    index = read_index(root)
    files = Files(root)
    files(INDEX)
    spec = _spec(files, index)
    name = _chosen_format(index["formats"], format)
    primary = index["formats"][0] in (name, "table")
    _check(only, real_fraction, ratio, seed)
    keys = _chosen_keys(spec, classes)
    counts = {(c["key"], origin): int(c[origin]) for c in index["classes"] for origin in ("real", "synthetic")}
    limits = {pair: limit for pair, limit in _limits(counts, real_fraction, ratio).items() if pair[0] in keys}
    if only is not None:
        limits = {pair: limit for pair, limit in limits.items() if pair[1] == only}
    tables = tuple(s["file"] for s in index["shards"] if s["format"] == "table" and s["file"].endswith(".parquet"))
    _check_sizes(files, [s for s in index["shards"] if _holds(s, name)])
    files(MANIFEST)
    prefix = "" if primary else f"{name}_"
    reason, adjustment = index["content"]["reason"], _adjustment(files, index["content"], spec)
    beside = _chosen_companions(index, companions, {origin for (_, origin), rows in limits.items() if rows})
    return Export(files, spec, name, prefix, limits, counts, tables, seed, reason, adjustment, beside)


def _chosen_companions(index: dict[str, Any], wanted: Sequence[Role], origins: set[str]) -> dict[Role, FileForm]:
    """Forms of these companions. Raises ParamsError for one that the export, or a chosen row, does not have."""
    if isinstance(wanted, str):
        raise ParamsError(
            "The companions to read are a list",
            where="load(companions=...)",
            got=repr(wanted),
            expected=f"[{wanted!r}]",
        )
    known = index.get("companions", {})
    for role in wanted:
        if role not in known:
            raise ParamsError(
                "The export has no such companion",
                where="load(companions=...)",
                got=repr(role),
                expected=", ".join(map(repr, known)) or "none: this export has images alone",
            )
        for origin in sorted(origin for origin in origins if not known[role][origin]):
            other = "real" if origin == "synthetic" else "synthetic"
            raise ParamsError(
                f"The {origin} rows have no {role}",
                where="load(companions=...)",
                got=repr(role),
                remedy=f'read the {other} rows alone, with only="{other}", or leave it out',
            )
    return {role: Beside.model_validate(known[role]).form for role in wanted}


def _spec(files: Files, index: dict[str, Any]) -> DatasetSpec:
    """Contents of dataset.json. Raises DataError where it is not of the same data set as the index."""
    with reading(files.root, _DATASET):
        spec = DatasetSpec.load(files(_DATASET))
    told = (index["modality"], [(record["key"], record["label"]) for record in index["classes"]])
    if (spec.modality, [(record.key, record.label) for record in spec.classes]) != told:
        raise changed(files.root, _DATASET, "other classes than index.json has")
    return spec


def _adjustment(files: Files, content: dict[str, Any], spec: DatasetSpec) -> Adjustment:
    """Adjustment of index.json; none for an export of an older version."""
    with reading(files.root, INDEX):
        found = content.get("adjustment") or {"tau": 0.0, "log_prior": {}}
        return Adjustment(found["tau"], np.array([found["log_prior"].get(c.key, 0.0) for c in spec.classes]))


def _holds(shard: dict[str, Any], name: str) -> bool:
    """Whether the format `name` reads this file."""
    if shard["format"] != "table":
        return bool(shard["format"] == name)
    return bool(shard["file"].endswith(".csv") == (name == "csv"))


def _check_sizes(files: Files, shards: Sequence[dict[str, Any]]) -> None:
    """Raise, before reading starts, where a file is missing or its size differs from the index.

    Cheap, so always done: an incomplete copy is found at once, not in the middle of an epoch.
    """
    is_folder = bool(shards) and shards[0]["format"] == "folder"
    pictures = [*files.below("folder"), *files.below(COMPANIONS)] if is_folder else []
    wanted = {} if pictures else {shard["file"]: int(shard["bytes"]) for shard in shards}
    found = {name: files.size(name) for name in (MANIFEST, *(pictures or wanted))}
    if missing := [name for name, size in found.items() if size is None]:
        raise absent(files.root, missing[0], len(missing) - 1)
    if other := [name for name, size in wanted.items() if found[name] != size]:
        got = f"{found[other[0]]} bytes, not {wanted[other[0]]}"
        raise changed(files.root, other[0], got, len(other) - 1)
    if pictures:
        _check_pictures(files, {name: found[name] or 0 for name in pictures}, shards)


def _check_pictures(files: Files, sizes: dict[str, int], shards: Sequence[dict[str, Any]]) -> None:
    """The index has the total size of all pictures: where that differs, their checksums show which one changed."""
    found, wanted = sum(sizes.values()), sum(int(shard["bytes"]) for shard in shards)
    if found != wanted:
        for name in sizes:
            files(name)
        raise changed(files.root, INDEX, f"pictures of {wanted} bytes in all, where there are {found}")


def _limits(
    counts: dict[tuple[str, str], int], real_fraction: float, ratio: float | None
) -> dict[tuple[str, str], int]:
    """Rows to keep, by (key, origin)."""
    # At least one, so that a tiny class does not vanish silently.
    kept = {key: max(round(real_fraction * n), min(n, 1)) for (key, origin), n in counts.items() if origin == "real"}
    goal = None if ratio is None else round(ratio * max(kept.values()))
    limits = {(key, "real"): count for key, count in kept.items()}
    for key, count in kept.items():
        available = counts[key, "synthetic"]
        limits[key, "synthetic"] = available if goal is None else min(available, max(0, goal - count))
    return limits


def _check(only: object, real_fraction: object, ratio: object, seed: object) -> None:
    if only not in (None, "real", "synthetic"):
        raise ParamsError("There is no such origin", where="load(only=...)", got=repr(only), expected="real, synthetic")
    if not (_is_number(real_fraction) and 0 < real_fraction <= 1):
        raise ParamsError(
            "The share of real rows is out of range",
            where="load(real_fraction=...)",
            got=repr(real_fraction),
            expected="above 0, at most 1",
            remedy='for no real rows use only="synthetic"',
        )
    if ratio is not None and not (_is_number(ratio) and 0 <= ratio <= _LARGEST_RATIO):
        raise ParamsError(
            "A mixing ratio is out of range", where="load(ratio=...)", got=repr(ratio), expected="a number, 0 or more"
        )
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise ParamsError("A seed is a whole number", where="load(seed=...)", got=repr(seed))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


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
    if isinstance(classes, str):
        raise ParamsError(
            "The classes to keep are a list", where="load(classes=...)", got=repr(classes), expected=f"[{classes!r}]"
        )
    known = {record.key: record.key for record in spec.classes} | {r.label: r.key for r in spec.classes}
    for name in classes:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            raise ParamsError(
                "There is no such class",
                where="load(classes=...)",
                got=repr(name),
                expected=", ".join(map(repr, spec.labels)),
                remedy=f"did you mean {near[0]!r}?" if near else None,
            )
    return {known[name] for name in classes}
