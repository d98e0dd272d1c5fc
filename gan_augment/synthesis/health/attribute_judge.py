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

_FEW = 30  # rows; below, two more are thought to be among them, one right and one wrong


@dataclass(frozen=True)
class ValuePrecision:
    """How often one value is read where it should be: from drawn rows, and from held-out real ones.

    `rows`: train rows with the value, `share`: of all whose value is known. `drawn`, `real`: shares in [0, 1], None
    where there are no rows. `choices`: how many values the group has.
    """

    rows: int
    share: float
    drawn_rows: int
    drawn: float | None
    real_rows: int
    real: float | None
    choices: int

    def problem(self, least: float) -> str | None:
        """Why the value is not to be believed, in words, or None; it needs `least` times the real rows' share."""
        if self.drawn is None or self.real is None:
            return None
        behind = self.real - self.drawn > SURE * math.hypot(self._error(self.drawn, self.drawn_rows), self._real_error)
        if not (self.judged and behind and self.drawn < least * self.real):
            return None
        return f"read from {self.drawn:.0%} of its drawn images, and from {self.real:.0%} of held-out real ones"

    @property
    def judged(self) -> bool:
        """Whether the judge reads the value from held-out real rows, beyond chance."""
        return self.real is not None and self._moderate - 1 / self.choices > SURE * self._real_error

    def to_json(self) -> dict[str, Any]:
        """The figures, for a summary."""
        return {**asdict(self), "judged": self.judged}

    @property
    def _moderate(self) -> float:
        rows, right = self.real_rows, self.real_rows * (self.real or 0.0)
        return right / rows if rows >= _FEW else (right + 1) / (rows + 2)

    @property
    def _real_error(self) -> float:
        return self._error(self.real or 0.0, self.real_rows)

    @staticmethod
    def _error(share: float, rows: int) -> float:
        """The standard error of a share. Few rows may agree by luck."""
        if rows < _FEW:
            share, rows = (share * rows + 1) / (rows + 2), rows + 2
        return math.sqrt(share * (1 - share) / rows)


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
        shown, counts = self._shown(drawn, group), np.bincount(self.conditions[:, group], minlength=self.sizes[group])
        held_out = {} if real is None else self._shown(real, group)
        known, nothing = int(counts[1:].sum()), np.zeros(0, dtype=bool)
        return {
            value: ValuePrecision(
                rows=int(counts[value]),
                share=float(counts[value] / known),
                drawn_rows=len(shown.get(value, nothing)),
                drawn=_mean(shown.get(value, nothing)),
                real_rows=len(held_out.get(value, nothing)),
                real=_mean(held_out.get(value, nothing)),
                choices=int((counts[1:] > 0).sum()),
            )
            for value in np.flatnonzero(counts).tolist()
            if value != UNKNOWN
        }

    def _shown(self, rows: tuple[Images, Ints], group: int) -> dict[int, npt.NDArray[np.bool_]]:
        images, wanted = rows[0], rows[1][:, group]
        right = self.read(images, group) == wanted if len(images) else np.zeros(0, dtype=bool)
        return {int(value): right[wanted == value] for value in np.unique(wanted)}


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
