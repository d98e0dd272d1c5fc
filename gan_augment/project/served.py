"""The model that serves a class, as `train_gan` left it: whole, and the one that its hash says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_augment.core.atomic import file_hash, read_json
from gan_augment.core.checksums import CHECKSUMS, LISTED, check_folder
from gan_augment.core.errors import ModelError

__all__ = ["SERVED", "read_served"]

SERVED = "served.json"


def read_served(model: Path) -> dict[str, Any]:
    """served.json of a model's folder, after a look at the whole folder.

    Raises
    ------
    MissingInputError
        A file is absent; DamagedInputError: one is not as it was written.
    ModelError
        The folder holds another model than the one that was chosen.
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
            remedy=f"delete {model} and run `dvc repro`, which brings it back",
        )
    return served
