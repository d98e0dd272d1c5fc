"""`cross_fit`: for very small sets, the stages up to `curate` once more for each fold of the train and validation rows.

The fold is the validation part of its own small project, and the other folds are its train part. So `mix` can judge
a mixing ratio on every row of both parts, without one of them having been seen by the synthesizer, the filters or the
classifier that it judges. The synthesizer that serves the user is still the one fitted on the whole train part.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_augment.compute.claims import claim_device
from gan_augment.core.atomic import write_json
from gan_augment.core.checksums import is_whole, replacing_output
from gan_augment.core.errors import MissingInputError
from gan_augment.core.records import DatasetSpec, PoolSpec
from gan_augment.core.samples import MANIFEST, PoolView, Samples
from gan_augment.core.scratch import fingerprint
from gan_augment.core.seeds import derive_seed
from gan_augment.core.verbosity import remark
from gan_augment.mixing.folds import fold_numbers
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import write_parts, write_pool

__all__ = ["Fold", "fit_fold", "make_folds", "run"]

_SECTIONS = {"base", "classes", "cross_fit", "synthesis", "train_gan", "generate", "curate"}


def run(project: Project) -> None:
    """Write data/cross_fit: a folder a fold, with its rows and its accepted candidates; none where none are wanted.

    A killed run goes on where it was: folds in the making lie outside DVC's sight.
    """
    folds, base = project.params.cross_fit.folds, project.params.base
    if not folds:
        with replacing_output(project.layout.cross_fit) as directory:
            write_json(directory / "folds.json", {"folds": 0})
        return
    with claim_device(base.device, share=base.gpu_share):
        fitted = []
        for fold in make_folds(project):
            remark(f"fold {fold.number + 1} of {folds}: {fold.sizes}")
            fit_fold(fold)
            fitted.append(fold)
    with replacing_output(project.layout.cross_fit) as directory:
        write_json(directory / "folds.json", {"folds": folds})
        for fold in fitted:
            _keep(fold.project.layout.root / "data", directory / str(fold.number) / "data")
    shutil.rmtree(fitted[0].project.layout.root.parent)


def _keep(made: Path, kept: Path) -> None:
    """What `mix` reads: the fold's rows without its pool, and what curation accepted."""
    shutil.copytree(made / "prepared", kept / "prepared")
    shutil.rmtree(kept / "prepared/pool", ignore_errors=True)
    shutil.copytree(made / "curated", kept / "curated")


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
    roles, pool = tuple(spec.companions), project.pool_view(() if spec.pool is None else tuple(spec.pool.companions))
    rows = Samples.concat([project.train_view(roles).samples, project.validation_view(roles).samples])
    groups = rows.manifest["group"].where(rows.manifest["group"] != "", rows.manifest["id"]).to_numpy(dtype=object)
    numbers = fold_numbers(rows.label_indices(spec), groups, count, seed=derive_seed(seed, "cross_fit"))
    work = project.layout.root / ".gan_augment" / "cross_fit" / _fingerprint(project)
    for number in range(count):
        base = project.params.base.model_copy(update={"seed": derive_seed(seed, "cross_fit", number) % 2**31})
        generate = project.params.generate
        if generate.captions is not None:  # a relative path starts at the project, not at the fold
            generate = generate.model_copy(update={"captions": str(project.layout.root.absolute() / generate.captions)})
        params = project.params.model_copy(update={"base": base, "generate": generate})
        own = Project(params, Layout(work / str(number)))
        fitted, held = rows.take(numbers != number), rows.take(numbers == number)
        if not _is_laid_out(own):
            _lay_out(own.layout, spec, fitted, held, pool)
        yield Fold(number, own, f"{len(fitted)} rows to fit on, {len(held)} held")


def _lay_out(layout: Layout, spec: DatasetSpec, fitted: Samples, held: Samples, pool: PoolView | None) -> None:
    """The fold's rows; without the pool rows that belong with a held row, whose group says so."""
    if pool is not None:
        bound = pool.samples.manifest["group"].str.split(" ")
        groups = set(held.manifest["group"])
        kept = pool.samples.take(np.array([groups.isdisjoint(names) for names in bound], dtype=bool))
        labelled = int(kept.manifest["label"].notna().sum())
        beside = {} if spec.pool is None else spec.pool.companions
        about = PoolSpec(rows=len(kept), labelled=labelled, companions=beside)
        spec = spec.model_copy(update={"pool": about})
        write_pool(layout, kept)
    write_parts(layout, spec, fitted, held)


def fit_fold(fold: Fold) -> None:
    """Every stage that is not done yet; a stage's folder is moved into place when it is whole."""
    from gan_augment.stages import curate, generate, pretrain, train_gan  # torch is to see what is claimed

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
    folders = [*map(layout.train, params.classes), layout.validation]
    if project.spec().pool is not None:
        folders.append(layout.pool)
    return fingerprint(params.model_dump(mode="json", include=_SECTIONS), *(folder / MANIFEST for folder in folders))
