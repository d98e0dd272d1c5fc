"""The translation guard of a candidate set: rows, readings and attributes gathered for `fidelity.guard`.

The class is read by the judge of curation. The attributes are read by one more small network of real train rows, with a
head a column. What is found refuses a class where the settings say so, and is reported whatever they say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import PoolView, Samples, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.judge import Judge
from gan_augment.curation.spaces import Space
from gan_augment.fidelity.guard import NO_SOURCE, ColumnGuard, Guard, GuardFigure, GuardRows, translation_guard
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities

__all__ = ["GUARDED", "guard_candidates", "guard_json"]

GUARDED = 200  # candidates of a class; more make no verdict surer
MOST_VALUES = 100  # of a column; more are no group of values
Ints = npt.NDArray[np.int64]


class _Columns:
    """The attribute columns that can be judged, and what a network reads of them."""

    def __init__(self, train: TrainView, config: JudgeConfig, *, seed: int, device: str) -> None:
        values = {str(name): sorted(set(texts.dropna())) for name, texts in _attributes(train.samples).items()}
        self.values = {name: known for name, known in values.items() if 2 <= len(known) <= MOST_VALUES}
        self.heads, self.network = [len(known) for known in self.values.values()], None
        if not self.values:
            return
        told = np.stack(list(self.told(train.samples).values()), axis=1) - 1
        self.network = fit_classifier(
            pixels(images_of(train.samples.payload)), torch.from_numpy(train.labels), len(train.spec.classes),
            heads=self.heads, targets=torch.from_numpy(told), seed=derive_seed(seed, "guarded attributes"),
            steps=config.steps, sampling="balanced", device=device,
        )  # fmt: skip

    def told(self, samples: Samples) -> dict[str, Ints]:
        """Column -> int64 [n]: value numbers from 1, 0 for unknown."""
        frame = _attributes(samples)
        return {name: pd.Index(known).get_indexer(frame[name]) + 1 for name, known in self.values.items()}

    def shown(self, samples: Samples) -> dict[str, Ints]:
        """Column -> int64 [n]: what the network reads."""
        if self.network is None:
            return {}
        read = predict_probabilities(self.network, pixels(images_of(samples.payload)), heads=self.heads)
        parts = np.split(read, np.cumsum(self.heads)[:-1], axis=1)
        return {name: part.argmax(axis=1) + 1 for name, part in zip(self.values, parts, strict=True)}


def _attributes(samples: Samples) -> pd.DataFrame:
    """Texts, missing ones as NA; no column where there are none."""
    found = samples.companions.get("attributes")
    frame = pd.DataFrame(index=range(len(samples))) if found is None else frame_of(found)
    return frame.astype(object).map(lambda value: None if pd.isna(value) else str(value))


def guard_candidates(
    train: TrainView,
    validation: ValidationView,
    made: Samples,
    judge: Judge,
    space: Space,
    config: JudgeConfig,
    *,
    seed: int,
    device: str,
    pool: PoolView | None,
) -> tuple[Guard, Mapping[str, list[str]]]:
    """The guard of these candidates, and the values of each judged column in the order of their numbers.

    Attributes are judged where train, validation and candidates have them.
    """
    beside = [part.companions.get("attributes") is not None for part in (train.samples, validation.samples, made)]
    columns = _Columns(train, config, seed=seed, device=device) if all(beside) and len(made) else None

    def rows(samples: Samples, sources: Ints | None = None) -> GuardRows:
        told, shown = ({}, {}) if columns is None else (columns.told(samples), columns.shown(samples))
        read = judge.probabilities(samples.payload).argmax(axis=1)
        labels = samples.label_indices(train.spec)
        return GuardRows(space.rows(samples.payload)[:], labels, read, sources, told, shown)

    found = translation_guard(
        rows(train.samples),
        rows(validation.samples),
        rows(made, _sources(made, train)),
        classes=len(train.spec.classes),
        pool_read=None if pool is None else judge.probabilities(pool.samples.payload[:GUARDED]).argmax(axis=1),
    )
    return found, {} if columns is None else columns.values


def _sources(made: Samples, train: TrainView) -> Ints | None:
    """int64 [n]: the first of each row's parents that is a train row; None where no row has one."""
    places = {name: place for place, name in enumerate(train.samples.manifest["id"])}
    own = [
        next((places[one] for one in names.split() if one in places), NO_SOURCE) for names in made.manifest["parents"]
    ]
    sources = np.array(own, dtype=np.int64)
    return sources if (sources != NO_SOURCE).any() else None


def guard_json(guard: Guard, keys: list[str], values: Mapping[str, list[str]]) -> dict[str, Any]:
    """For reports/curate.json: figures by class key, by column and value, and over all."""
    return {
        "classes": {keys[index]: _plain(figures) for index, figures in guard.classes.items()},
        "columns": {name: _column(column, values[name]) for name, column in guard.columns.items()},
        "mixed": None if guard.mixed is None else guard.mixed.to_json(),
    }


def _column(column: ColumnGuard, texts: list[str]) -> dict[str, Any]:
    figures = {"kept": column.kept, "conditioned": column.conditioned}
    known = {name: figure for name, figure in figures.items() if figure is not None}
    values = {texts[value - 1]: figure.to_json() for value, figure in column.values.items()}
    return {**_plain(known), "values": values}


def _plain(figures: Mapping[str, GuardFigure]) -> dict[str, Any]:
    return {name: figure.to_json() for name, figure in figures.items()}
