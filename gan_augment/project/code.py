"""The code that each stage runs, as `deps` of dvc.yaml; only where the package lies in the project's folder.

That is so in a checkout of this repository: after an edit `dvc repro` runs the stages again that use what was edited,
and no others. A project with an installed gan-augment names no code, see docs/adr/0003-code-as-a-dependency.md.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CODE", "code_dependencies"]

_PACKAGE = Path(__file__).resolve().parents[1]
_EVERY_STAGE = ("core", "params.py", "stages/project.py")

# Relative to the package. A folder where a stage uses two thirds of it, else the files that it uses; `core` is whole
# for every stage. tests/project/test_code.py derives the same from the imports, and says what to write here.
CODE: dict[str, tuple[str, ...]] = {
    "prepare": (
        "data",
        "encoding/dependencies.py",
        "encoding/rules.py",
        "encoding/times.py",
        "stages/prepare.py",
        "stages/prepared.py",
    ),
    "pretrain": (
        "encoding",
        "fidelity/distances.py",
        "fidelity/likeness.py",
        "fidelity/memorisation.py",
        "fidelity/metrics.py",
        "fidelity/restoration.py",
        "fidelity/two_sample.py",
        "fidelity/unseen.py",
        "nn",
        "stages/pretrain.py",
        "stages/synthesis.py",
        "synthesis",
        "training",
    ),
    "train_gan": (
        "encoding",
        "fidelity/distances.py",
        "fidelity/likeness.py",
        "fidelity/memorisation.py",
        "fidelity/metrics.py",
        "fidelity/restoration.py",
        "fidelity/two_sample.py",
        "fidelity/unseen.py",
        "nn",
        "stages/synthesis.py",
        "stages/train_gan.py",
        "synthesis",
        "training",
    ),
    "generate": (
        "encoding",
        "fidelity/distances.py",
        "fidelity/likeness.py",
        "fidelity/memorisation.py",
        "fidelity/metrics.py",
        "fidelity/restoration.py",
        "fidelity/two_sample.py",
        "fidelity/unseen.py",
        "nn",
        "stages/generate.py",
        "stages/served.py",
        "synthesis",
        "training",
    ),
    "curate": (
        "curation",
        "encoding",
        "fidelity",
        "nn/classifier.py",
        "nn/features.py",
        "nn/layout.py",
        "stages/curate.py",
        "training/claims.py",
        "training/devices.py",
        "training/shifts.py",
        "training/supervised.py",
    ),
    "cross_fit": (
        "curation",
        "encoding",
        "fidelity",
        "gain/config.py",
        "gain/folds.py",
        "nn",
        "stages/cross_fit.py",
        "stages/curate.py",
        "stages/folds.py",
        "stages/generate.py",
        "stages/prepared.py",
        "stages/pretrain.py",
        "stages/served.py",
        "stages/synthesis.py",
        "stages/train_gan.py",
        "synthesis",
        "training",
    ),
    "mix": (
        "downstream",
        "encoding",
        "gain/adjustment.py",
        "gain/config.py",
        "gain/curation_threshold.py",
        "gain/metrics.py",
        "gain/mixing.py",
        "gain/ratio.py",
        "gain/statistics.py",
        "nn/classifier.py",
        "nn/layout.py",
        "nn/pretrained.py",
        "stages/accepted.py",
        "stages/mix.py",
        "stages/search_rows.py",
        "training/claims.py",
        "training/devices.py",
        "training/supervised.py",
    ),
    "retrain": (
        "downstream",
        "encoding",
        "gain/adjustment.py",
        "gain/metrics.py",
        "gain/statistics.py",
        "nn/classifier.py",
        "nn/layout.py",
        "nn/pretrained.py",
        "stages/retrain.py",
        "training/claims.py",
        "training/devices.py",
        "training/supervised.py",
    ),
    "learning_curve": (
        "downstream",
        "encoding",
        "gain/adjustment.py",
        "gain/config.py",
        "gain/learning_curve.py",
        "gain/metrics.py",
        "gain/statistics.py",
        "nn/classifier.py",
        "nn/layout.py",
        "nn/pretrained.py",
        "stages/learning_curve.py",
        "stages/retrain.py",
        "training/claims.py",
        "training/devices.py",
        "training/supervised.py",
    ),
    "measure": (
        "downstream/config.py",
        "gain",
        "stages/measure.py",
        "stages/prepared.py",
    ),
    "report": (
        "__init__.py",
        "curation/config.py",
        "data/config.py",
        "downstream/config.py",
        "encoding/times.py",
        "gain/config.py",
        "reporting",
        "sharding/config.py",
        "stages/report.py",
        "synthesis/config.py",
    ),
    "export": (
        "encoding/times.py",
        "sharding",
        "stages/export.py",
    ),
}


def code_dependencies(root: Path) -> dict[str, list[str]]:
    """Stage -> paths relative to `root`; nothing where the package lies elsewhere, as an installed one does."""
    if not _PACKAGE.is_relative_to(root.resolve()) or _is_installed():
        return {stage: [] for stage in CODE}
    folder = _PACKAGE.relative_to(root.resolve()).as_posix()
    return {stage: [f"{folder}/{path}" for path in sorted((*_EVERY_STAGE, *paths))] for stage, paths in CODE.items()}


def _is_installed() -> bool:
    """Whether the package lies in an environment, which may well be in the project's folder (`.venv`)."""
    return "site-packages" in _PACKAGE.parts or "dist-packages" in _PACKAGE.parts
