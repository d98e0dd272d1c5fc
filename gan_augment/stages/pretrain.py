"""`pretrain`: one model over all classes, so that rare classes share what common ones teach."""

from __future__ import annotations

from functools import partial

from gan_augment.compute.devices import resolve_device
from gan_augment.core.checksums import replacing_output
from gan_augment.core.progress import progress_bar
from gan_augment.core.seeds import derive_seed
from gan_augment.project.layout import Project
from gan_augment.project.live import live_training
from gan_augment.project.training import (
    checkpoint_path,
    companions_for,
    method_and_config,
    pool_for,
    report_progress,
    resumed_checkpoint,
    write_curve,
)
from gan_augment.synthesis.api import Fitted, Run, TrainingData
from gan_augment.training.memory import within_memory
from gan_augment.training.replicas import joined_replicas

__all__ = ["run"]


def run(project: Project) -> None:
    """Fit the method on the train part and the pool; the snapshot is chosen on validation."""
    method, config = method_and_config(project)
    if method.traits.fitted == "per class":
        _write_nothing_joint(project)
        return
    roles = companions_for(project, method)
    data = TrainingData(project.train_view(roles), project.validation_view(roles), pool_for(project, method))
    seed, device = derive_seed(project.params.base.seed, "pretrain"), resolve_device(project.params.base.device)
    with joined_replicas(device) as replicas:
        if not replicas.first:
            method.fit(data, config, Run(seed, device, checkpoint=checkpoint_path(project, "pretrain")))
            return
        checkpoint = resumed_checkpoint(project, "pretrain")
        with progress_bar(f"pretrain ({method.name}, {len(data.train)} train samples)") as advance:
            run = Run(seed, device, report_progress(advance, live_training(project, "pretrain")), checkpoint)
            fit = partial(method.fit, data, run=run)
            # A process that ran out of memory cannot start afresh alone: the others are in the middle of a batch.
            fitted = within_memory(fit, config) if replicas.count == 1 else fit(config)
    _save(project, fitted)


def _save(project: Project, fitted: Fitted) -> None:
    curve = project.layout.training_curve("pretrain")
    write_curve(curve, fitted.stats)
    with replacing_output(project.layout.pretrain, beside=[curve]) as directory:
        fitted.save(directory)
    checkpoint_path(project, "pretrain").unlink(missing_ok=True)


def _write_nothing_joint(project: Project) -> None:
    curve = project.layout.training_curve("pretrain")
    write_curve(curve, [])
    with replacing_output(project.layout.pretrain, beside=[curve]) as directory:
        (directory / "README").write_text("This method trains one model a class; there is no joint model.\n")
