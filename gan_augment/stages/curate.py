"""`curate`: filter the candidates, order the accepted ones, report their quality."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gan_augment.compute.devices import limited_threads, resolve_device
from gan_augment.core.atomic import write_json
from gan_augment.core.checksums import replacing_output
from gan_augment.core.frame_file import FrameWriter
from gan_augment.core.not_made import not_made_sentences, read_not_made, write_not_made
from gan_augment.core.progress import progress_bar
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.reordering import write_reordered
from gan_augment.core.scratch import fingerprint, keep_only
from gan_augment.core.seeds import derive_seed
from gan_augment.core.streams import StoredSamples
from gan_augment.curation.curate import curate
from gan_augment.curation.evidence import chunk_rows
from gan_augment.curation.ledger import Ledger
from gan_augment.project.layout import Project
from gan_augment.scoring.tasks import task_of

__all__ = ["run"]

_SMALL = 32  # px a side, of a square


def run(project: Project) -> None:
    """Write data/curated (accepted rows, scores.parquet and sureness.parquet) and reports/curate.json.

    A killed run goes on at the candidates that it was looking at: what was found out about the others lies outside
    DVC's sight until all is done.
    """
    layout, params, spec = project.layout, project.params, project.spec()
    work = layout.root / ".gan_augment" / "curate"
    known = keep_only(work / _fingerprint(project))
    candidates = StoredSamples(tuple(layout.synthetic(record.key) for record in spec.classes))
    roles = _roles(spec, candidates)
    with progress_bar("curate") as advance, limited_threads(_threads(project)):
        curated = curate(
            project.train_view(roles),
            project.validation_view(roles),
            candidates.with_companions() if roles else candidates,
            params.curate,
            seed=derive_seed(params.base.seed, "curate"),
            device=resolve_device(params.base.device),
            progress=advance,
            ledger=Ledger(known),
            pool=project.pool_view(),
        )
    (work / "order").mkdir()
    with replacing_output(layout.curated) as directory:
        whole = candidates.with_companions()
        write_reordered(whole, curated.order, directory, work / "order", rows=chunk_rows(spec))
        reasons = _not_made(project, curated.report["classes"])
        write_not_made(directory, reasons)
        _write(directory / "scores.parquet", curated.score_chunks())
        _write(directory / "sureness.parquet", curated.sureness_chunks())
    for key, figures in curated.report["classes"].items():
        figures["not_made"] = reasons.get(key)
    write_json(layout.curate_report, curated.report, sealed=True)
    shutil.rmtree(work)
    for sentence in not_made_sentences(spec, reasons):
        print(sentence, flush=True)  # even if quiet: the verdict hangs on it


def _roles(spec: DatasetSpec, candidates: StoredSamples) -> tuple[Role, ...]:
    """The companions that are judged: what is learnt, and attributes that both real rows and candidates have."""
    learnt = task_of(spec).roles
    both = "attributes" in spec.companions and "attributes" in candidates.with_companions().companions
    return learnt if not both or "attributes" in learnt else (*learnt, "attributes")


def _not_made(project: Project, classes: Mapping[str, Any]) -> dict[str, str]:
    """Why each class without an accepted row has none."""
    reasons = {}
    for key, figures in classes.items():
        if not figures["accepted"]:
            took = ", ".join(f"{name} {count}" for name, count in figures["rejected"].items() if count)
            why = f"curation rejected all of its {figures['candidates']} candidates ({took})"
            if figures["refused_because"]:
                why = f"curation refused it ({figures['refused_because']})"
            reasons[key] = read_not_made(project.layout.synthetic(key)).get(key, why)
    return reasons


def _write(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    writer = FrameWriter(path)
    for frame in frames:
        writer.append(frame)
    writer.close()


def _fingerprint(project: Project) -> str:
    """What decides every finding: those of another run, other rows or other settings are never taken for its own."""
    layout, params, spec = project.layout, project.params, project.spec()
    folders = [layout.train(record.key) for record in spec.classes] + [layout.validation]
    folders += [layout.synthetic(record.key) for record in spec.classes]
    if spec.pool is not None:
        folders.append(layout.pool)
    facts = (params.curate.judged_by, params.base.seed, resolve_device(params.base.device), spec, chunk_rows(spec))
    return fingerprint(*facts, *folders)


def _threads(project: Project) -> int:
    """1 for tables and small images, whose networks wait for a second thread longer than it helps; else 0: all."""
    image = project.spec().image
    return 1 if image is None or image.height * image.width <= _SMALL**2 else 0
