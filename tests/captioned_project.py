"""A project whose method reads captions, as it is after `pretrain`: two classes, attributes, captions beside rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gan_augment.core.checksums import replacing_output
from gan_augment.project.layout import Project
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.registry import resolve_method
from tests.toys import LABELS, caption_toy

__all__ = ["write_captioned_project"]


def write_captioned_project(
    root: Path,
    method: str = "retrieve",
    *,
    trained: bool = True,
    generate: dict[str, Any] | None = None,
    **settings: Any,
) -> Project:
    """Write params.yaml, dataset.json and, where it is `trained`, the joint model; open it."""
    params = {
        "classes": {"red": {"label": LABELS[0]}, "green-blue": {"label": LABELS[1]}},
        "prepare": {
            "source": {"kind": "image_manifest", "path": "list.csv", "target": "half", "image": "file"},
            "companions": {"caption": {"column": "caption"}, "attributes": {"columns": ["ink", "paper"]}},
        },
        "synthesis": {"method": method, "settings": settings},
        "generate": {"candidates": 20, **(generate or {})},
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    project, (train, validation) = Project.open(root), caption_toy()
    project.layout.dataset.parent.mkdir(parents=True)
    train.spec.save(project.layout.dataset)
    if trained:
        found = resolve_method(method)
        fitted = found.fit(TrainingData(train, validation), found.Config.model_validate(settings), Run(0))
        with replacing_output(project.layout.pretrain) as folder:
            fitted.save(folder)
    return project
