"""Which captions a step practises, and those under which drawn rows are compared with held-out real ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.generators.text_to_image.captions import Language
from gan_augment.synthesis.kit.balanced_batches import BalancedRows
from gan_augment.synthesis.kit.captions import captions_of
from gan_augment.synthesis.kit.words import RESERVED

__all__ = ["BalancedWords", "UsualCaptions"]

Ints = npt.NDArray[np.int64]

TELLING = 0.5  # of all rows: a word that more of them have is no reason to practise a row


class BalancedWords(BalancedRows):
    """A row is drawn for the sake of its class, or of a word of its caption: a rare word is practised too."""

    def __init__(self, told: Ints, labels: Ints) -> None:
        """What is given of every train row, int64 [n, 1 + words], and its class index [n]."""
        classes = [np.flatnonzero(labels == index) for index in np.unique(labels)]
        rows, words = told[:, 1:].nonzero()
        pairs = np.unique(np.stack([told[:, 1:][rows, words], rows]), axis=1)  # word after word
        numbers, firsts = np.unique(pairs[0], return_index=True)
        of_words = np.split(pairs[1], firsts[1:])
        telling = [
            own
            for number, own in zip(numbers, of_words, strict=True)
            if number >= RESERVED and len(own) <= TELLING * len(told)
        ]
        super().__init__(told, [classes, telling] if telling else [classes])


class UsualCaptions:
    """What drawn images are given where they are compared with held-out real ones: the captions of those.

    Of a class without held-out rows they are those of its train rows. See `Conditions`.
    """

    def __init__(self, language: Language, data: TrainingData, method: str, seed: int) -> None:
        self.language, self.method, self.seed = language, method, seed
        self.train = self.of_rows(data.train)
        self.held_out = self.train[:0] if data.validation is None else self.of_rows(data.validation)

    def of_rows(self, view: TrainView | ValidationView) -> Ints:
        """See `Conditions`."""
        return self.language.told(captions_of(view, self.method), view.labels)

    def comparable(self, view: ValidationView) -> npt.NDArray[np.bool_]:
        """See `Conditions`: all of them, as drawn rows are asked for the captions of held-out ones."""
        return np.ones(len(view), dtype=bool)

    def of_classes(self, labels: Ints) -> Ints:
        """See `Conditions`."""
        width = max(self.train.shape[1], self.held_out.shape[1])
        told = np.zeros((len(labels), width), dtype=np.int64)
        for index in np.unique(labels):
            places = np.flatnonzero(labels == index)
            chosen = self._of_class(int(index), len(places))
            told[places, : chosen.shape[1]] = chosen
        return told

    def _of_class(self, index: int, count: int) -> Ints:
        random = numpy_generator(self.seed, "usual captions", index)
        for rows in (self.held_out, self.train):
            if len(own := rows[rows[:, 0] == index + 1]):
                break
        return random.choice(own, count)
