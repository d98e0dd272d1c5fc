"""The alarms' judge: would a classifier of real rows know a class's synthetic rows as well as real rows it never saw?

It is cross-fitted inside the train part, so that every real row, of train and of validation, is judged by classifiers
that did not learn from it: a class of three validation rows has its train rows too to say what is usual. Classes weigh
the same in the fit and in the comparison, so that a rare class is not refused for being rare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from gan_augment.core.seeds import numpy_generator
from gan_augment.fidelity.likeness import Likeness, likeness, standing
from gan_augment.fidelity.unseen import spread_over_folds

__all__ = ["LabelJudge"]

Rows = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_FOLDS = 3
_MOST_ROWS = 1500  # of a class and part; more make no verdict surer
_UNSEEN_BY_ALL = -1


@dataclass(frozen=True)
class _Member:
    """A classifier, and which of the real rows it has not seen."""

    classifier: Any
    unseen: Mask

    def scores(self, rows: Rows, index: int) -> Floats:
        """float64 [n]: log odds of class `index`, all classes weighing the same."""
        found = np.asarray(self.classifier.decision_function(rows), dtype=np.float64)
        odds = np.stack([-found, found], axis=1) / 2 if found.ndim == 1 else found
        own = self.classifier.classes_ == index
        scores: Floats = odds[:, own][:, 0] - logsumexp(odds[:, ~own], axis=1)
        return scores


class LabelJudge:
    """Balanced logistic regressions on rows [n, d] of a feature space that was fitted on train rows alone."""

    def __init__(
        self,
        train: Rows,
        labels: Labels,
        held_out: Rows,
        held_out_labels: Labels,
        *,
        groups: npt.NDArray[Any] | None = None,
        same_mix: bool = True,
        seed: int,
    ) -> None:
        """`groups` [n] of the train rows: rows that resemble each other do not judge one another.

        `same_mix` False: synthetic rows are drawn as held-out rows are mixed, and train rows otherwise, so that train
        rows teach but do not say what is usual of a class.
        """
        from sklearn.linear_model import LogisticRegression

        chosen, kept = (_at_most(own, seed) for own in (labels, held_out_labels))
        self._rows = np.concatenate([train[chosen], held_out[kept]])
        self._labels = np.concatenate([labels[chosen], held_out_labels[kept]])
        fold = np.r_[self._spread(labels, chosen, groups, seed), np.full(len(kept), _UNSEEN_BY_ALL)]
        self._usual = np.full(len(fold), True) if same_mix else fold == _UNSEEN_BY_ALL
        self._members = list[_Member]()
        for number in range(_FOLDS):
            learn = (fold != number) & (fold != _UNSEEN_BY_ALL)
            if len(np.unique(self._labels[learn])) > 1:
                fitted = LogisticRegression(max_iter=1000, class_weight="balanced")
                self._members.append(_Member(fitted.fit(self._rows[learn], self._labels[learn]), ~learn))

    def likeness(self, synthetic: Rows, index: int) -> Likeness | None:
        """Of synthetic rows to class `index`; None where there is nothing to compare with."""
        known = [member for member in self._members if index in member.classifier.classes_]
        if not known or not len(synthetic):
            return None
        own, total, times = (
            self._usual & (self._labels == index),
            np.zeros(len(self._labels)),
            np.zeros(len(self._labels)),
        )
        made = []
        for member in known:
            scores, asked = member.scores(self._rows, index), member.unseen & own
            rivals = {c: scores[member.unseen & self._usual & (self._labels == c)] for c in self._others(index)}
            total[asked] += standing(scores[asked], rivals)
            times[asked] += 1
            made.append(standing(member.scores(synthetic, index), rivals))
        seen = times > 0
        counts = [int((self._usual & (self._labels == c)).sum()) for c in self._others(index)]
        return likeness(total[seen] / times[seen], np.mean(made, axis=0), counts)

    @staticmethod
    def _spread(
        labels: Labels, chosen: npt.NDArray[np.int64], groups: npt.NDArray[Any] | None, seed: int
    ) -> npt.NDArray[np.int64]:
        own = np.arange(len(labels)) if groups is None else groups
        return spread_over_folds(labels[chosen], own[chosen], _FOLDS, numpy_generator(seed, "judge's folds"))

    def _others(self, index: int) -> list[int]:
        return [int(c) for c in np.unique(self._labels) if c != index]


def _at_most(labels: Labels, seed: int) -> npt.NDArray[np.int64]:
    """Ascending places of at most `_MOST_ROWS` rows of each class, drawn at random."""
    rng, chosen = numpy_generator(seed, "judged rows"), list[npt.NDArray[np.int64]]()
    for index in np.unique(labels):
        chosen.append(rng.permutation(np.flatnonzero(labels == index))[:_MOST_ROWS])
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)
