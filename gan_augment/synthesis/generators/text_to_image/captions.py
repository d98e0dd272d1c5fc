"""The captions of the train rows and those that a user asks for: as texts, as what networks are given, and by class."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.nn.captions import NO_WORD, UNKNOWN_WORD
from gan_augment.nn.conditions import UNKNOWN
from gan_augment.synthesis.api import AskedCaption
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.caption_reader import CaptionReader
from gan_augment.synthesis.kit.captions import class_index, listed, quoted
from gan_augment.synthesis.kit.words import Vocabulary, words_of

__all__ = ["Captions", "Language"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Language:
    """How captions are read.

    Attributes
    ----------
    attributes
        The columns that captions may tell, or none.
    most
        How many words of a caption are read.
    """

    classes: int
    attributes: Attributes
    vocabulary: Vocabulary
    reader: CaptionReader
    most: int

    @classmethod
    def of(cls, captions: Sequence[str], conditions: Ints, attributes: Attributes, most: int, method: str) -> Language:
        """Of train rows: captions, and class with attributes [n, groups]. Raises MethodError where they say nothing."""
        vocabulary = Vocabulary.of(captions)
        words = vocabulary.numbers(captions, most)
        if len(np.unique(words, axis=0)) < 2:
            raise MethodError(
                f"{method!r} has nothing to learn from the captions",
                where="the companion `caption`",
                got=f"{quoted(captions[0])} and {len(captions) - 1} others that say the same, or no word at all",
                expected="captions that differ, in words that several train rows have",
                remedy="name the column with the captions in prepare.companions.caption.column in params.yaml",
            )
        reader = CaptionReader.of(words, conditions, attributes.sizes, vocabulary.size)
        return cls(attributes.classes, attributes, vocabulary, reader, most)

    def told(self, captions: Sequence[str], classes: Ints) -> Ints:
        """int64 [n, 1 + words]: what networks are given of captions with these class indices [n]."""
        return np.concatenate([classes[:, None] + 1, self.vocabulary.numbers(captions, self.most)], axis=1)

    def conditions(self, asked: Sequence[AskedCaption], spec: DatasetSpec) -> Ints:
        """int64 [n, groups]: class and attributes, as they are said beside a caption or else read from it.

        Raises MethodError for a caption without a known word, or whose class is neither said nor read.
        """
        words = self.vocabulary.numbers([caption.text for caption in asked], self.most)
        found = self.reader.read(words)
        for place, caption in enumerate(asked):
            self._refuse_unknown_words(caption, words[place])
            if caption.label is not None:
                found[place, 0] = class_index(caption, spec) + 1
            for group, number in self.attributes.numbers_of(
                caption.attributes, f"the caption {quoted(caption.text)}"
            ).items():
                found[place, group] = number
            if found[place, 0] == UNKNOWN:
                raise MethodError(
                    "A caption does not tell its class",
                    where=f"the caption {quoted(caption.text)}",
                    got="words that train rows of several classes have",
                    expected=f"words that tell one of {listed(spec.labels)}",
                    remedy="name the class: a column `class` in a CSV file of captions, or `draw --class KEY`",
                )
        return found

    def _refuse_unknown_words(self, caption: AskedCaption, words: Ints) -> None:
        if (words > UNKNOWN_WORD).any():
            return
        own = words_of(caption.text)
        near = [word for one in own for word in difflib.get_close_matches(one, self.vocabulary.words, n=1)]
        raise MethodError(
            "A caption has no word that train captions have",
            where=f"the caption {quoted(caption.text)}",
            got=f"the words {listed(own)}" if own else "no word at all",
            expected=f"words such as {listed(self.vocabulary.words)}",
            remedy=f"did you mean {listed(near)}?" if near else None,
        )


@dataclass(frozen=True)
class Captions:
    """Captions to draw for.

    Attributes
    ----------
    texts
        The captions [k].
    told
        int64 [k, 1 + words].
    conditions
        int64 [k, groups]: the class of each, and the attributes that go with it.
    counts
        int64 [k]: how many rows each stands for.
    """

    texts: tuple[str, ...]
    told: Ints
    conditions: Ints
    counts: Ints

    @classmethod
    def of(cls, texts: Sequence[str], conditions: Ints, language: Language) -> Captions:
        """Of rows: each different pair of caption and condition once."""
        frame = pd.DataFrame(conditions).assign(text=list(texts))
        counted = frame.groupby([*frame.columns], sort=True).size().reset_index(name="rows")
        columns = counted[list(range(conditions.shape[1]))].to_numpy(dtype=np.int64)
        return cls.restored(counted["text"].tolist(), columns, counted["rows"].to_numpy(dtype=np.int64), language)

    @classmethod
    def restored(cls, texts: Sequence[str], conditions: Ints, counts: Ints, language: Language) -> Captions:
        """From what a saved model holds."""
        return cls(tuple(texts), language.told(texts, conditions[:, 0] - 1), conditions, counts)

    @property
    def classes(self) -> Ints:
        """The class indices that have captions, ascending."""
        return np.unique(self.conditions[:, 0]) - 1

    def draw(self, index: int, count: int, rng: torch.Generator) -> Ints:
        """int64 [count]: places of captions of class `index`, each as often as it has rows, drawn from `rng` alone."""
        own = np.flatnonzero(self.conditions[:, 0] == index + 1)
        return self._drawn(own, count, rng)

    def like(self, conditions: Tensor, rng: torch.Generator) -> Ints:
        """int64 [n]: for each condition [n, groups] the place of a caption that goes with it."""
        found = np.empty(len(conditions), dtype=np.int64)
        wanted, inverse = np.unique(conditions.numpy(), axis=0, return_inverse=True)
        for number, condition in enumerate(wanted):
            rows = np.flatnonzero(inverse == number)
            found[rows] = self._drawn(np.flatnonzero((self.conditions == condition).all(axis=1)), len(rows), rng)
        return found

    def _drawn(self, own: Ints, count: int, rng: torch.Generator) -> Ints:
        # As in attribute_gan: torch.multinomial takes 2^24 weights at most, and a cumulated sum is as quick.
        ends = torch.from_numpy(np.cumsum(self.counts[own].astype(np.float64)))
        at = torch.rand(count, generator=rng, dtype=torch.float64) * ends[-1]
        places = torch.searchsorted(ends, at, right=True).clamp(max=len(own) - 1)
        return np.asarray(own[places.numpy()], dtype=np.int64)

    def replaced_by(self, asked: Captions) -> Captions:
        """These captions where `asked` has none of the class, and else those that are asked for."""
        kept = ~np.isin(self.conditions[:, 0], asked.conditions[:, 0])
        width = max(self.told.shape[1], asked.told.shape[1])
        told = np.concatenate([_padded(self.told[kept], width), _padded(asked.told, width)])
        return replace(
            self,
            texts=(*(text for text, own in zip(self.texts, kept, strict=True) if own), *asked.texts),
            told=told,
            conditions=np.concatenate([self.conditions[kept], asked.conditions]),
            counts=np.concatenate([self.counts[kept], asked.counts]),
        )


def _padded(told: Ints, width: int) -> Ints:
    return np.pad(told, ((0, 0), (0, width - told.shape[1])), constant_values=NO_WORD)
