"""One fold of `cross_fit`: a project of its own, and the stages from `pretrain` to `curate` in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from gan_augment.core.checksums import is_whole
from gan_augment.core.errors import MissingInputError
from gan_augment.core.samples import Samples
from gan_augment.core.seeds import derive_seed
from gan_augment.mixing.folds import fold_numbers
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import write_parts
from gan_augment.stages import curate, generate, pretrain, train_gan

__all__ = ["Fold", "fit_fold", "make_folds"]

_SECTIONS = {"base", "classes", "cross_fit", "synthesis", "train_gan", "generate", "curate"}


@dataclass(frozen=True)
class Fold:
    """A fold: its number from 0, its project, and how many rows are fitted on and held."""

    number: int
    project: Project
    sizes: str


def make_folds(project: Project) -> Iterator[Fold]:
    """Lay out the folds one after another, each as if `prepare` had split the rows so.

    Raises
    ------
    DataError
        The smallest class has too few groups for so many folds.
    """
    spec, count, seed = project.spec(), project.params.cross_fit.folds, project.params.base.seed
    rows = Samples.concat([project.train_view().samples, project.validation_view().samples])
    groups = rows.manifest["group"].where(rows.manifest["group"] != "", rows.manifest["id"]).to_numpy(dtype=object)
    numbers = fold_numbers(rows.label_indices(spec), groups, count, seed=derive_seed(seed, "cross_fit"))
    work = project.layout.root / ".gan_augment" / "cross_fit" / _fingerprint(project)
    for number in range(count):
        base = project.params.base.model_copy(update={"seed": derive_seed(seed, "cross_fit", number) % 2**31})
        own = Project(project.params.model_copy(update={"base": base}), Layout(work / str(number)))
        fitted, held = rows.take(numbers != number), rows.take(numbers == number)
        if not _is_laid_out(own):
            write_parts(own.layout, spec, fitted, held)
        yield Fold(number, own, f"{len(fitted)} rows to fit on, {len(held)} held")


def fit_fold(fold: Fold) -> None:
    """Every stage that is not done yet; a stage's folder is moved into place when it is whole."""
    project, layout = fold.project, fold.project.layout
    if not is_whole(layout.pretrain):
        pretrain.run(project)
    for key in project.params.classes:
        if not is_whole(layout.train_gan(key)):
            train_gan.run(project, key)
        if not is_whole(layout.synthetic(key)):
            generate.run(project, key)
    if not is_whole(layout.curated):
        curate.run(project)


def _is_laid_out(fold: Project) -> bool:
    folders = [fold.layout.validation, *map(fold.layout.train, fold.params.classes)]
    try:
        fold.spec()
    except MissingInputError:
        return False
    return all(map(is_whole, folders))


def _fingerprint(project: Project) -> str:
    """Names the folds in the making by everything that they depend on: other rows or settings never find them."""
    params, layout = project.params, project.layout
    digest = hashlib.sha256(json.dumps(params.model_dump(mode="json", include=_SECTIONS), sort_keys=True).encode())
    for folder in (*map(layout.train, params.classes), layout.validation):
        digest.update((folder / "manifest.parquet").read_bytes())
    return digest.hexdigest()[:16]
