"""`cross_fit`: for very small sets, the stages up to `curate` once more for each fold of the train and validation rows.

The fold is the validation part of its own small project, and the other folds are its train part. So `mix` can judge
a mixing ratio on every row of both parts, without one of them having been seen by the synthesizer, the filters or the
classifier that it judges. The synthesizer that serves the user is still the one fitted on the whole train part.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_augment.compute.claims import claim_device
from gan_augment.core.atomic import write_json
from gan_augment.core.checksums import replacing_output
from gan_augment.core.verbosity import remark
from gan_augment.project.layout import Project

__all__ = ["run"]


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
        from gan_augment.stages.folds import fit_fold, make_folds  # imports torch, which sees what is claimed

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
    """What `mix` reads: the fold's rows, and what curation accepted."""
    shutil.copytree(made / "prepared", kept / "prepared")
    shutil.copytree(made / "curated", kept / "curated")
