"""Holes in real images, and what they are for: a source, the part of it to paint again, and the label that is right.

`Holes.draw` decides all of it but the paint, so that a trained painter and its untrained rivals differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Payload, Samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Synthetic
from gan_augment.synthesis.kit.checks import check_index
from gan_augment.synthesis.kit.masks import Marks, grown, objects, random_part, read_marks

__all__ = ["Hole", "HoleConfig", "Holes"]

Pixels = npt.NDArray[np.uint8]
Level = Annotated[int, Field(ge=0, le=255)]
Use = Literal["remove", "refill", "edit", "heal"]

_NOT_SEEN = "no train row of it has a mask, so there is nothing to paint over"


class HoleConfig(MethodConfig):
    """Settings of what is painted again."""

    use: Use = Field(
        default="remove",
        description="remove: what the mask marks goes, the label stays; refill: a random part is painted again, no "
        "mask is needed; edit: what the mask marks goes, the label becomes `becomes`; heal: in its place comes what "
        "another row of the class has there, and the seam is painted",
    )
    dilation: int = Field(default=2, ge=0, le=100, description="the mask grows by so many pixels before it is painted")
    jitter: int = Field(default=1, ge=0, le=100, description="and by up to so many more, drawn anew for each sample")
    parts: Literal["all", "one"] = Field(
        default="all", description="remove, edit: all that the mask marks goes, or one separate part of it"
    )
    becomes: str | dict[str, str] | None = Field(
        default=None,
        description="edit: the label of edited rows, such as background; or label by label, such as {three: two}; "
        "null for other uses",
    )
    mask_values: tuple[Level, ...] = Field(
        default=(), description="values of the mask that mark what is unwanted; none: all but 0"
    )
    mask_threshold: int | None = Field(
        default=None, ge=0, le=254, description="or: values above it do; null: all but 0, or mask_values"
    )

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where there is no mask for this use, or no such label."""
        if self.use != "refill" and "mask" not in spec.companions:
            raise MethodError(
                f"The use {self.use!r} needs a mask of every image",
                where="synthesis.settings.use in params.yaml",
                got=f"the companions {', '.join(spec.companions)}" if spec.companions else "no companions",
                remedy="name the masks in prepare.companions, such as {mask: {path: masks}}, or set "
                "synthesis.settings.use to refill, which needs none",
            )
        if self.mask_values and self.mask_threshold is not None:
            raise MethodError(
                "mask_values and mask_threshold both say what the mask marks",
                where="synthesis.settings in params.yaml",
                remedy="keep one of them",
            )
        if (self.use == "edit") != (self.becomes is not None):
            raise MethodError(
                "`becomes` is the label of edited rows" if self.use != "edit" else "An edited row needs a label",
                where="synthesis.settings.becomes in params.yaml",
                got=f"use: {self.use}, becomes: {self.becomes}",
                expected="use: edit with becomes: LABEL, or with becomes: {LABEL: LABEL}",
            )
        if self.use == "edit":
            self._check_labels(spec)

    def _check_labels(self, spec: DatasetSpec) -> None:
        if spec.target != "label":
            raise MethodError(
                "The use 'edit' changes labels, and it is not the label that is learnt",
                where="synthesis.settings.use in params.yaml",
                got=f"prepare.target: {spec.target}",
                remedy="choose another use",
            )
        named = [self.becomes] if isinstance(self.becomes, str) else [*(self.becomes or {}).items()]
        flat = [label for one in named for label in ((one,) if isinstance(one, str) else one)]
        if unknown := [label for label in flat if label not in spec.labels]:
            raise MethodError(
                "`becomes` names a label that there is not",
                where="synthesis.settings.becomes in params.yaml",
                got=", ".join(map(repr, unknown)),
                expected=f"labels of the data: {', '.join(map(repr, spec.labels))}",
            )
        if same := [one for one in named if isinstance(one, tuple) and one[0] == one[1]]:
            raise MethodError(
                "`becomes` gives a class its own label",
                where="synthesis.settings.becomes in params.yaml",
                got=f"{same[0][0]!r}",
                expected="another label",
            )

    def sources(self, spec: DatasetSpec) -> dict[int, tuple[int, ...]]:
        """Class index -> indices of the classes whose rows become rows of it."""
        labels = spec.labels
        if self.use != "edit":
            return {index: (index,) for index in range(len(labels))}
        told: Mapping[str, str]
        if isinstance(self.becomes, str):
            told = {label: self.becomes for label in labels if label != self.becomes}
        else:
            told = self.becomes or {}
        return {
            index: tuple(place for place, source in enumerate(labels) if told.get(source) == label)
            for index, label in enumerate(labels)
        }


@dataclass(frozen=True)
class Hole:
    """An image to be painted at `hole`, bool [h, w], and its `mask` afterwards where rows have one.

    `places`: the rows that it is made of, the one whose background it has first.
    """

    places: tuple[int, ...]
    image: Pixels
    hole: Marks
    mask: Pixels | None


