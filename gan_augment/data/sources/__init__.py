"""Sources, one file per kind. `read_source` finds the reader that a `source.kind` in params.yaml names."""

from __future__ import annotations

from pathlib import Path

from gan_augment.data.config import AnySource, PoolSource, SplitConfig
from gan_augment.data.raw import NO_COMPANIONS, Companions, RawData, Reader
from gan_augment.data.sources import demo, image_folder, image_manifest, npz, table, webdataset

__all__ = ["READERS", "read_source"]

READERS: dict[str, Reader] = {
    "demo": demo.read,
    "image_folder": image_folder.read,
    "image_manifest": image_manifest.read,
    "npz": npz.read,
    "table": table.read,
    "webdataset": webdataset.read,
}


def read_source(
    config: AnySource | PoolSource, root: Path, split: SplitConfig, companions: Companions = NO_COMPANIONS
) -> RawData:
    """Read a source with its companions; paths are relative to `root`. Raises DataError, ParamsError."""
    return READERS[config.kind](config, root, split, companions)
