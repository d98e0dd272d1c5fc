"""Stages as commands: their names, help, fan-out and the params sections that each one reads."""

from __future__ import annotations

import importlib
import json
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gan_augment.cli.threads import one_thread_each
from gan_augment.cli.verbosity import tell_versions

if TYPE_CHECKING:
    from gan_augment.core.locks import Locks
    from gan_augment.project.layout import Project

__all__ = ["STAGES", "StageCommand", "print_config", "run_stage"]


@dataclass(frozen=True)
class StageCommand:
    """Stage as a command. `fan_out`: the meaning of its argument ("class", "arm"), None for a stage that runs once."""

    name: str
    help: str
    sections: tuple[str, ...]
    fan_out: str | None = None
    on_device: bool = False  # it computes on `base.device`, and holds a GPU meanwhile
    parallel: bool = False  # its `synthesis.processes` train together


STAGES: dict[str, StageCommand] = {
    stage.name: stage
    for stage in (
        StageCommand("prepare", "Read, audit and split the data.", ("base", "classes", "prepare")),
        StageCommand(
            "pretrain", "Train one model over all classes.", ("base", "synthesis"), on_device=True, parallel=True
        ),
        StageCommand(
            "train_gan",
            "Specialise the model on one class.",
            ("base", "synthesis", "train_gan", "classes"),
            "class",
            on_device=True,
        ),
        StageCommand(
            "generate",
            "Draw candidates of one class.",
            ("base", "synthesis", "generate", "classes"),
            "class",
            on_device=True,
        ),
        StageCommand("curate", "Throw away bad candidates, and measure the rest.", ("base", "curate"), on_device=True),
        StageCommand(
            "cross_fit",
            "For very small sets: a synthesizer per fold, so that all rows choose the ratio.",
            ("base", "cross_fit", "synthesis", "train_gan", "generate", "curate", "classes"),
        ),
        StageCommand(
            "rivals",
            "Draw rows of the method's untrained rivals.",
            ("base", "synthesis", "generate", "mix", "classes"),
        ),
        StageCommand(
            "mix", "Choose the mixing ratio on validation.", ("base", "cross_fit", "mix", "retrain"), on_device=True
        ),
        StageCommand("retrain", "Train the classifier of one arm.", ("base", "retrain"), "arm", on_device=True),
        StageCommand(
            "learning_curve",
            "Train the best arm without synthetic rows on fewer real rows, to value the synthetic ones.",
            ("base", "retrain", "measure"),
            on_device=True,
        ),
        StageCommand("measure", "Read the test part once, and give the verdict.", ("base", "measure", "retrain")),
        StageCommand("report", "Write the HTML report.", ("base", "report", "export")),
        StageCommand("export", "Write the shards.", ("base", "export")),
    )
}


def run_stage(stage: StageCommand, root: Path, key: str | None) -> None:
    """Open the project, wait for other writers and readers of the stage's inputs and outputs, and run it."""
    one_thread_each()
    from gan_augment.core.orphans import end_with_dvc
    from gan_augment.project.layout import Project
    from gan_augment.project.locks import stage_locks

    end_with_dvc()
    project = Project.open(root)
    if os.environ.get("RANK", "0") != "0" or _LOCKED in os.environ:
        _run(stage, project, key)  # for processes that train together, the one that started them holds the locks
        return
    with stage_locks(root, project.params, stage.name, key) as locks:
        if locks.waited:
            project = Project.open(root)
        _launch(stage, project, locks)
        _run(stage, project, key)


_LOCKED = "GAN_AUGMENT_LOCKED"  # in the environment of processes whose parent holds the stage's locks


def _launch(stage: StageCommand, project: Project, locks: Locks) -> None:
    """Replace this process by the processes that train together, unless it is one of them."""
    from gan_augment.training.launch import inside_group, launch_group

    processes = project.params.synthesis.processes
    if not stage.parallel or processes == 1 or inside_group():
        return
    # Before any device is claimed: each of the processes claims its own. A user's mistake is reported once, here.
    from gan_augment.project.training import method_and_config

    method_and_config(project)
    locks.survive_exec()
    os.environ[_LOCKED] = stage.name
    launch_group(processes, [stage.name, "-C", str(project.layout.root)])


def _run(stage: StageCommand, project: Project, key: str | None) -> None:
    from gan_augment.compute.claims import claim_device

    base = project.params.base
    with (
        claim_device(base.device if stage.on_device else "cpu", share=base.gpu_share) as gpu,
        _recorded(project, stage, key, gpu),
    ):
        tell_versions(stage.name)
        module = importlib.import_module(
            f"gan_augment.stages.{stage.name}"
        )  # imports torch, which sees only the claimed device
        module.run(project, *([] if key is None else [key]))


def _recorded(project: Project, stage: StageCommand, key: str | None, gpu: str | None) -> AbstractContextManager[None]:
    from gan_augment.cli.costs import recorded

    if os.environ.get("RANK", "0") != "0":
        return nullcontext()  # of processes that train together, the first writes for all
    gpus = int(os.environ.get("WORLD_SIZE", "1")) / project.params.base.gpu_share if gpu else 0.0
    return recorded(project.layout.root, stage.name if key is None else f"{stage.name}@{key}", gpus)


def print_config(stage: StageCommand, root: Path, key: str | None) -> None:
    """Print the settings with which the stage would run, including defaults, as JSON."""
    from gan_augment.core.errors import ParamsError
    from gan_augment.core.masking import mask_texts
    from gan_augment.params import load_params

    params = load_params(root / "params.yaml").model_dump(mode="json")
    sections = {name: params[name] for name in stage.sections}
    if stage.fan_out == "class":
        if key not in params["classes"]:
            raise ParamsError(
                "There is no such class", got=repr(key), expected=f"one of {', '.join(params['classes'])}"
            )
        sections["classes"] = {key: params["classes"][key]}
    print(json.dumps(mask_texts(sections), indent=2, ensure_ascii=False))
