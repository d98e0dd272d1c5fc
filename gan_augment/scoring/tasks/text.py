"""The task `text`: the string that is written in an image, read by a recogniser.

A prediction is a row of frames, each with a probability for every character and for none (`scoring.reading`). The
headline is the share of strings that are read exactly. Logit adjustment does not apply: a string has no prior share
that could be taken off, so only the temperature is fitted, which the loss needs and no reading notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, LeakError
from gan_augment.core.fields import frame_of
from gan_augment.core.predictions import Adjustment, Levels
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples
from gan_augment.scoring import reading
from gan_augment.scoring.adjustment import TEMPERATURES, adjust
from gan_augment.scoring.metrics import Metric, calibration_of
from gan_augment.scoring.tasks.api import Figure, Probabilities, Targets, Weights

__all__ = ["TEXT", "Text"]

TEXT: Role = "text"
_HEADLINE, _WORST = "exact_match", "worst_length"
_FEWEST = 10  # strings of a length that may be the worst one
_MOST_NATS = 16.1  # of a character: one sure mistake costs no more


@dataclass(frozen=True)
class Text:
    """The string of a row. The alphabet and the longest length are the data set's."""

    spec: DatasetSpec
    levels: Levels = field(default_factory=dict)
    headline: str = _HEADLINE
    worst: str = _WORST
    decisions: Sequence[str] = (_HEADLINE, "character_accuracy", _WORST)
    figures: str = "per_length"
    roles: tuple[Role, ...] = (TEXT,)
    thresholds: bool = False

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Shares of strings and characters, and what they cost in nats a character."""
        return {
            _HEADLINE: self._exact_match,
            "character_accuracy": self._character_accuracy,
            _WORST: self._worst_length,
            "log_loss": self.loss,
            "calibration_error": self._calibration_error,
        }

    @cached_property
    def loss(self) -> Metric:
        """The mean over the strings of minus the log probability of the whole string, a character."""
        return self._log_loss

    @property
    def words(self) -> Mapping[str, tuple[str, str]]:
        """A title and a note for each metric."""
        return _WORDS

    @property
    def symbols(self) -> int:
        """The characters, and none."""
        return len(self.spec.strings.alphabet) + 1

    def fitted(self, _train: Samples) -> Text:
        """The same: `prepare` has found the alphabet."""
        return self

    def with_levels(self, _levels: Levels) -> Text:
        """The same: `prepare` has found the alphabet."""
        return self

    def targets(self, samples: Samples) -> Targets:
        """int64 [n, longest]: places in the alphabet, -1 behind the end. Raises LeakError where they are withheld."""
        if TEXT not in samples.companions:
            raise LeakError("Strings were asked for where they are withheld", expected="train or validation rows")
        return self.places(frame_of(samples.companions[TEXT])[TEXT])

    def held_targets(self, held: pd.DataFrame) -> Targets:
        """int64 [n, longest]."""
        return self.places(held[TEXT])

    def places(self, strings: Iterable[str]) -> Targets:
        """int64 [n, longest]: places in the alphabet, -1 behind the end. Raises DataError of strings it cannot have."""
        strings = list(strings)
        known = {character: place for place, character in enumerate(self.spec.strings.alphabet)}
        places = np.full((len(strings), self.spec.strings.longest), -1, dtype=np.int64)
        for row, string in enumerate(strings):
            found = [] if pd.isna(string) else [known.get(character, -1) for character in string]
            if not found or -1 in found or len(found) > places.shape[1]:
                raise self._no_string(string)
            places[row, : len(found)] = found
        return places

    def _no_string(self, string: object) -> DataError:
        text = self.spec.strings
        return DataError(
            "A row has a string that no recogniser of this data set can read",
            got=repr(string)[:200],
            expected=f"1 to {text.longest} of the characters {text.alphabet}",
            remedy="let the method keep to strings that train rows could have",
        )

    def counts(self, targets: Targets, weights: Weights | None = None) -> npt.NDArray[np.float64]:
        """float64 [characters]: how often each one is shown."""
        each = np.ones(len(targets)) if weights is None else weights
        rows, places = np.nonzero(targets >= 0)
        shown = np.bincount(targets[rows, places], weights=each[rows], minlength=self.symbols - 1)
        return shown.astype(np.float64)

    def adjustment(
        self, probabilities: Probabilities, targets: Targets, _counts: Sequence[npt.NDArray[np.float64]]
    ) -> Adjustment:
        """The temperature of all frames with the smallest loss; no tau."""
        tried = (Adjustment(temperature=float(one), every=self.symbols) for one in TEMPERATURES[4:25:2])
        return min(tried, key=lambda one: self._mean_loss(adjust(probabilities, one, calibrate=True), targets))

    def _mean_loss(self, probabilities: Probabilities, targets: Targets) -> float:
        return float(np.mean([self._nats(one, targets).mean() for one in probabilities]))

    def retuned(self, _probabilities: Probabilities, _targets: Targets) -> Adjustment:
        """None: a string is no class whose threshold could move."""
        return Adjustment()

    def parts(self, targets: Targets) -> list[Figure]:
        """The share of strings read exactly of each length."""
        sizes = np.bincount(reading.lengths(targets))
        return [
            Figure(str(length), f"{length} character" + ("s" if length > 1 else ""), self._of_length(length), int(rows))
            for length, rows in enumerate(sizes)
            if rows
        ]

    def agreement(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.float64]:
        """float64 [n]: the probability of each row's own string, a character: exp(-CTC loss / length)."""
        agreed: npt.NDArray[np.float64] = np.exp(-self._nats(probabilities, targets))
        return agreed

    def read(self, probabilities: Probabilities) -> list[str]:
        """The string that each row is read as."""
        alphabet = self.spec.strings.alphabet
        found = reading.greedy(self._frames(probabilities))
        return ["".join(alphabet[place] for place in row if place >= 0) for row in found]

    def _frames(self, probabilities: Probabilities) -> Probabilities:
        return probabilities.reshape(len(probabilities), probabilities.shape[1] // self.symbols, self.symbols)

    def _nats(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.float64]:
        whole = -reading.log_likelihood(self._frames(probabilities), targets)
        return np.minimum(whole / np.maximum(reading.lengths(targets), 1), _MOST_NATS)

    def _right(self, probabilities: Probabilities, targets: Targets) -> npt.NDArray[np.bool_]:
        return reading.same(reading.greedy(self._frames(probabilities)), targets)

    def _exact_match(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        return _mean(self._right(probabilities, targets), weights)

    def _log_loss(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        return _mean(self._nats(probabilities, targets), weights)

    def _character_accuracy(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        own = reading.lengths(targets)
        wrong = reading.edit_distances(reading.greedy(self._frames(probabilities)), targets)
        share: Weights = (weights @ np.maximum(own - wrong, 0)) / (weights @ own)
        return share

    def _calibration_error(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        frames = self._frames(probabilities)
        read = reading.greedy(frames)
        sure = np.exp(reading.log_likelihood(frames, read))
        return calibration_of(sure, reading.same(read, targets), weights)

    def _of_length(self, length: int) -> Metric:
        def share(probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
            own = reading.lengths(targets) == length
            return _mean(self._right(probabilities, targets)[own], weights[:, own])

        return share

    def _worst_length(self, probabilities: Probabilities, targets: Targets, weights: Weights) -> Weights:
        """The smallest share over the lengths with enough strings (over all lengths, where none has)."""
        right, own = self._right(probabilities, targets), reading.lengths(targets)
        found, rows = np.unique(own, return_counts=True)
        enough = found[rows >= min(_FEWEST, rows.max())]
        with np.errstate(invalid="ignore"):
            shares = np.stack([_mean(right[own == length], weights[:, own == length]) for length in enough])
        worst: Weights = np.where(np.isnan(shares), np.inf, shares).min(axis=0)
        return np.where(np.isinf(worst), np.nan, worst)


def _mean(values: npt.NDArray[np.bool_ | np.float64], weights: Weights) -> Weights:
    with np.errstate(invalid="ignore"):
        mean: Weights = (weights @ values) / weights.sum(axis=1)
    return mean


_WORDS = {
    _HEADLINE: ("Strings read exactly", "share of test strings without a single mistake"),
    "character_accuracy": ("Characters", "1 - edit distance / length, over all characters"),
    _WORST: ("Worst length", "share of strings read exactly, for the length that is read worst"),
    "log_loss": ("Log loss", "how unlikely the true strings are, in nats a character; lower is better"),
}
