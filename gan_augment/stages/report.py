"""`report`: one HTML file with the verdict, the pictures and everything that led to it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from gan_augment import __version__
from gan_augment.core.atomic import read_json, write_text
from gan_augment.core.checksums import check_folder, telling_damage
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import Samples, roles_in
from gan_augment.project.layout import Project, read_measured
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.page import render_report
from gan_augment.reporting.rows import accepted_rows, captioned_rows, rejected_rows, scores_of

__all__ = ["run"]

_PACKAGES = ("torch", "numpy", "scikit-learn", "pandas", "pyarrow", "albumentations", "imbalanced-learn")


def run(project: Project) -> None:
    """Write reports/report.html."""
    write_text(project.layout.report, render_report(gather(project), project.params.report))


def gather(project: Project) -> Evidence:
    """Read what the other stages wrote. Raises MissingInputError where a required part is absent."""
    layout, spec, config = project.layout, project.licensed_spec(), project.params.report
    scores = layout.curated / "scores.parquet"
    roles = tuple(role for role in roles_in(layout.curated) if role in ("attributes", "pair") and spec.image)
    accepted = accepted_rows(layout.curated, spec, config.pictures, companions=roles)
    asked = frame_of(accepted.companions["attributes"]) if "attributes" in roles else None
    pairs = images_of(accepted.companions["pair"]) if "pair" in roles else ()
    scripts = dict(zip(accepted.manifest["id"], pairs, strict=True)) if len(pairs) else {}
    accepted = accepted.with_roles(())
    folders = {c.label: layout.synthetic(c.key) for c in spec.classes}
    rejected = rejected_rows(scores, folders, config.rejected if spec.image else 0)
    shown = Samples.concat([accepted, rejected]) if spec.image else rejected
    for folder in (layout.pretrain, layout.mixed, *(layout.train_gan(c.key) for c in spec.classes)):
        check_folder(folder, elsewhere=True)  # the curves are listed there
    served = {c.key: read_json(layout.train_gan(c.key) / "served.json") for c in spec.classes}
    return Evidence(
        spec=spec,
        train=project.train_view().samples,
        accepted=accepted,
        rejected=rejected,
        scores=scores_of(scores, shown),
        measure=read_measured(layout),
        curate=read_json(layout.curate_report),
        mix=read_json(layout.mix_report),
        audit=read_json(layout.audit),
        ratios=_table(layout.ratio_curve),
        curves=dict(_curves(layout.training_curve("pretrain").parent)),
        served=served,
        models={c.key: _model_facts(layout.train_gan(c.key)) for c in spec.classes},
        asked=asked,
        **_about_attributes([layout.train_gan(c.key) for c in spec.classes]),
        provenance=_provenance(project, served),
        pool=None if (pool := project.pool_view()) is None else pool.samples,
        captioned=captioned_rows(layout.curated, spec) if spec.image else None,
        scripts=scripts,
    )


def _table(path: Path) -> pd.DataFrame | None:
    """A CSV file, None where it is absent or holds nothing."""
    with telling_damage(path):
        try:
            return pd.read_csv(path)
        except (FileNotFoundError, pd.errors.EmptyDataError):
            return None


def _curves(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    for path in sorted(folder.glob("*.csv")):
        curve = _table(path)
        if curve is not None:
            yield path.stem, curve


def _model_facts(folder: Path) -> dict[str, str]:
    """What the model says about its own training, as far as it is a plain value."""
    about = read_json(folder / "model.json") if (folder / "model.json").exists() else {}
    summary: dict[str, Any] = about.get("summary") or {}
    if summary.get("dependencies"):
        summary = {**summary, "dependencies": "; ".join(summary["dependencies"])}
    return {
        name.replace("_", " "): f"{value:.4g}" if isinstance(value, float) else str(value)
        for name, value in summary.items()
        if isinstance(value, str | int | float)
    }


def _about_attributes(folders: list[Path]) -> dict[str, Any]:
    """What the first model that judges its attributes says about them: all classes are served by one."""
    for path in (folder / "model.json" for folder in folders):
        summary: dict[str, Any] = (read_json(path).get("summary") or {}) if path.exists() else {}
        if isinstance(summary.get("precision"), dict) and isinstance(summary.get("unknown_values"), dict):
            return {"precision": summary["precision"], "unknown": summary["unknown_values"]}
    return {}


def _provenance(project: Project, served: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    names = {record.key: record.label for record in project.spec().classes}
    models = [(names[key], f"{s.get('method')}, {s.get('served')}, {s.get('model_hash')}") for key, s in served.items()]
    settings = project.params.model_dump(mode="json", exclude={"export": True, "publish": True, "base": {"device"}})
    return {
        "Seed": [("base.seed", str(project.params.base.seed))],
        "Models": models,
        "Versions": list(_versions()),
        "Settings": [("params.yaml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))],
    }


def _versions() -> Iterator[tuple[str, str]]:
    yield "gan-augment", __version__
    yield "Python", platform.python_version()
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
