"""The train and validation parts on disk, as `prepare` leaves them: for it, and for who splits its rows once more."""

from __future__ import annotations

from pathlib import Path

from gan_augment.core.atomic import replacing_directory
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, write_samples
from gan_augment.stages.project import Layout

__all__ = ["in_split", "write_part", "write_parts"]


def write_parts(layout: Layout, spec: DatasetSpec, train: Samples, validation: Samples) -> None:
    """A folder a class of train rows, the validation rows, and dataset.json last: it says that the rest is there."""
    with replacing_directory(layout.train("any").parent) as folder:
        for record in spec.classes:
            write_part(folder / record.key, in_split(train.of_class(record.label), "train"))
    write_part(layout.validation, in_split(validation, "validation"))
    spec.save(layout.dataset)


def write_part(folder: Path, samples: Samples) -> None:
    """A samples folder, moved into place when it is whole."""
    with replacing_directory(folder) as partial:
        write_samples(partial, samples)


def in_split(samples: Samples, name: str) -> Samples:
    """The same rows as rows of this split."""
    return Samples(samples.manifest.assign(split=name).astype({"split": "string"}), samples.payload)
