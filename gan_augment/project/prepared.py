"""Train and validation parts on disk as `prepare` writes them, for it and for code that splits its rows again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gan_augment.core.atomic import replacing_directory, replacing_file
from gan_augment.core.checksums import check_file, replacing_output, telling_damage
from gan_augment.core.errors import MissingInputError, ParamsError
from gan_augment.core.fields import frame_of
from gan_augment.core.records import HELD, DatasetSpec, FrameField
from gan_augment.core.samples import Samples, write_samples
from gan_augment.project.layout import Layout

__all__ = [
    "check_groups",
    "in_split",
    "read_held",
    "withheld",
    "write_part",
    "write_parts",
    "write_pool",
    "write_test_part",
]


def write_test_part(layout: Layout, test: Samples, *, strings: bool = False) -> None:
    """The test rows without labels, and test_labels.parquet, which is listed with them: it has no folder of its own.

    That file holds the attributes of the rows as well, where they have some: as answers, or as groups that `measure`
    reports; and their `strings`, where those are what is learnt.
    """
    with replacing_file(layout.test_labels) as partial:
        _held(test, strings=strings).to_parquet(partial, index=False)
    write_part(layout.test_inputs, withheld(test), beside=[layout.test_labels])


def _held(test: Samples, *, strings: bool) -> pd.DataFrame:
    held = test.manifest[["id", "label", "source"]]
    if "attributes" in test.companions:
        held = pd.concat([held, frame_of(test.companions["attributes"]).add_prefix(HELD)], axis=1)
    return pd.concat([held, frame_of(test.companions["text"])], axis=1) if strings else held


def read_held(layout: Layout) -> pd.DataFrame:
    """Data of the test rows withheld until `measure`, by id: `label`, and attributes. Raises MissingInputError."""
    path = layout.test_labels
    if not path.exists():
        raise MissingInputError("The test labels are missing", where=path, remedy="run `dvc repro`, which writes them")
    check_file(path, listed_in=layout.test_inputs)
    with telling_damage(path):
        return pd.read_parquet(path).set_index("id")


def check_groups(names: Sequence[str], spec: DatasetSpec) -> None:
    """Refuse columns of `measure.groups` that test rows do not have. Raises ParamsError."""
    fields = [spec.payload, *(field for role, field in spec.companions.items() if role == "attributes")]
    known = [column.name for field in fields if isinstance(field, FrameField) for column in field.columns]
    if unknown := [name for name in names if name not in known]:
        raise ParamsError(
            "There is no such column for groups",
            where="measure.groups in params.yaml",
            got=", ".join(unknown),
            expected=f"one of {', '.join(known)}" if known else "a feature of a table, or an attribute of images",
            remedy="name a feature column or an attribute (`prepare.companions`), or take it out of measure.groups",
        )


def write_parts(layout: Layout, spec: DatasetSpec, train: Samples, validation: Samples) -> None:
    """Write a folder of train rows per class, the validation rows and, last, dataset.json, which marks completion."""
    with replacing_directory(layout.train("any").parent) as folder:
        for record in spec.classes:
            write_part(folder / record.key, in_split(train.of_class(record.label), "train"))
    write_part(layout.validation, in_split(validation, "validation"))
    spec.save(layout.dataset, sealed=True)


def write_pool(layout: Layout, pool: Samples) -> None:
    """Write the rows that only synthesizers see."""
    write_part(layout.pool, in_split(pool, "pool"))


def write_part(folder: Path, samples: Samples, *, beside: Sequence[Path] = ()) -> None:
    """Write a samples folder, moved into place when it is complete."""
    with replacing_output(folder, beside=beside) as partial:
        write_samples(partial, samples)


def in_split(samples: Samples, name: str) -> Samples:
    """The same rows as rows of this split."""
    return samples.relabelled(split=name)


def withheld(samples: Samples) -> Samples:
    """The same rows without label, companions and source: the source of an image is a path that names the class."""
    blind = samples.manifest.assign(label=pd.array([pd.NA] * len(samples), dtype="string"), source="")
    return Samples(blind, samples.payload)
