"""The code that each stage runs, as `deps` of dvc.yaml; only where the package lies in the project's folder.

That is so in a checkout of this repository: after an edit `dvc repro` runs the stages again that use what was edited,
and no others. A project with an installed gan-augment names no code, see docs/adr/0003-code-as-a-dependency.md.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CODE", "code_dependencies"]

_PACKAGE = Path(__file__).resolve().parents[1]
_EVERY_STAGE = ("core", "params.py", "project/layout.py")

_FIGURES = ("distances", "likeness", "memorisation", "metrics", "restoration", "two_sample", "unseen")
_GENERATOR = ("encoding", *(f"fidelity/{name}.py" for name in _FIGURES), "nn", "synthesis", "training")
_CLASSIFIER = (
    "recognition/classifier.py",
    "compute/layout.py",
    "compute/claims.py",
    "compute/devices.py",
    "recognition/supervised.py",
)
_FITTING = (
    *("downstream", "encoding", "scoring/adjustment.py", "scoring/metrics.py", "scoring/statistics.py"),
    *("recognition/pretrained.py", *_CLASSIFIER),
)

# Relative to the package. A folder where a stage uses two thirds of it, else the files that it uses; `core` is whole
# for every stage. tests/project/test_code.py derives the same from the imports, and says what to write here.
CODE: dict[str, tuple[str, ...]] = {
    "prepare": (
        "data",
        "encoding/dependencies.py",
        "encoding/rules.py",
        "encoding/times.py",
        "stages/prepare.py",
        "project/prepared.py",
    ),
    "pretrain": (
        *_GENERATOR,
        "stages/pretrain.py",
        "project/training.py",
    ),
    "train_gan": (
        *_GENERATOR,
        "project/training.py",
        "stages/train_gan.py",
    ),
    "generate": (
        *_GENERATOR,
        "stages/generate.py",
        "project/served.py",
    ),
    "curate": (
        *_CLASSIFIER,
        "curation",
        "encoding",
        "fidelity",
        "recognition/features.py",
        "stages/curate.py",
        "recognition/shifts.py",
    ),
    "cross_fit": (
        "curation",
        "encoding",
        "fidelity",
        "gain/config.py",
        "mixing/folds.py",
        "nn",
        "stages/cross_fit.py",
        "stages/curate.py",
        "stages/folds.py",
        "stages/generate.py",
        "project/prepared.py",
        "stages/pretrain.py",
        "project/served.py",
        "project/training.py",
        "stages/train_gan.py",
        "synthesis",
        "training",
    ),
    "mix": (
        *_FITTING,
        "gain/config.py",
        "mixing/curation_threshold.py",
        "mixing/plan.py",
        "mixing/ratio.py",
        "project/accepted.py",
        "stages/mix.py",
        "project/search_rows.py",
    ),
    "retrain": (
        *_FITTING,
        "stages/retrain.py",
    ),
    "learning_curve": (
        *_FITTING,
        "gain/config.py",
        "gain/learning_curve.py",
        "stages/learning_curve.py",
        "stages/retrain.py",
    ),
    "measure": (
        "downstream/config.py",
        "gain",
        "stages/measure.py",
        "project/prepared.py",
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
