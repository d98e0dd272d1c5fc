"""`copy_paste`: the object of a real image, cut out by its mask, pasted into another image of the class.

Edges are blended by solving for the object's gradients (Perez et al. 2003, OpenCV's `seamlessClone`), or left as they
are cut. The object moves, grows or shrinks and turns a little, and its mask with it: the result's mask is exact. It
learns nothing, and is the rival of methods that draw objects in edited masks ("Simple Copy-Paste", Ghiasi et al. 2021,
arXiv 2012.07177; "Cut, Paste and Learn", Dwibedi et al. 2017, arXiv 1708.01642).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of, take
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, TrainView
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import check_index
from gan_augment.synthesis.kit.edited_masks import has_object, inked, moved_together
from gan_augment.synthesis.kit.untrained import OF_ONE_SOURCE, FittedTranslator, Pixels, UntrainedTranslator

__all__ = ["CopyPaste", "CopyPasteConfig", "pasted"]

# `seamlessClone` (OpenCV 5.0) takes three px off each side of a mask, so that a thin object would vanish, and fails for
# parts of fewer than three px: it is given the object with a rim of four.
_RIM = 4
_MARGIN = _RIM + 2  # px around the image, for the rims of objects at its edge


class CopyPasteConfig(MethodConfig):
    """Settings of copy and paste."""

    blend: Literal["gradients", "cut"] = Field(
        default="gradients", description="gradients: the edge is blended (seamlessClone); cut: pixels as they are"
    )


def pasted(ground: Pixels, image: Pixels, where: npt.NDArray[np.bool_], blend: str) -> Pixels:
    """`ground` [h, w, c] with the pixels of `image` that lie `where` [h, w] is true."""
    if blend == "cut" or not where.any():
        cut: Pixels = np.where(where[..., None], image, ground)
        return cut
    colour = [np.ascontiguousarray(np.broadcast_to(one, (*one.shape[:2], 3))) for one in (image, ground)]
    source, target = (np.pad(one, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge") for one in colour)
    # Around an object at the edge the object's own ground goes on, else it would fade into the other one.
    outside = np.pad(np.zeros_like(where), _MARGIN, constant_values=True)
    source[outside] = colour[0][~where].mean(axis=0) if not where.all() else source[outside]
    mask = cv2.dilate(np.pad(where.astype(np.uint8) * 255, _MARGIN), np.ones((2 * _RIM + 1,) * 2, np.uint8))
    left, top, width, height = cv2.boundingRect(mask)
    found = cv2.seamlessClone(source, target, mask, (left + width // 2, top + height // 2), cv2.NORMAL_CLONE)
    inside: Pixels = np.asarray(found, dtype=np.uint8)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, : ground.shape[2]]
    return inside


class FittedCopyPaste(FittedTranslator):
    """The real train images with their masks."""

    @property
    def summary(self) -> dict[str, Any]:
        """The number of images to draw from, and the classes without an object."""
        has, labels = (
            has_object(images_of(self.rows.companions["mask"])),
            self.rows.label_indices(self.spec),
        )
        refused = {
            str(index): "no train row of it has a mask with something in it"
            for index in np.unique(labels).tolist()
            if not has[labels == index].any()
        }
        return {"rows": len(self.rows), "refused_classes": refused}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with masks; `parents` are the ground and the object. Raises MethodError."""
        indices = self.rows.label_indices(self.spec)
        check_index(request.index, np.unique(indices), self.spec, self.method.name)
        own = self.rows.take(np.flatnonzero(indices == request.index))
        ids, end = own.manifest["id"].to_numpy(dtype=object), request.start + request.count
        for first in range(request.start, end, BLOCK):
            numbers = range(first, min(first + BLOCK, end))
            made = [self._pasted(own, numpy_generator(request.seed, request.index, number)) for number in numbers]
            images, masks, grounds, objects = zip(*made, strict=True)
            beside = {role: take(values, np.array(grounds)) for role, values in own.companions.items()}
            yield Synthetic(
                np.stack(images),
                tuple(
                    " ".join(dict.fromkeys(pair)) for pair in zip(ids[list(grounds)], ids[list(objects)], strict=True)
                ),
                companions={**beside, "mask": np.stack(masks)},
            )

    def _pasted(self, own: Samples, random: np.random.Generator) -> tuple[Pixels, Pixels, int, int]:
        """An image, its mask, and the places of the ground and of the object."""
        images, masks = images_of(own.payload), images_of(own.companions["mask"])
        has = np.flatnonzero(has_object(masks))
        if not len(has):
            raise MethodError(
                "No train row of the class has a mask with something in it", remedy="choose another method"
            )
        ground, taken = int(random.integers(len(images))), int(random.choice(has))
        image, mask = moved_together(images[taken], masks[taken], random)
        where = inked(mask)
        found = pasted(images[ground], image, where, self.config.blend)
        return found, np.where(where[..., None], mask, masks[ground]), ground, taken


class CopyPaste(UntrainedTranslator):
    """A real image with the object of another one of its class pasted into it."""

    name: ClassVar[str] = "copy_paste"
    traits = replace(
        OF_ONE_SOURCE,
        needs=frozenset({"mask"}),
        uses=frozenset({"attributes"}),
        emits=frozenset({"mask", "attributes"}),
    )
    Config: ClassVar[type[MethodConfig]] = CopyPasteConfig

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedTranslator:
        """Keep the train rows with their masks. Raises MethodError where they have none."""
        _check_masks(data.train)
        return super().fit(data, config, run)

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples, pool: Samples | None) -> FittedCopyPaste:
        """See `UntrainedTranslator`."""
        return FittedCopyPaste(self, spec, config, rows, pool)


def _check_masks(train: TrainView) -> None:
    if "mask" in train.samples.companions:
        return
    raise MethodError(
        "'copy_paste' was given rows without masks",
        where="prepare.companions.mask in params.yaml",
        expected="a mask beside every image: 0 where the ground is",
    )
