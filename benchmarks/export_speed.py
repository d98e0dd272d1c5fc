"""How fast the shard formats write and read, against the bare format library in the same run; and the peak memory.

    python benchmarks/export_speed.py                       speed: 20,000 images of 32x32x3, 200,000 table rows
    python benchmarks/export_speed.py --rows 5000           smaller
    python benchmarks/export_speed.py memory 100000 1000000 peak memory of whole exports, each in a process of its own

A pass of ours and one of the library take turns, three times; the best of each counts. Both sides encode and decode
the same PNGs; ours also writes provenance and finds the rows by the manifest.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import webdataset
from PIL import Image

import gan_augment
from gan_augment.core.png import decode_png
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.core.samples import make_manifest
from gan_augment.sharding.config import ExportConfig
from gan_augment.sharding.content import Content
from gan_augment.sharding.export import ExportTask, export
from gan_augment.sharding.files import Files
from gan_augment.sharding.formats import IMAGE_READERS, WRITERS, ShardRows
from gan_augment.sharding.rows import Source, read_source, row_schema

REAL_ONLY = Content(counts={}, ratio=0, basis="real_only", verdict="", sentence="", reason="")
CLASSES = tuple(ClassRecord(key=f"c{n}", label=f"class {n}") for n in range(10))
IMAGES = DatasetSpec(name="i", modality="image", classes=CLASSES, image=ImageSpec(height=32, width=32, channels=3))
COLUMNS = tuple(
    [Column(name=f"n{n}", kind="numeric", dtype="float64") for n in range(12)]
    + [Column(name=f"i{n}", kind="numeric", dtype="int64", integer=True) for n in range(4)]
    + [Column(name=f"c{n}", kind="categorical", dtype="string") for n in range(4)]
)
TABLE = DatasetSpec(name="t", modality="table", classes=CLASSES, table=TableSpec(columns=COLUMNS, target="y"))


def write_source(folder: Path, spec: DatasetSpec, rows: int) -> None:
    """A samples folder of `rows` rows, written in pieces so that this takes no memory either."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    writer: pq.ParquetWriter | None = None
    payload: Any = None
    for start in range(0, rows, 50_000):
        count = min(50_000, rows - start)
        ids = [f"conditional-c{n % 10}-7-{n}" for n in range(start, start + count)]
        labels = [f"class {n % 10}" for n in range(start, start + count)]
        manifest = make_manifest(
            count, id=ids, label=labels, split="train", origin="real", method="conditional", seed=7
        )
        table = pa.Table.from_pandas(manifest, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(folder / "manifest.parquet", table.schema)
            payload = _open_payload(folder, spec, rows)
        writer.write_table(table)
        payload(_pixels(count, rng) if spec.image is not None else _frame(count, rng))
    assert writer is not None
    writer.close()
    payload(None)


def _open_payload(folder: Path, spec: DatasetSpec, rows: int) -> Callable[[Any], None]:
    if spec.image is None:
        return _table_payload(folder)
    stream = (folder / "images.npy").open("wb")
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, 32, 32, 3)}
    np.lib.format.write_array_header_1_0(stream, header)
    return lambda part: stream.close() if part is None else stream.write(part.tobytes()) and None


def _table_payload(folder: Path) -> Callable[[Any], None]:
    writer: list[pq.ParquetWriter] = []

    def add(part: pd.DataFrame | None) -> None:
        if part is None:
            writer[0].close()
            return
        table = pa.Table.from_pandas(part, preserve_index=False)
        if not writer:
            writer.append(pq.ParquetWriter(folder / "rows.parquet", table.schema))
        writer[0].write_table(table)

    return add


def _pixels(count: int, rng: np.random.Generator) -> Any:
    """Smooth blobs with a little noise: PNGs of about 2.4 kB, as photographs of this size give."""
    y, x = np.mgrid[:32, :32] / 32
    centre = rng.random((count, 2, 1, 1))
    blob = np.exp(-(((x - centre[:, 0]) ** 2 + (y - centre[:, 1]) ** 2) * 6))
    colour = rng.random((count, 1, 1, 3))
    return np.clip(blob[..., None] * colour * 220 + rng.integers(0, 30, (count, 32, 32, 1)), 0, 255).astype(np.uint8)


