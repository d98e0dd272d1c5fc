"""`retrieve`: the real image of the class whose own caption is nearest to the caption that is asked for.

The cheap rival of methods that draw what captions say. Nearest is by words: each counts the more, the fewer train rows
have it (the cosine of tf-idf vectors), so that "red" and "three" decide, "a" and "on" do not; of rows that are as near
one is drawn at random. Every row keeps its own caption and attributes: nothing is claimed that its image does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import frame_of, images_of, take
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import AskedCaption, MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.captions import captions_of, class_index, quoted
from gan_augment.synthesis.kit.checks import check_train
from gan_augment.synthesis.kit.untrained import FittedTranslator, UntrainedTranslator
from gan_augment.synthesis.kit.words import words_of

__all__ = ["FittedRetrieve", "Retrieve", "nearest_captions"]

Ints = npt.NDArray[np.int64]
_ALIKE = 1e-9  # between two cosines that are the same


def nearest_captions(asked: Sequence[str], known: Sequence[str]) -> list[Ints]:
    """For each caption that is asked for the places of the nearest known ones: all that are equally near."""
    if not any(map(words_of, known)):
        return [np.arange(len(known)) for _ in asked]
    space = TfidfVectorizer(analyzer=words_of, binary=True)
    there = space.fit_transform(known)
    likeness = (space.transform(asked) @ there.T).toarray()
    return [np.flatnonzero(row >= row.max() - _ALIKE) for row in likeness]


@dataclass
class FittedRetrieve(FittedTranslator):
    """The real train rows with their captions. `asked`: what is looked for, by class; of other classes, their own."""

    asked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _known: dict[int, list[Ints]] = field(default_factory=dict)

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Real images of the class with what lies beside them, the n-th from (seed, index, n) alone."""
        own = self.own(request.index)
        ids, near = own.manifest["id"].to_numpy(dtype=object), self._near(request.index, own)
        end = request.start + request.count
        for first in range(request.start, end, BLOCK):
            numbers = range(first, min(first + BLOCK, end))
            places = np.array([_place(near, numpy_generator(request.seed, request.index, n)) for n in numbers])
            beside = {role: take(values, places) for role, values in own.companions.items()}
            yield Synthetic(images_of(own.payload)[places], tuple(ids[places]), companions=beside)

    def _near(self, index: int, own: Samples) -> list[Ints]:
        """The places of the nearest rows for each caption of the class."""
        if index not in self._known:
            texts = frame_of(own.companions["caption"]).iloc[:, 0].astype(str).tolist()
            self._known[index] = nearest_captions(self.asked.get(index, tuple(dict.fromkeys(texts))), texts)
        return self._known[index]

    def classes_of(self, captions: Sequence[AskedCaption]) -> list[int]:
        """See `Captioned`: that of the row whose caption is nearest, where none is said."""
        known = self.rows.label_indices(self.spec)
        texts = frame_of(self.rows.companions["caption"]).iloc[:, 0].astype(str).tolist()
        near = nearest_captions([caption.text for caption in captions], texts)
        return [
            class_index(caption, self.spec) if caption.label is not None else _usual_class(caption, known[places])
            for caption, places in zip(captions, near, strict=True)
        ]

    def asked_for(self, captions: Sequence[AskedCaption]) -> FittedRetrieve:
        """See `Captioned`."""
        asked = dict[int, tuple[str, ...]]()
        for caption, index in zip(captions, self.classes_of(captions), strict=True):
            asked[index] = (*asked.get(index, ()), caption.text)
        return replace(self, asked=asked, _known={})


def _place(near: Sequence[Ints], random: np.random.Generator) -> int:
    return int(random.choice(near[int(random.integers(len(near)))]))


def _usual_class(caption: AskedCaption, classes: Ints) -> int:
    """The only class of the nearest rows. Raises MethodError where they are of several."""
    if len(set(classes.tolist())) != 1:
        raise MethodError(
            "A caption does not tell its class",
            where=f"the caption {quoted(caption.text)}",
            got="a caption as near to rows of several classes",
            remedy="name the class: a column `class` in a CSV file of captions, or `draw --class KEY`",
        )
    return int(classes[0])


class Retrieve(UntrainedTranslator):
    """A real image whose caption is nearest to the one that is asked for."""

    name: ClassVar[str] = "retrieve"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        trainable=False,
        needs=frozenset({"caption"}),
        uses=frozenset({"attributes"}),
        emits=frozenset({"caption", "attributes"}),
        captioned=True,
    )
    Config: ClassVar[type[MethodConfig]] = MethodConfig

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedRetrieve:
        """Keep the train rows with their captions. Raises MethodError where they have none."""
        del run
        check_train(data.train, self.name)
        captions_of(data.train, self.name)
        return self.fitted(data.train.spec, config, data.train.samples, None)

    def fitted(self, spec: DatasetSpec, config: Any, rows: Samples, pool: Samples | None) -> FittedRetrieve:
        """See `UntrainedTranslator`."""
        return FittedRetrieve(self, spec, config, rows, pool)
