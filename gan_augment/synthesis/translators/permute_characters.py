"""`permute_characters`: the characters of labelled rows, permuted among each other: each place from a row of its own.

The cheap rival of every method that makes rows for a recogniser: it needs labels, and no network. An image is cut into
an upright strip a character, and the strip of a place comes from that place of a random row of the class; the string
is put together likewise. So strings need one length, and characters that stand at the same places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import check_index
from gan_augment.synthesis.kit.script.method import strings_of, text_frame
from gan_augment.synthesis.kit.script.settings import text_of
from gan_augment.synthesis.kit.untrained import FittedTranslator, Pixels, UntrainedTranslator

__all__ = ["FittedPermutation", "PermuteCharacters", "PermuteCharactersConfig", "cuts_of"]

Ints = npt.NDArray[np.int64]


class PermuteCharactersConfig(MethodConfig):
    """Settings of the permutation."""

    cuts: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = Field(
        default=None,
        description="shares of the width at which characters begin, and where the last one ends; null: equal parts",
    )

    @field_validator("cuts")
    @classmethod
    def _ascending(cls, cuts: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if cuts is not None and (list(cuts) != sorted(set(cuts)) or cuts[0] < 0 or cuts[-1] > 1):
            raise ValueError("numbers from 0 to 1 that ascend, such as [0, 0.2, 0.4, 0.6, 0.8, 1]")
        return cuts

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError where strings are not what is learnt, differ in length, or cannot be cut."""
        if spec.text is None and spec.target == "text":
            return  # `prepare` has not read the strings yet
        text = text_of(spec)
        if not text.fixed:
            raise MethodError(
                f"{PermuteCharacters.name!r} exchanges characters place by place",
                where="the companion text",
                got=f"strings of {text.shortest} to {text.longest} characters",
                expected="strings of one length, whose characters stand at the same places",
                remedy="choose another method (`gan-augment methods list`)",
            )
        if self.cuts is not None and len(self.cuts) != text.longest + 1:
            raise MethodError(
                "There are not as many cuts as characters",
                where="synthesis.settings.cuts in params.yaml",
                got=f"{len(self.cuts)} cuts for {text.longest} characters",
                expected=f"{text.longest + 1}: where each begins, and where the last one ends",
            )
        columns = cuts_of(self, spec)
        if (np.diff(columns) < 1).any():
            raise MethodError(
                "A character's part of the image has no column",
                where="synthesis.settings.cuts in params.yaml",
                got=f"parts from columns {columns.tolist()} in images {spec.images.width} px wide",
                expected="at least a column a character",
            )


def cuts_of(config: PermuteCharactersConfig, spec: DatasetSpec) -> Ints:
    """int64 [characters + 1]: the columns of the image at which characters begin and end."""
    shares = np.linspace(0, 1, text_of(spec).longest + 1) if config.cuts is None else np.array(config.cuts)
    return np.rint(shares * spec.images.width).astype(np.int64)


@dataclass
class FittedPermutation(FittedTranslator):
    """The train rows with their strings, and where their characters stand."""

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Images of the class with strings and parents, the n-th from (seed, index, n) alone. Raises MethodError."""
        indices = self.rows.label_indices(self.spec)
        check_index(request.index, np.unique(indices), self.spec, self.method.name)
        own = self.rows.take(np.flatnonzero(indices == request.index))
        images, strings = images_of(own.payload), strings_of(own)
        ids, cuts = own.manifest["id"].to_numpy(dtype=object), cuts_of(self.config, self.spec)
        for first in range(request.start, request.start + request.count, BLOCK):
            numbers = range(first, min(first + BLOCK, request.start + request.count))
            chosen = np.stack([_chosen(len(own), len(cuts) - 1, request, number) for number in numbers])
            yield Synthetic(
                np.stack([_put_together(images, row, cuts) for row in chosen]),
                tuple(" ".join(dict.fromkeys(ids[row[:-1]])) for row in chosen),
                companions={
                    "text": text_frame(
                        ["".join(strings[one][place] for place, one in enumerate(row[:-1])) for row in chosen]
                    )
                },
            )


def _chosen(rows: int, characters: int, request: SampleRequest, number: int) -> Ints:
    """int64 [characters + 1]: the row from which each character comes, and the one behind it all."""
    return numpy_generator(request.seed, request.index, number).integers(rows, size=characters + 1)


def _put_together(images: Pixels, row: Ints, cuts: Ints) -> Pixels:
    """uint8 [h, w, c]: what lies left and right of all characters is that of the last row of `row`."""
    made: Pixels = np.array(images[row[-1]])
    for place, one in enumerate(row[:-1]):
        made[:, cuts[place] : cuts[place + 1]] = images[one][:, cuts[place] : cuts[place + 1]]
    return made


class PermuteCharacters(UntrainedTranslator):
    """Characters of real rows of a class, each from a row of its own, and the string that they make."""

    name: ClassVar[str] = "permute_characters"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        trainable=False,
        needs=frozenset({"text"}),
        emits=frozenset({"text"}),
    )
    Config: ClassVar[type[MethodConfig]] = PermuteCharactersConfig

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples, pool: Samples | None) -> FittedPermutation:
        """The rows, ready to be cut. Raises MethodError."""
        config.check(spec)
        return FittedPermutation(self, spec, config, rows, pool)