def _frame(count: int, rng: np.random.Generator) -> pd.DataFrame:
    numbers = {f"n{n}": rng.normal(size=count).round(4) for n in range(12)}
    whole = {f"i{n}": rng.integers(0, 1000, count) for n in range(4)}
    words = {f"c{n}": pd.array(rng.choice(["alpha", "beta", "gamma"], count), "string") for n in range(4)}
    return pd.DataFrame(numbers | whole | words)


def best(*passes: Callable[[], Any], repeats: int = 3) -> list[float]:
    """Seconds of the fastest of `repeats` runs of each pass, the passes taking turns."""
    seconds = [float("inf")] * len(passes)
    for _ in range(repeats):
        for place, run in enumerate(passes):
            start = time.perf_counter()
            run()
            seconds[place] = min(seconds[place], time.perf_counter() - start)
    return seconds


def shard_of(spec: DatasetSpec, folder: Path) -> ShardRows:
    """All rows as one shard."""
    source = Source(folder)
    schema = row_schema(spec, [source])
    rows = pa.Table.from_batches(list(read_source(spec, source, schema, 65_536)), schema=schema.arrow)
    return ShardRows(rows, 0, 1, spec, schema)


def bare_tar(pixels: Any, facts: list[dict[str, Any]], path: Path) -> None:
    """The same three members a sample through WebDataset's own writer."""
    with webdataset.TarWriter(str(path)) as tar:
        for number, (picture, row) in enumerate(zip(pixels, facts, strict=True)):
            members = {"png": _png(picture), "cls": str(number % 10).encode(), "json": json.dumps(row).encode()}
            tar.write({"__key__": row["id"], **members})


def bare_parquet(pixels: Any, facts: list[dict[str, Any]], path: Path) -> None:
    """The image struct and the same columns through pyarrow in one call."""
    images = pa.array(
        [{"bytes": _png(p), "path": None} for p in pixels], pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    )
    columns = {name: pa.array([row[name] for row in facts]) for name in facts[0]}
    pq.write_table(pa.table({"image": images, **columns}), path, compression="zstd")


def bare_folder(pixels: Any, facts: list[dict[str, Any]], root: Path) -> None:
    """One file a picture through Pillow."""
    for number, (picture, row) in enumerate(zip(pixels, facts, strict=True)):
        folder = root / f"c{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{row['id']}.png")


