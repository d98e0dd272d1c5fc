"""`curate`: filter the candidates, order the accepted ones, report their quality."""

from __future__ import annotations

import shutil

from gan_augment.core.atomic import replacing_directory, write_json
from gan_augment.core.seeds import derive_seed
from gan_augment.core.streams import FrameWriter, StoredSamples, write_reordered
from gan_augment.curation.curate import curate
from gan_augment.curation.evidence import chunk_rows
from gan_augment.stages.progress import progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import limited_threads, resolve_device

__all__ = ["run"]

_SMALL = 32  # px a side


def run(project: Project) -> None:
    """Write data/curated (accepted rows and scores.parquet) and reports/curate.json."""
    layout, params, spec = project.layout, project.params, project.spec()
    work = layout.root / ".gan_augment" / "curate"
    shutil.rmtree(work, ignore_errors=True)
    (work / "order").mkdir(parents=True)
    with progress_bar("curate") as advance, limited_threads(_threads(project)):
        curated = curate(
            project.train_view(),
            project.validation_view(),
            StoredSamples(tuple(layout.synthetic(record.key) for record in spec.classes)),
            params.curate,
            seed=derive_seed(params.base.seed, "curate"),
            device=resolve_device(params.base.device),
            progress=advance,
            work=work,
        )
    with replacing_directory(layout.curated) as directory:
        write_reordered(curated.candidates, curated.order, directory, work / "order", rows=chunk_rows(spec))
        scores = FrameWriter(directory / "scores.parquet")
        for chunk in curated.score_chunks():
            scores.append(chunk)
        scores.close()
    shutil.rmtree(work)
    write_json(layout.curate_report, curated.report)


def _threads(project: Project) -> int:
    """1 for tables and small images, whose networks wait for a second thread longer than it helps; else 0: all."""
    image = project.spec().image
    return 1 if image is None or max(image.height, image.width) <= _SMALL else 0
