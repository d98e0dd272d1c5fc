"""Code that each stage runs, as `deps` of dvc.yaml; only where the package lies in the project's folder.

That is so in a checkout of this repository: after an edit, `dvc repro` reruns the stages that use the edited code, and
no others. A project with an installed gan-augment names no code, see docs/adr/0003-code-as-a-dependency.md.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CODE", "code_dependencies"]

_PACKAGE = Path(__file__).resolve().parents[1]
_EVERY_STAGE = ("core", "params.py", "project/layout.py")

_GENERATOR = ("compute", "encoding", "fidelity", "nn", "project/training.py", "synthesis", "training")
_CLASSIFIER = ("compute", "encoding", "recognition")
_FITTING = (*_CLASSIFIER, "downstream", "scoring")

# Relative to the package. A folder where a stage uses half of it, else the files that it uses; `core` is whole for
# every stage. tests/setup/test_code.py derives the same from the imports, and its message shows what to write here.
CODE: dict[str, tuple[str, ...]] = {
    "prepare": (
        "data",
        "downstream/config.py",
        "encoding/dependencies.py",
        "encoding/rules.py",
        "encoding/target_type.py",
        "encoding/times.py",
        "project/prepared.py",
        "project/tracked.py",
        "stages/prepare.py",
    ),
    "pretrain": (
        *_GENERATOR,
        "recognition",
        "scoring",
        "stages/pretrain.py",
    ),
    "train_gan": (
        *_GENERATOR,
        "recognition",
        "scoring",
        "stages/train_gan.py",
    ),
    "generate": (
        *_CLASSIFIER,
        "data/config.py",
        "fidelity",
        "nn",
        "project/asked_captions.py",
        "project/served.py",
        "project/tracked.py",
        "scoring",
        "stages/generate.py",
        "synthesis",
        "training",
    ),
    "curate": (
        *_CLASSIFIER,
        "curation",
        "fidelity",
        "nn/adam.py",
        "scoring",
        "stages/curate.py",
    ),
    "cross_fit": (
        *_GENERATOR,
        "curation",
        "data/config.py",
        "mixing/config.py",
        "mixing/folds.py",
        "project/asked_captions.py",
        "project/prepared.py",
        "project/served.py",
        "project/tracked.py",
        "recognition",
        "scoring",
        "stages/cross_fit.py",
        "stages/curate.py",
        "stages/generate.py",
        "stages/pretrain.py",
        "stages/train_gan.py",
    ),
    "rivals": (
        *_GENERATOR,
        "data/config.py",
        "mixing/config.py",
        "mixing/ratio.py",
        "project/asked_captions.py",
        "project/rival_rows.py",
        "project/tracked.py",
        "recognition",
        "scoring",
        "stages/rivals.py",
    ),
    "mix": (
        *_FITTING,
        "mixing",
        "nn/adam.py",
        "project/accepted.py",
        "project/rival_rows.py",
        "project/search_rows.py",
        "stages/mix.py",
    ),
    "retrain": (
        *_FITTING,
        "nn/adam.py",
        "project/rival_rows.py",
        "stages/retrain.py",
    ),
    "learning_curve": (
        *_FITTING,
        "gain/config.py",
        "gain/learning_curve.py",
        "nn/adam.py",
        "project/rival_rows.py",
        "stages/learning_curve.py",
        "stages/retrain.py",
    ),
    "measure": (
        "downstream/config.py",
        "gain",
        "project/prepared.py",
        "project/rival_rows.py",
        "scoring",
        "stages/measure.py",
    ),
    "report": (
        "__init__.py",
        "curation/config.py",
        "data/config.py",
        "downstream/config.py",
        "encoding/times.py",
        "gain/config.py",
        "mixing/config.py",
        "reporting",
        "scoring",
        "sharding/config.py",
        "stages/report.py",
        "synthesis/config.py",
    ),
    "export": (
        "encoding/target_type.py",
        "encoding/times.py",
        "sharding",
        "stages/export.py",
    ),
}


def code_dependencies(root: Path) -> dict[str, list[str]]:
    """Paths relative to `root` by stage; none where the package lies elsewhere, as an installed one does."""
    if not _PACKAGE.is_relative_to(root.resolve()) or _is_installed():
        return {stage: [] for stage in CODE}
    folder = _PACKAGE.relative_to(root.resolve()).as_posix()
    return {stage: [f"{folder}/{path}" for path in sorted((*_EVERY_STAGE, *paths))] for stage, paths in CODE.items()}


def _is_installed() -> bool:
    """Whether the package lies in an environment, which may be in the project's folder (`.venv`)."""
    return "site-packages" in _PACKAGE.parts or "dist-packages" in _PACKAGE.parts
