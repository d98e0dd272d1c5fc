"""Model that serves a class, as `train_gan` wrote it: complete, and with the recorded hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import CHECKSUMS, LISTED, check_folder
from gan_augment.core.errors import ModelError

__all__ = ["SERVED", "read_served"]

SERVED = "served.json"


def read_served(model: Path) -> dict[str, Any]:
    """Contents of served.json in a model's folder, after a check of the whole folder.

    Raises
    ------
    MissingInputError
        A file is missing; DamagedInputError: one is not as it was written.
    ModelError
        The folder holds a model other than the chosen one.
    """
    check_folder(model)
    served: dict[str, Any] = read_json(model / SERVED)
    found = file_hash(model, without=(SERVED, CHECKSUMS, LISTED))
    if served.get("model_hash") != found:
        raise ModelError(
            "A saved model is not the one that was chosen for its class",
            where=model,
            got=f"a model with the hash {found}",
            expected=str(served.get("model_hash")),
            remedy=f"delete {model} and run `dvc repro`, which restores it",
        )
    return served
