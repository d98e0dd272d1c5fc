"""Tasks of the downstream model: a literal table, by the data set's target.

A task provides the answers and the figures, not the learner: `downstream`, `mixing`, `gain` and `reporting` are the
layers above it, and read `task.headline` instead of naming a metric (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.scoring.tasks.api import Levels, Task
from gan_augment.scoring.tasks.attributes import Attributes
from gan_augment.scoring.tasks.classification import Classification
from gan_augment.scoring.tasks.text import Text

__all__ = ["Levels", "Task", "task_of", "task_with"]

_TASKS: dict[str, Callable[[DatasetSpec], Task]] = {"label": Classification, "attributes": Attributes, "text": Text}


def task_of(spec: DatasetSpec, train: Samples | None = None) -> Task:
    """Task of a data set. Answers that are not classes are those of the `train` rows."""
    task = _TASKS[spec.target](spec)
    return task if train is None else task.fitted(train)


def task_with(spec: DatasetSpec, levels: Levels) -> Task:
    """Task with the answers that `Task.levels` of a fitted one gave."""
    return _TASKS[spec.target](spec).with_levels(levels)
