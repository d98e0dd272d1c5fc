"""`gan-augment draw`: a contact sheet from the trained model, for captions of the user's own or for classes.

Not a DVC stage: nothing is kept but the sheet, and no later stage looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gan_augment.compute.devices import resolve_device
from gan_augment.core.atomic import read_json
from gan_augment.core.checksums import check_folder
from gan_augment.core.errors import MethodError, MissingInputError
from gan_augment.core.fields import images_of
from gan_augment.core.records import THINGS
from gan_augment.core.seeds import derive_seed
from gan_augment.project.asked_captions import refuse_captions
from gan_augment.project.layout import Project
from gan_augment.project.served import SERVED, read_served
from gan_augment.synthesis.api import AskedCaption, Captioned, Fitted, SampleRequest, Synthesizer
from gan_augment.synthesis.registry import resolve_method

__all__ = ["DrawnRow", "contact_sheet", "draw", "sheet_path"]

_SIDE = 64  # px: smaller images are shown in whole multiples of their pixels, up to about this side
_GAP = 4  # px
_PAPER = 255

Images = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DrawnRow:
    """A row of the sheet: what was asked for (a caption, or None for any of the class), the class, the images."""

    caption: str | None
    label: str
    images: Images
    note: str = ""


def draw(project: Project, captions: Sequence[str], keys: Sequence[str], *, count: int, seed: int) -> list[DrawnRow]:
    """A row a caption, then a row a class; without either, a row for every class.

    A caption goes with the class that it tells; where one class alone is named, with that one.

    Raises
    ------
    MethodError
        The method draws no images or no captions, or a caption says nothing that the model knows.
    MissingInputError
        There is no trained model yet.
    """
    method, spec = resolve_method(project.params.synthesis.method), project.spec()
    if "image" not in method.traits.makes:
        made = " and ".join(THINGS[one] for one in sorted(method.traits.makes))
        raise MethodError(
            "Only images can be drawn", where="synthesis.method in params.yaml", got=f"a method for {made}"
        )
    indices = [project.class_index(key, "--class") for key in keys]
    if captions:
        refuse_captions(method, "synthesis.method in params.yaml")
    rows = list(_of_captions(project, method, captions, indices, count, seed))
    wanted = indices if indices or captions else list(range(len(spec.classes)))
    if captions and len(indices) == 1:
        wanted = []  # it was named for the captions
    for index in wanted:
        fitted, note = _served(project, method, spec.classes[index].key)
        rows.append(DrawnRow(None, spec.labels[index], _images(fitted, index, count, seed), note))
    return rows


def _of_captions(
    project: Project, method: Synthesizer, captions: Sequence[str], indices: Sequence[int], count: int, seed: int
) -> Iterator[DrawnRow]:
    if not captions:
        return
    spec = project.spec()
    label = spec.labels[indices[0]] if len(indices) == 1 else None
    joint = cast(Captioned, _joint(project, method))
    asked = [AskedCaption(text, label) for text in captions]
    for caption, index in zip(asked, joint.classes_of(asked), strict=True):
        own = joint.asked_for([caption])
        yield DrawnRow(caption.text, spec.labels[index], _images(own, index, count, seed), _refusal(project, index))


def _images(fitted: Fitted, index: int, count: int, seed: int) -> Images:
    """uint8 [count, h, w, c]; the same for the same model, class and seed."""
    request = SampleRequest(index=index, count=count, seed=derive_seed(seed, "draw") % 2**31)
    return np.concatenate([images_of(batch.payload) for batch in fitted.sample(request)])


def _joint(project: Project, method: Synthesizer) -> Fitted:
    folder = project.layout.pretrain
    if not (folder / "model.json").is_file():
        raise MissingInputError(
            "There is no trained model yet",
            where=folder,
            expected="what the stage `pretrain` writes",
            remedy="run `dvc repro pretrain` first",
        )
    check_folder(folder, elsewhere=True)
    return method.load(folder, project.spec(), device=resolve_device(project.params.base.device))


def _served(project: Project, method: Synthesizer, key: str) -> tuple[Fitted, str]:
    """The model that serves a class, or else the joint one; and what is to be said about it."""
    folder = project.layout.train_gan(key)
    if method.traits.fitted == "jointly" and not (folder / SERVED).is_file():
        return _joint(project, method), ""
    if not (folder / SERVED).is_file():
        raise MissingInputError(
            "There is no trained model yet",
            where=folder,
            expected="what the stage `train_gan` writes",
            remedy=f"run `dvc repro train_gan@{key}` first",
        )
    read_served(folder)
    fitted = method.load(folder, project.spec(), device=resolve_device(project.params.base.device))
    return fitted, _refusal(project, project.class_index(key))


def _refusal(project: Project, index: int) -> str:
    """That the pipeline keeps nothing of a class, where that is so."""
    path = project.layout.train_gan(project.spec().classes[index].key) / SERVED
    served: dict[str, Any] = read_json(path) if path.is_file() else {}
    return str(served.get("reason", "not synthesised")) if served.get("served") == "none" else ""


def contact_sheet(rows: Sequence[DrawnRow]) -> Images:
    """uint8 [height, width, c]: a row of images for each of `rows`, on white; small images enlarged without blur."""
    height, width, channels = rows[0].images.shape[1:]
    times, most = max(1, _SIDE // max(height, width)), max(len(row.images) for row in rows)
    tall, wide = height * times + _GAP, width * times + _GAP
    sheet = np.full((len(rows) * tall + _GAP, most * wide + _GAP, channels), _PAPER, dtype=np.uint8)
    for y, row in enumerate(rows):
        for x, image in enumerate(np.asarray(row.images)):
            large = image.repeat(times, axis=0).repeat(times, axis=1)
            top, left = _GAP + y * tall, _GAP + x * wide
            sheet[top : top + height * times, left : left + width * times] = large
    return sheet


def sheet_path(project: Project) -> Path:
    """Where the sheet is written unless another place was asked for."""
    return project.layout.root / ".gan_augment" / "draw.png"
