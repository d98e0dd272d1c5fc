"""`gan-augment preview`: a page with the data, the audit and the classical augmentation, before any training.

Not a DVC stage: it decides nothing, and DVC does not track its page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gan_augment.core.atomic import read_json, write_text
from gan_augment.core.errors import MissingInputError
from gan_augment.core.seeds import derive_seed
from gan_augment.downstream.classical import ClassicalAugment
from gan_augment.project.layout import Project
from gan_augment.reporting.preview import AugmentedClass, Preview, render_preview

__all__ = ["gather", "preview_path", "run"]

ORIGINALS = 2  # pictures of each class that are shown augmented
VERSIONS = 8  # versions of each of them


def preview_path(project: Project) -> Path:
    """Path of the page, unless the user names another."""
    return project.layout.root / ".gan_augment" / "preview.html"


def run(project: Project, path: Path) -> Preview:
    """Write the page to `path`, and return its contents. Raises MissingInputError where `prepare` has not run."""
    preview = gather(project)
    write_text(path, render_preview(preview))
    return preview


def gather(project: Project) -> Preview:
    """Contents of the page: the outputs of `prepare`, and a few augmented pictures of each class."""
    if not project.layout.dataset.is_file():
        raise MissingInputError(
            "There is nothing to look at yet",
            where=project.layout.dataset,
            expected="what the stage `prepare` writes",
            remedy="run `dvc repro prepare` first; it reads, audits and splits the data and trains nothing",
        )
    classical = project.params.retrain.classical
    return Preview(
        spec=project.spec(),
        train=project.train_view().samples,
        audit=read_json(project.layout.audit),
        augmented=tuple(_augmented(project)),
        settings=tuple((key, str(value)) for key, value in classical.model_dump(exclude={"views"}).items()),
        pictures=project.params.report.pictures,
    )


def _augmented(project: Project) -> Iterator[AugmentedClass]:
    spec, config = project.spec(), project.params.retrain.classical
    augment = ClassicalAugment(config, seed=derive_seed(project.params.base.seed, "preview"))
    if spec.modality != "image" or not augment.active:
        return
    train = project.train_view().samples
    for label in spec.labels:
        originals = np.asarray(train.of_class(label).payload[:ORIGINALS])
        made = augment(np.repeat(originals, VERSIONS, axis=0))
        yield AugmentedClass(label, originals, made.reshape(len(originals), VERSIONS, *originals.shape[1:]))
