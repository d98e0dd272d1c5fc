"""`curate`: filter the candidates, order the accepted ones, report their quality."""

from __future__ import annotations

from gan_augment.core.atomic import replacing_directory, write_json
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.core.seeds import derive_seed
from gan_augment.curation.curate import curate
from gan_augment.stages.progress import progress_bar
from gan_augment.stages.project import Project
from gan_augment.training.devices import limited_threads, resolve_device

__all__ = ["run"]

_SMALL = 32  # px a side


def run(project: Project) -> None:
    """Write data/curated (accepted rows and scores.parquet) and reports/curate.json."""
    layout, params = project.layout, project.params
    with progress_bar("curate") as advance, limited_threads(_threads(project)):
        curated = curate(
            project.train_view(),
            project.validation_view(),
            _candidates(project),
            params.curate,
            seed=derive_seed(params.base.seed, "curate"),
            device=resolve_device(params.base.device),
            progress=advance,
        )
    with replacing_directory(layout.curated) as directory:
        write_samples(directory, curated.samples)
        curated.scores.to_parquet(directory / "scores.parquet", index=False)
    write_json(layout.curate_report, curated.report)


def _threads(project: Project) -> int:
    """1 for tables and small images, whose networks wait for a second thread longer than it helps; else 0: all."""
    image = project.spec().image
    return 1 if image is None or max(image.height, image.width) <= _SMALL else 0


def _candidates(project: Project) -> Samples:
    """Every class's synthetic rows, in the order of dataset.json."""
    return Samples.concat([read_samples(project.layout.synthetic(record.key)) for record in project.spec().classes])
