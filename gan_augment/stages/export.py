"""`export`: the augmented training set as shards, with manifest, checksums and data card."""

from __future__ import annotations

from gan_augment.core.progress import progress_bar
from gan_augment.core.verbosity import remark
from gan_augment.project.layout import Project, read_measured, read_plan
from gan_augment.sharding.content import Content, decide_content
from gan_augment.sharding.export import ExportTask, export

__all__ = ["export_content", "run"]


def run(project: Project) -> None:
    """Write `export/`: all real train rows, and the synthetic rows that the measurement speaks for."""
    layout, config, spec = project.layout, project.params.export, project.licensed_spec()
    content = export_content(project)
    task = ExportTask(
        spec=spec,
        real=tuple(layout.train(record.key) for record in spec.classes),
        synthetic=layout.mixed / "synthetic",
        content=content,
        config=config,
        seed=project.params.base.seed,
    )
    with progress_bar("export") as advance:
        index = export(task, layout.export, advance, work=layout.root / ".gan_augment" / "export")
    for said in content.before:
        print(said, flush=True)  # even if quiet
    remark(f"export: {index['real']} real and {index['synthetic']} synthetic rows. {content.reason}")


def export_content(project: Project) -> Content:
    """What `run` would export, from mix's plan and measure's verdict. Raises MissingInputError."""
    return decide_content(read_plan(project.layout), read_measured(project.layout), force=project.params.export.force)