class Holes:
    """The holes that can be made in these rows.

    `refused`: class index (as text) -> why there is none for that class. Raises MethodError where there is none at all,
    or where the masks are not clear.
    """

    def __init__(self, spec: DatasetSpec, rows: Samples, config: HoleConfig, method: str) -> None:
        config.check(spec)
        self.spec, self.method = spec, method
        self.config, self.images = config, images_of(rows.payload)
        self.ids = rows.manifest["id"].to_numpy(dtype=object)
        self.masks = images_of(rows.companions["mask"]) if "mask" in rows.companions else None
        self.marks: Marks | None = None
        usable = np.ones(len(rows), dtype=np.bool_)
        if config.use != "refill":
            self.marks = read_marks(rows, config.mask_values, config.mask_threshold, method)
            usable = np.asarray(self.marks.any(axis=(1, 2)))
        labels = rows.label_indices(spec)
        self.rows = {
            index: np.flatnonzero(usable & np.isin(labels, classes)) for index, classes in config.sources(spec).items()
        }
        self.refused = {str(index): self._why(index, spec, labels) for index, own in self.rows.items() if not len(own)}

    def _why(self, index: int, spec: DatasetSpec, labels: npt.NDArray[np.int64]) -> str:
        classes = self.config.sources(spec)[index]
        if not classes:
            return "no class becomes it (synthesis.settings.becomes)"
        if not np.isin(labels, classes).any():
            return "there is no train row that it could be made of"
        return _NOT_SEEN if self.config.use != "edit" else "no train row of a class that becomes it has a mask"

    def check(self, index: int) -> None:
        """Raise MethodError for a class of which there are no rows to start from."""
        if reason := self.refused.get(str(index)):
            raise MethodError(f"{self.method!r} makes no rows of class {self.spec.labels[index]!r}: {reason}")
        check_index(index, np.array(sorted(self.rows)), self.spec, self.method)

    def synthetic(self, painted: Pixels, holes: Sequence[Hole]) -> Synthetic:
        """The holes, painted, with their parents and masks."""
        masks = [hole.mask for hole in holes if hole.mask is not None]
        beside: dict[Role, Payload] = {} if self.masks is None else {"mask": np.stack(masks)}
        parents = tuple(" ".join(dict.fromkeys(self.ids[list(hole.places)])) for hole in holes)
        return Synthetic(painted, parents, companions=beside)

    def draw(self, index: int, seed: int, number: int) -> Hole:
        """The hole of the `number`-th sample of a class, from (seed, index, number) alone.

        Round after round, each a shuffle of all rows: no row is used twice more often than another.
        """
        own = self.rows[index]
        place = int(own[_shuffled(len(own), seed, index, number // len(own))[number % len(own)]])
        random = numpy_generator(seed, index, "hole", number)
        if self.marks is None:
            height, width = self.images.shape[1:3]
            return self._hole((place,), self.images[place], random_part(height, width, random), None)
        if self.config.use == "heal":
            return self._healed(place, int(own[random.integers(len(own))]), random)
        return self._without(place, self.marks[place], random)

    def _hole(self, places: tuple[int, ...], image: Pixels, hole: Marks, mask: Pixels | None) -> Hole:
        if mask is None and self.masks is not None:
            mask = self.masks[places[0]]
        return Hole(places, image, hole, mask)

    def _without(self, place: int, marks: Marks, random: np.random.Generator) -> Hole:
        """Without what is marked, or without one part of it: the others stay whole."""
        assert self.masks is not None
        gone = marks
        if self.config.parts == "one":
            parts = objects(marks)
            gone = parts[random.integers(len(parts))]
        hole = grown(gone, self._by(random)) & ~(marks & ~gone)
        return self._hole((place,), self.images[place], hole, np.where(gone[..., None], 0, self.masks[place]))

    def _by(self, random: np.random.Generator) -> int:
        return self.config.dilation + int(random.integers(self.config.jitter + 1))

    def _healed(self, place: int, other: int, random: np.random.Generator) -> Hole:
        """The marked part of `other`, moved to where that of `place` is; its seam, and what it leaves free, is open."""
        assert self.marks is not None
        assert self.masks is not None
        own, theirs = self.marks[place], self.marks[other]
        down, right = (round(float(a - b)) for a, b in zip(_middle(own), _middle(theirs), strict=True))
        put = _moved(theirs, down, right)
        image = np.where(put[..., None], _moved(self.images[other], down, right), self.images[place])
        mask = np.where(put[..., None], _moved(self.masks[other], down, right), 0).astype(np.uint8)
        hole = grown(own | put, self._by(random)) & ~put
        return self._hole((place, other), image, hole, mask)


def _middle(marks: Marks) -> npt.NDArray[np.float64]:
    middle: npt.NDArray[np.float64] = np.argwhere(marks).mean(axis=0)
    return middle


def _moved(values: npt.NDArray[Any], down: int, right: int) -> npt.NDArray[Any]:
    """[h, w, ...] moved by whole pixels; 0 comes in."""
    moved = np.zeros_like(values)
    height, width = values.shape[:2]
    to = tuple(slice(max(step, 0), side + min(step, 0)) for step, side in ((down, height), (right, width)))
    source = tuple(slice(max(-step, 0), side + min(-step, 0)) for step, side in ((down, height), (right, width)))
    moved[to] = values[source]
    return moved


@lru_cache(maxsize=64)
def _shuffled(rows: int, seed: int, index: int, turn: int) -> npt.NDArray[np.int64]:
    return numpy_generator(seed, index, "rows", turn).permutation(rows)
