"""Suspicions: data that is valid but likely to disappoint, reported by `init` with a remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.fields import frame_of
from gan_augment.data.audit import TINY_CLASS, duplicate_figures, tiny_classes
from gan_augment.data.config import ImageFolderSource, PrepareConfig
from gan_augment.data.duplicates import Duplicates
from gan_augment.data.images import Header
from gan_augment.data.loading import LoadedData
from gan_augment.data.problems import Problem
from gan_augment.encoding.dependencies import find_dependencies
from gan_augment.setup.guess import POOL_NAMES

__all__ = ["suspicions"]

MANY_CLASSES = 60  # two stages per class, and DVC takes quadratic time in stages
MANY_COPIES = 0.1  # of the rows
FEW_ROWS = 100  # in all: no test part of a fifth of it can show a gain
TELLING_LEVELS = 20  # accuracy of a column that reveals the class


def suspicions(data: LoadedData, duplicates: Duplicates, config: PrepareConfig) -> list[Problem]:
    """Warnings and notes about the classes, the copies, the images or the columns."""
    return [
        *_about_classes(data),
        *_about_copies(data, duplicates),
        *_about_sizes(data, config),
        *_about_folders(data, config),
        *_about_columns(data),
    ]


def _about_classes(data: LoadedData) -> Iterator[Problem]:
    counts = Counter(data.rows["label"])
    if tiny := tiny_classes(data.rows["label"]):
        have = "1 class has" if len(tiny) == 1 else f"{len(tiny)} classes have"
        yield Problem(
            severity="warning",
            what=f"{have} fewer than {TINY_CLASS} rows: little to learn from, less to measure with",
            places=tuple(f"{label!r}: {counts[label]}" for label in tiny),
            remedy="collect more of them, or leave them out with prepare.exclude",
        )
    if unlabelled := [label for label in sorted(counts) if label.lower() in POOL_NAMES]:
        yield Problem(
            severity="warning",
            what="A class has a name for images without labels",
            places=tuple(f"{label!r}: {counts[label]}" for label in unlabelled),
            remedy="move that folder beside the data: `init` then treats it as a pool, which only synthesizers see",
        )
    if len(data.rows) < FEW_ROWS:
        yield Problem(
            severity="warning",
            what=f"{len(data.rows)} rows in total: the test part can hardly show any gain",
            remedy="read the smallest detectable gain in the report",
        )
    if len(counts) > MANY_CLASSES:
        yield Problem(
            severity="warning",
            what=f"{len(counts)} classes make {2 * len(counts)} stages; DVC becomes slow beyond about 150",
            remedy="join classes, or run with `python -m pipelines run`",
        )


def _about_copies(data: LoadedData, duplicates: Duplicates) -> Iterator[Problem]:
    figures = duplicate_figures(data, duplicates)
    copies, near, twice = (figures[name] for name in ("copies", "near_copies", "one_content_two_labels"))
    if twice:
        yield Problem(
            severity="warning",
            what=f"{twice} content{'s have' if twice > 1 else ' has'} two labels",
            places=tuple(map(_equation, figures["two_label_examples"])),
            remedy="one of the labels is wrong, unless the classes overlap by nature",
        )
    if copies or near:
        by_chance = ", as is to be expected in so coarse a table" if duplicates.by_chance else ""
        many = copies + near > MANY_COPIES * len(data.rows) and not duplicates.by_chance
        yield Problem(
            severity="warning" if many else "note",
            what=f"Of {len(data.rows)} rows {copies} are copies and {near} near copies of others{by_chance}",
            places=tuple(map(_equation, figures["examples"][:5])),
            remedy=None if duplicates.by_chance else "they are kept in one part of the split; new rows would help more",
        )


def _equation(cluster: list[str]) -> str:
    return " = ".join(cluster[:3]) + (f" = ... ({len(cluster)} in all)" if len(cluster) > 3 else "")


def _about_sizes(data: LoadedData, config: PrepareConfig) -> Iterator[Problem]:
    if data.image is None:
        return
    height, width = data.image.height, data.image.width
    count, square = len(data.headers), height == width
    size = f"{height}" if square else f"{width} x {height}"
    if not square and config.image_size is None:
        yield Problem(
            severity="note",
            what=f"Most images are long in the same way: they stay so, at {size} px",
            remedy=f"prepare.image_size: [{height}, {width}] is height and width; one number makes squares",
        )
    rounded = 0 if square else 2  # a rectangle's sides are the nearest multiples of 4
    small = sum(header.width < width - rounded or header.height < height - rounded for header in data.headers)
    long = sum(_shape_apart(header, width / height) > 1.25 for header in data.headers)
    if long > count / 10:
        yield Problem(
            severity="note",
            what=f"{long} of {count} images are not {'square' if square else 'of the shape ' + size}; "
            f"`{config.resize}` makes them so",
            remedy="prepare.resize: crop, pad or stretch",
        )
    if small > count / 10:
        yield Problem(
            severity="note",
            what=f"{small} of {count} images are smaller than {size} px and are enlarged",
            remedy="a smaller prepare.image_size",
        )


def _shape_apart(header: Header, aspect: float) -> float:
    """How many times longer or wider than `aspect`, width over height, this image is."""
    own = header.width / header.height
    return max(own / aspect, aspect / own)


def _about_folders(data: LoadedData, config: PrepareConfig) -> Iterator[Problem]:
    if not isinstance(config.source, ImageFolderSource):
        return
    inner = 1 if config.split.column else 0
    folders = {tuple(source.split("/")[inner:-1]) for source in data.rows["source"]}
    if any(len(parts) > 1 for parts in folders):
        parents = len({parts[-1] for parts in folders if parts})
        yield Problem(
            severity="note",
            what="Folders lie in folders; the top one names the class",
            places=tuple(sorted("/".join(parts) for parts in folders if len(parts) > 1)[:5]),
            remedy=f"prepare.source.class_from: parent would give {parents} classes; "
            "prepare.split.group: folder keeps the images of one folder together",
        )


def _about_columns(data: LoadedData) -> Iterator[Problem]:
    """Findings on columns: one that reveals the class is usually the class under another name, or known only later."""
    if data.table is None:
        return
    frame = frame_of(data.payload)
    labels = data.rows["label"].to_numpy(dtype=object)
    telling = [str(name) for name in frame.columns if _tells(frame[name], labels)]
    if telling:
        yield Problem(
            severity="warning",
            what="The class can be read off a single column",
            places=tuple(telling),
            remedy="if it would not be known in use, add it to prepare.source.drop",
        )
    if kept := find_dependencies(frame, data.table):
        yield Problem(
            severity="note",
            what="Columns are dependent in every row, and will be in every synthetic row",
            places=tuple(map(str, kept)),
            remedy="synthesis.settings.keep_dependencies: false, where that is chance",
        )


def _tells(values: pd.Series, labels: npt.NDArray[np.object_]) -> bool:
    if values.isna().any() or not 2 <= values.nunique() <= TELLING_LEVELS:
        return False
    return bool((pd.Series(labels).groupby(values.to_numpy()).nunique() == 1).all())
