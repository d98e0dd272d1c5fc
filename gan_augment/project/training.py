"""Shared code of pretrain, train_gan and generate: the method and its settings, curves, checkpoints, features."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gan_augment.core.atomic import write_text
from gan_augment.core.errors import MethodError, ParamsError
from gan_augment.core.fields import Files
from gan_augment.core.progress import Advance
from gan_augment.core.records import DatasetSpec, Modality, Role
from gan_augment.core.samples import MANIFEST, PoolView
from gan_augment.core.scratch import fingerprint
from gan_augment.core.validation import counted, explain_mistakes, listed
from gan_augment.core.verbosity import remark
from gan_augment.params import Params
from gan_augment.project.layout import Project
from gan_augment.synthesis.api import MethodConfig, Synthesizer, TickReport
from gan_augment.synthesis.needs import refuse_unmet, unmet
from gan_augment.synthesis.registry import resolve_method
from gan_augment.training.checkpoint import is_usable
from gan_augment.training.replicas import Replicas

__all__ = [
    "check_method",
    "check_settings",
    "checkpoint_path",
    "companions_for",
    "method_and_config",
    "pool_for",
    "report_progress",
    "resumed_checkpoint",
    "write_curve",
]


def method_and_config(project: Project) -> tuple[Synthesizer, MethodConfig]:
    """Method of `synthesis.method` and its settings, checked against the data set."""
    return check_method(project.params, project.spec())


def check_method(params: Params, spec: DatasetSpec) -> tuple[Synthesizer, MethodConfig]:
    """Refuse an unknown method, one for other data, wrong settings, and settings that do not fit the data."""
    method, config = check_settings(params, spec.modality)
    refuse_unmet(method.name, unmet(method.traits, spec))
    config.check(spec)
    return method, config


def companions_for(project: Project, method: Synthesizer) -> tuple[Role, ...]:
    """Companions of the data that the method uses: no method reads more than that."""
    wanted = method.traits.needs | method.traits.uses
    return tuple(role for role in project.spec().companions if role in wanted)


def pool_for(project: Project, method: Synthesizer) -> PoolView | None:
    """Pool, for a method that learns from one; None where it does not, or where there is none."""
    pool, wanted = project.spec().pool, method.traits.needs | method.traits.uses
    roles = tuple(role for role in pool.companions if role in wanted) if pool is not None else ()
    return None if method.traits.pool == "no" else project.pool_view(roles)


def check_settings(params: Params, modality: Modality) -> tuple[Synthesizer, MethodConfig]:
    """Refuse whatever `check_method` refuses and can be decided when only the modality of the data is known."""
    method = resolve_method(params.synthesis.method)
    if modality not in method.traits.makes:
        raise MethodError(
            f"The method {method.name!r} cannot make {modality}s",
            where="synthesis.method in params.yaml",
            got=f"modality {modality}",
            expected=f"modality {' or '.join(sorted(method.traits.makes))}",
            remedy="run `gan-augment methods list` to see what fits",
        )
    try:
        config = method.Config.model_validate(params.synthesis.settings)
    except ValidationError as error:
        mistakes = explain_mistakes(error, method.Config)
        raise ParamsError(
            f"The settings of {method.name!r} have {counted(mistakes)}",
            where="synthesis.settings in params.yaml",
            got=listed(mistakes),
            remedy=f"correct them; `gan-augment methods show {method.name}` prints every setting and its default",
        ) from None
    _check_processes(params, method, config)
    return method, config


def _check_processes(params: Params, method: Synthesizer, config: MethodConfig) -> None:
    processes = params.synthesis.processes
    if processes > 1 and not method.traits.data_parallel:
        raise MethodError(
            f"The method {method.name!r} trains in one process",
            where="synthesis.processes in params.yaml",
            got=str(processes),
            expected="1",
            remedy="the classes of a method without a joint model train side by side: `python -m pipelines run`",
        )
    if processes > 1:
        Replicas(count=processes).check_batch(getattr(config, "batch_size", processes))


def report_progress(advance: Advance, live: Callable[[TickReport], str]) -> Callable[[TickReport], None]:
    """Show ticks on a progress bar, in the words of `live`, which records them for `gan-augment watch`."""

    def report(tick: TickReport) -> None:
        advance(tick.done, tick.total, live(tick))

    return report


def resumed_checkpoint(project: Project, name: str) -> Path:
    """Path from `checkpoint_path`, with a remark where a killed training left one. A damaged one is deleted."""
    path = checkpoint_path(project, name)
    # A method that trains its classes separately has one per class, with the class's number after the name.
    for found in sorted(path.parent.glob(f"{path.stem}*{path.suffix}")):
        if is_usable(found):
            remark(f"{name} goes on where it was stopped")
        else:
            remark(f"{name} starts from the beginning: {found} is damaged")
            found.unlink()
    return path


def checkpoint_path(project: Project, name: str) -> Path:
    """Path from which a killed training resumes: its name contains everything that the result depends on.

    DVC does not track it, and another seed, setting or data set never finds it.
    """
    params = project.params
    rows = [project.layout.train(key) / MANIFEST for key in params.classes]
    rows += [file for row in rows for role in project.spec().companions if (file := _companion(row.parent, role))]
    if project.spec().pool is not None:
        rows.append(project.layout.pool)
    known = fingerprint(name, params.base.seed, params.synthesis.model_dump(mode="json"), *rows)
    return project.layout.root / ".gan_augment" / "checkpoints" / f"{name}-{known}.safetensors"


def _companion(folder: Path, role: Role) -> Path | None:
    return Files.of_role(role).find(folder)


def write_curve(path: Path, rows: list[dict[str, float]]) -> None:
    """Write the training curve as CSV, one row per check; without rows, only the header."""
    columns: dict[str, Any] = {"kimg": None}
    for row in rows:
        columns |= row
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
