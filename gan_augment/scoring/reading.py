"""Strings read from frames: what a recogniser says, the most likely reading, and how far it is from the truth.

Notation: n rows, P frames from left to right, S symbols: 0 is "no character here", c + 1 the character with place c in
the alphabet. Frames are float [n, P, S], each summing to one. They are read as in connectionist temporal classification
(Graves et al. 2006): a run of one symbol is one character, and empty frames stand between equal ones. A recogniser
with a head a place is the same with a certain empty frame between its places. Strings are int64 [n, L], places in the
alphabet from the left, -1 behind the end.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import DatasetSpec

__all__ = [
    "EMPTY",
    "Reader",
    "character_pairs",
    "edit_distances",
    "frames_of",
    "frames_per_column",
    "greedy",
    "lengths",
    "log_likelihood",
    "readers_of",
    "same",
]

Frames = npt.NDArray[np.floating]
Strings = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Reader = Literal["ctc", "places"]  # frame by frame; with a head a place, for strings of one length

EMPTY = 0
_SMALLEST = 1e-7  # a frame's probability is cut here before the logarithm
_HALVINGS = (2, 1, 0)  # of the columns by a recogniser, at most two


def readers_of(spec: DatasetSpec) -> tuple[Reader, ...]:
    """The recognisers that fit the strings of a data set, of which validation chooses; none where there are none."""
    if spec.target != "text":
        return ()
    return ("ctc", "places") if spec.strings.fixed else ("ctc",)


def frames_per_column(width: int, longest: int) -> tuple[int, int]:
    """How often a recogniser halves the columns of an image, and the frames that are left.

    As often as leaves an empty frame around each character. Of an image too narrow for that: never.
    """
    for halvings in _HALVINGS:
        frames = -(-width // 2**halvings)
        if frames >= 2 * longest + 1:
            return halvings, frames
    return 0, width


def frames_of(width: int, longest: int) -> int:
    """The number of frames of a prediction, whichever recogniser made it."""
    return max(frames_per_column(width, longest)[1], 2 * longest - 1)


def lengths(strings: Strings) -> Strings:
    """int64 [n]."""
    found: Strings = (strings >= 0).sum(axis=1).astype(np.int64)
    return found


def greedy(frames: Frames) -> Strings:
    """The reading of the most likely symbol of every frame, int64 [n, P]."""
    best = frames.argmax(axis=2)
    before = np.pad(best, ((0, 0), (1, 0)))[:, :-1]
    kept = (best != EMPTY) & (best != before)
    read = np.full(best.shape, -1, dtype=np.int64)
    rows, places = np.nonzero(kept)
    read[rows, (np.cumsum(kept, axis=1) - 1)[rows, places]] = best[rows, places] - 1
    return read


def same(first: Strings, second: Strings) -> npt.NDArray[np.bool_]:
    """bool [n]: whether two strings are equal."""
    width = max(first.shape[1], second.shape[1])
    one, two = (np.pad(s, ((0, 0), (0, width - s.shape[1])), constant_values=-1) for s in (first, second))
    return np.asarray((one == two).all(axis=1))


def log_likelihood(frames: Frames, strings: Strings) -> Values:
    """float64 [n]: the logarithm of the probability of each string, summed over all ways to lay it on the frames."""
    count, most = strings.shape
    logs = np.log(np.maximum(frames.astype(np.float64), _SMALLEST))
    states = np.zeros((count, 2 * most + 1), dtype=np.int64)  # an empty one before, between and behind the characters
    states[:, 1::2] = np.maximum(strings + 1, EMPTY)
    jumps = np.zeros(states.shape, dtype=bool)  # over the empty state between two different characters
    jumps[:, 2:] = (states[:, 2:] != EMPTY) & (states[:, 2:] != states[:, :-2])
    total = np.full(states.shape, -np.inf)
    total[:, :2] = np.take_along_axis(logs[:, 0], states[:, :2], axis=1)
    for frame in range(1, logs.shape[1]):
        reached = np.logaddexp(total, _moved(total, 1))
        reached = np.where(jumps, np.logaddexp(reached, _moved(total, 2)), reached)
        total = reached + np.take_along_axis(logs[:, frame], states, axis=1)
    ends = 2 * lengths(strings)
    rows = np.arange(count)
    last = np.where(ends > 0, total[rows, np.maximum(ends - 1, 0)], -np.inf)
    found: Values = np.logaddexp(total[rows, ends], last)
    return found


def _moved(values: Values, places: int) -> Values:
    return np.pad(values, ((0, 0), (places, 0)), constant_values=-np.inf)[:, : values.shape[1]]


def edit_distances(first: Strings, second: Strings) -> Strings:
    """int64 [n]: the fewest characters to change, add or take away (Levenshtein 1966)."""
    own, other = lengths(first), lengths(second)
    row = np.broadcast_to(np.arange(second.shape[1] + 1), (len(second), second.shape[1] + 1)).copy()
    found = other.copy()
    for place in range(int(own.max(initial=0))):
        above, row = row, np.empty_like(row)
        row[:, 0] = place + 1
        differs = first[:, place, None] != second
        for column in range(second.shape[1]):
            changed = above[:, column] + differs[:, column]
            row[:, column + 1] = np.minimum(changed, np.minimum(above[:, column + 1], row[:, column]) + 1)
        ended = own == place + 1
        found[ended] = row[ended, other[ended]]
    return found


def character_pairs(true: str, read: str) -> Counter[tuple[str, str]]:
    """How often a character was read as another one; "" stands for one that is missing or too much."""
    costs = [[max(i, j) if not i or not j else 0 for j in range(len(read) + 1)] for i in range(len(true) + 1)]
    for i, own in enumerate(true, start=1):
        for j, other in enumerate(read, start=1):
            costs[i][j] = min(costs[i - 1][j - 1] + (own != other), costs[i - 1][j] + 1, costs[i][j - 1] + 1)
    pairs, i, j = Counter[tuple[str, str]](), len(true), len(read)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (true[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs[true[i], read[j]] += 1
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            pairs[true[i], ""] += 1
        else:
            j -= 1
            pairs["", read[j]] += 1
    return pairs
