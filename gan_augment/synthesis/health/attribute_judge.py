"""Do drawn images show the attribute values that they were asked for, as held-out real images show theirs?

One small network a group learns from real train rows and reads drawn images and held-out real ones alike. A value is
*precise* where it is read as often as from held-out real rows that have it. What the judge cannot read from real rows
it does not hold against drawn ones. Drawn rows must have combinations of values that real rows have: a judge that saw
blue only on black reads blue on white no better than chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.seeds import derive_seed
from gan_augment.nn.conditions import UNKNOWN
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.synthesis.health.alarms import SURE

__all__ = ["AttributeJudge", "ValuePrecision"]

Ints = npt.NDArray[np.int64]
Images = npt.NDArray[np.uint8]
Read = Callable[[Images], npt.NDArray[np.float32]]

_FEW = 30  # rows


@dataclass(frozen=True)
class ValuePrecision:
    """How often one value is read where it should be: from drawn rows, and from held-out real ones.

    `rows`: train rows with the value, `share`: of all whose value is known. `drawn`, `real`, `elsewhere`: shares in
    [0, 1], from how many it is read: of drawn rows that were asked for it, of held-out rows that have it, and of those
    that have another value; None where there are no such rows.
    """

    rows: int
    share: float
    drawn_rows: int
    drawn: float | None
    real_rows: int
    real: float | None
    other_rows: int
    elsewhere: float | None

    def problem(self, least: float) -> str | None:
        """Why the value is not to be believed, in words, or None; it needs `least` times the real rows' share."""
        if self.drawn is None or self.real is None or not self.judged:
            return None
        error = math.hypot(_error(self.drawn, self.drawn_rows), _error(self.real, self.real_rows))
        if not (self.real - self.drawn > SURE * error and self.drawn < least * self.real):
            return None
        return f"read from {self.drawn:.0%} of its drawn images, and from {self.real:.0%} of held-out real ones"

    @property
    def judged(self) -> bool:
        """Whether the judge reads the value from real rows that have it rather than from others, beyond chance."""
        if self.real is None or self.elsewhere is None:
            return False
        apart = _moderate(self.real, self.real_rows) - _moderate(self.elsewhere, self.other_rows)
        return apart > SURE * math.hypot(_error(self.real, self.real_rows), _error(self.elsewhere, self.other_rows))

    def to_json(self) -> dict[str, Any]:
        """The figures, for a summary."""
        return {**asdict(self), "judged": self.judged}


def _moderate(share: float, rows: int) -> float:
    """Few rows may agree by luck: two more are thought to be among them, one read right and one wrong."""
    return share if rows >= _FEW else (share * rows + 1) / (rows + 2)


def _error(share: float, rows: int) -> float:
    """The standard error of a share."""
    moderate, thought = _moderate(share, rows), rows if rows >= _FEW else rows + 2
    return math.sqrt(moderate * (1 - moderate) / thought)


class AttributeJudge:
    """Reads every group of a condition from images; its networks never see a held-out or a drawn row.

    Parameters
    ----------
    images, conditions
        uint8 [n, h, w, c] and int64 [n, groups] of the real train rows; 0 is unknown.
    sizes
        How many numbers each group has, the unknown one included.
    """

    def __init__(
        self, images: Images, conditions: Ints, sizes: Sequence[int], *, seed: int, steps: int, device: str = "cpu"
    ) -> None:
        self.conditions, self.sizes = conditions, tuple(sizes)
        whole = pixels(images)
        self._readers = [
            _reader(whole, conditions[:, group], size, derive_seed(seed, "attribute judge", group), steps, device)
            for group, size in enumerate(self.sizes)
        ]

    def read(self, images: Images, group: int) -> Ints:
        """int64 [n]: the most likely value of the group, never the unknown one."""
        return np.asarray(self._readers[group](images).argmax(axis=1), dtype=np.int64) + 1

    def precisions(
        self, drawn: tuple[Images, Ints], real: tuple[Images, Ints] | None, group: int
    ) -> dict[int, ValuePrecision]:
        """Of every value of a group that train rows have; `drawn`, `real`: images with what they should show."""
        counts = np.bincount(self.conditions[:, group], minlength=self.sizes[group])
        nothing = np.zeros(0, dtype=np.int64)
        asked, read = drawn[1][:, group], self.read(drawn[0], group)
        has, seen = (nothing, nothing) if real is None else (real[1][:, group], self.read(real[0], group))
        return {
            value: ValuePrecision(
                rows=int(counts[value]),
                share=float(counts[value] / counts[1:].sum()),
                drawn_rows=int((asked == value).sum()),
                drawn=_mean(read[asked == value] == value),
                real_rows=int((has == value).sum()),
                real=_mean(seen[has == value] == value),
                other_rows=int((~np.isin(has, (value, UNKNOWN))).sum()),
                elsewhere=_mean(seen[~np.isin(has, (value, UNKNOWN))] == value),
            )
            for value in np.flatnonzero(counts).tolist()
            if value != UNKNOWN
        }


def _reader(images: torch.Tensor, values: Ints, size: int, seed: int, steps: int, device: str) -> Read:
    known = np.flatnonzero(values != UNKNOWN)
    labels = torch.from_numpy(values[known] - 1)
    with torch.random.fork_rng(devices=[]):  # a layer's first weights move torch's own generator on
        network = fit_classifier(
            images[known], labels, size - 1, seed=seed, steps=steps, sampling="balanced", device=device
        )
    return lambda asked: predict_probabilities(network, pixels(asked))


def _mean(right: npt.NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if len(right) else None