def _png(picture: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def read_ours(root: Path, name: str) -> None:
    """Every picture by the manifest, in its order."""
    read = IMAGE_READERS[name](Files(root))
    prefix = "" if name == "webdataset" else f"{name}_"
    manifest = pq.read_table(root / "manifest.parquet", columns=[f"{prefix}shard", f"{prefix}offset"])
    for shard, offset in zip(*(column.to_pylist() for column in manifest.columns), strict=True):
        decode_png(read(shard, offset))


def read_webdataset(root: Path) -> None:
    """Every picture through the WebDataset library."""
    shards = [str(path) for path in sorted((root / "webdataset").iterdir())]
    for _ in webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8").to_tuple("png", "cls"):
        pass


def read_parquet(root: Path) -> None:
    """Every picture through pyarrow and Pillow."""
    for path in sorted((root / "parquet").iterdir()):
        for batch in pq.ParquetFile(path).iter_batches(columns=["image.bytes"]):
            for row in batch.column("image").to_pylist():
                np.asarray(Image.open(io.BytesIO(row["bytes"])))


def read_folder(root: Path) -> None:
    """Every picture through Pillow."""
    for path in (root / "folder").rglob("*.png"):
        np.asarray(Image.open(path))


def images(rows: int, root: Path) -> None:
    """Write and read every image format."""
    write_source(root / "source", IMAGES, rows)
    shard = shard_of(IMAGES, root / "source")
    pixels = np.load(root / "source/images.npy")
    facts = shard.rows.select(["id", "label", "origin", "method", "model_hash", "seed", "parents", "split"]).to_pylist()
    bare: dict[str, Callable[[], None]] = {
        "webdataset": lambda: bare_tar(pixels, facts, root / "bare.tar"),
        "parquet": lambda: bare_parquet(pixels, facts, root / "bare.parquet"),
        "folder": lambda: bare_folder(pixels, facts, root / "bare"),
    }
    for name, theirs in bare.items():
        report(f"write {name}", rows, *best(lambda name=name: WRITERS[name](shard, root / "ours"), theirs))  # type: ignore[misc, index]
    config = ExportConfig(formats=("webdataset", "parquet", "folder"))
    export(ExportTask(IMAGES, (root / "source",), None, REAL_ONLY, config, 0), root / "export")
    for name, theirs in {"webdataset": read_webdataset, "parquet": read_parquet, "folder": read_folder}.items():
        ours = lambda name=name: read_ours(root / "export", name)  # noqa: E731
        report(f"read {name}", rows, *best(ours, lambda theirs=theirs: theirs(root / "export")))


def tables(rows: int, root: Path) -> None:
    """Write and read the table format: Parquet and CSV together, as it writes them."""
    write_source(root / "table", TABLE, rows)
    shard = shard_of(TABLE, root / "table")
    frame = pd.read_parquet(root / "table/rows.parquet")
    frame["y"], frame["_id"], frame["_origin"] = (shard.rows.column(c).to_pandas() for c in ("label", "id", "origin"))

    def bare() -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, root / "bare-table.parquet", compression="zstd")
        pa_csv.write_csv(table, root / "bare-table.csv")

    report("write table", rows, *best(lambda: WRITERS["table"](shard, root / "ours-table"), bare))
    export(ExportTask(TABLE, (root / "table",), None, REAL_ONLY, ExportConfig(), 0), root / "export-table")
    report(
        "read table",
        rows,
        *best(
            lambda: gan_augment.load(root / "export-table"),
            lambda: pd.read_parquet(root / "export-table/table/parquet"),
        ),
    )


def report(what: str, rows: int, ours: float, theirs: float) -> None:
    """One line: rows a second of ours and of the library, and their ratio."""
    print(f"{what:<18}{rows / ours:>12,.0f}{rows / theirs:>12,.0f}{theirs / ours:>8.2f}", flush=True)


def memory(rows: int, modality: str) -> None:
    """One export in this process; prints seconds and the peak of the resident memory."""
    spec = IMAGES if modality == "image" else TABLE
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        subprocess.run([sys.executable, __file__, "source", str(rows), modality, str(root / "source")], check=True)
        start = time.perf_counter()
        export(ExportTask(spec, (root / "source",), None, REAL_ONLY, ExportConfig(), 0), root / "export")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{modality:<8}{rows:>12,}{time.perf_counter() - start:>10.0f} s{peak:>10.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="speed", choices=["speed", "memory", "one", "source"])
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--modality", choices=["image", "table"], default="image")
    options = parser.parse_args()
    if options.what == "speed":
        print(f"{'rows a second':<18}{'ours':>12}{'library':>12}{'ratio':>8}")
        with tempfile.TemporaryDirectory() as root:
            images(options.rows, Path(root))
            tables(10 * options.rows, Path(root))
    elif options.what == "memory":
        for rows in options.arguments or ["100000", "1000000"]:
            subprocess.run([sys.executable, __file__, "one", rows, options.modality], check=True)
    elif options.what == "one":
        memory(int(options.arguments[0]), options.arguments[1])
    else:
        rows, modality, folder = options.arguments
        write_source(Path(folder), IMAGES if modality == "image" else TABLE, int(rows))


if __name__ == "__main__":
    main()
