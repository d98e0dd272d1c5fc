"""The train and validation parts on disk, as `prepare` leaves them: for it, and for who splits its rows once more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gan_augment.core.atomic import replacing_directory, replacing_file
from gan_augment.core.checksums import check_file, replacing_output, telling_damage
from gan_augment.core.errors import MissingInputError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, write_samples
from gan_augment.project.layout import Layout

__all__ = ["in_split", "read_label_list", "withheld", "write_part", "write_parts", "write_pool", "write_test_part"]


def write_test_part(layout: Layout, test: Samples) -> None:
    """The test rows without labels, and test_labels.parquet, which is listed with them: it has no folder of its own."""
    with replacing_file(layout.test_labels) as partial:
        test.manifest[["id", "label", "source"]].to_parquet(partial, index=False)
    write_part(layout.test_inputs, withheld(test), beside=[layout.test_labels])


def read_label_list(layout: Layout) -> pd.Series[str]:
    """Id -> label of the test rows, as `write_test_part` wrote them. Raises MissingInputError."""
    path = layout.test_labels
    if not path.exists():
        raise MissingInputError("The test labels are missing", where=path, remedy="run `dvc repro`, which writes them")
    check_file(path, listed_in=layout.test_inputs)
    with telling_damage(path):
        return pd.read_parquet(path).set_index("id")["label"]


def write_parts(layout: Layout, spec: DatasetSpec, train: Samples, validation: Samples) -> None:
    """A folder a class of train rows, the validation rows, and dataset.json last: it says that the rest is there."""
    with replacing_directory(layout.train("any").parent) as folder:
        for record in spec.classes:
            write_part(folder / record.key, in_split(train.of_class(record.label), "train"))
    write_part(layout.validation, in_split(validation, "validation"))
    spec.save(layout.dataset, sealed=True)


def write_pool(layout: Layout, pool: Samples) -> None:
    """The rows that only synthesizers see."""
    write_part(layout.pool, in_split(pool, "pool"))


def write_part(folder: Path, samples: Samples, *, beside: Sequence[Path] = ()) -> None:
    """A samples folder, moved into place when it is whole."""
    with replacing_output(folder, beside=beside) as partial:
        write_samples(partial, samples)


def in_split(samples: Samples, name: str) -> Samples:
    """The same rows as rows of this split."""
    return samples.relabelled(split=name)


def withheld(samples: Samples) -> Samples:
    """The same rows without label, companions and source, which for images is a path that names the class."""
    blind = samples.manifest.assign(label=pd.array([pd.NA] * len(samples), dtype="string"), source="")
    return Samples(blind, samples.payload)
