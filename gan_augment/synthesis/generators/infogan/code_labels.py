"""Which class each code of an unlabelled model stands for, from a handful of labels, and how often that is wrong.

A code goes to the class that most of the labelled rows with this code have; several codes may go to one class, and a
code without labelled rows goes to none. How often a label by code is wrong is estimated by cross-fitting: codes are
mapped with one half of the handful and judged on the other, then the other way round. (Judged on the rows that they
were mapped with, even random codes would look good, the better the more codes there are.) Rows whose labels guided the
training map codes, and judge none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["NO_CLASS", "CodeLabels", "choose_handful", "label_codes", "majority_classes", "second_halves"]

NO_CLASS = -1
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CodeLabels:
    """What the codes stand for.

    Attributes
    ----------
    class_of_code
        int64 [codes]: a class index, or `NO_CLASS`.
    noise
        Estimated share in [0, 1] of rows that their code gives a wrong class, or none; classes count equally.
    class_noise
        float [classes]: among held-out labelled rows that got this class by code, the share of another class; 1 where
        none got it.
    rows
        How many labelled rows were used.
    """

    class_of_code: Indices
    noise: float
    class_noise: npt.NDArray[np.float64]
    rows: int

    def codes_of(self, label: int) -> Indices:
        """int64: the codes that stand for class `label`; may be none."""
        return np.flatnonzero(self.class_of_code == label)

    def problem(self, label: int, allowed: float) -> str | None:
        """Why samples of this class cannot be labelled when the share `allowed` of labels may be wrong, or None."""
        if self.noise > allowed:
            return f"the codes get {self.noise:.0%} of held-out labels wrong, more than the {allowed:.0%} allowed"
        if len(self.codes_of(label)) == 0:
            return "no code stands for this class"
        if self.class_noise[label] > allowed:
            return (
                f"{self.class_noise[label]:.0%} of held-out rows with this class's codes are of another class, more "
                f"than the {allowed:.0%} allowed"
            )
        return None


def choose_handful(labels: Indices, per_class: int, rng: np.random.Generator) -> Indices:
    """Rows of at most `per_class` of each class present, sorted: the only ones whose labels are looked at."""
    chosen = [rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


def majority_classes(codes: Indices, labels: Indices, *, code_count: int, class_count: int) -> Indices:
    """int64 [code_count]: the class that most rows with each code have (the lower index of equals), or `NO_CLASS`."""
    votes = np.zeros((code_count, class_count), dtype=np.int64)
    np.add.at(votes, (codes, labels), 1)
    return np.where(votes.any(axis=1), votes.argmax(axis=1), NO_CLASS)


def label_codes(
    codes: Indices,
    labels: Indices,
    *,
    code_count: int,
    class_count: int,
    rng: np.random.Generator,
    guided: npt.NDArray[np.bool_] | None = None,
) -> CodeLabels:
    """From the codes and the classes of a handful of rows, both int64 [n]; `guided`: which of them guided the training.

    Without any row that did not guide it nothing judges the codes, and their noise is 1.
    """

    def mapped(rows: npt.NDArray[np.bool_]) -> Indices:
        return majority_classes(codes[rows], labels[rows], code_count=code_count, class_count=class_count)

    guessed, judged = np.full_like(labels, NO_CLASS), np.ones(len(labels), dtype=bool)
    if guided is None:
        halves = second_halves(labels, rng)
        for half in (halves, ~halves):
            guessed[half] = mapped(~half)[codes[half]]
    else:
        judged = ~guided
        guessed[judged] = mapped(guided)[codes[judged]]
    wrong, present = guessed != labels, np.unique(labels[judged])
    return CodeLabels(
        mapped(np.ones(len(labels), dtype=bool)),
        float(np.mean([wrong[judged & (labels == c)].mean() for c in present])) if len(present) else 1.0,
        np.array([wrong[guessed == c].mean() if (guessed == c).any() else 1.0 for c in range(class_count)]),
        len(labels),
    )


def second_halves(labels: Indices, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """bool [n]: every second row of each class, in a random order; an odd row falls on a random side."""
    second = np.zeros(len(labels), dtype=bool)
    for c in np.unique(labels):
        second[rng.permutation(np.flatnonzero(labels == c))[int(rng.integers(2)) :: 2]] = True
    return second
