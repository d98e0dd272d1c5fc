"""`choose_augmentation`: the synthetic data, if any, that helps a given classifier on a given metric.

Nested, repeated cross-validation (Varma and Simon 2006, BMC Bioinformatics 7:91): in every outer fold the candidates
are compared inside its train rows, the best one is trained on all of them, and is scored on the fold it has not seen.
So the gate judges the whole procedure of choosing, and the best of many noisy candidates gets no credit for luck.
Synthesizers are fitted anew on each train part. An inner train part leaves two folds out, and serves both of them as
outer fold: k folds need k + k (k - 1) / 2 fits, not k + k (k - 1).

The gate is a one-sided paired test over rows and repetitions (`gain.statistics`). Two repetitions show little of the
variation between repetitions (Student's t with about two degrees of freedom); four show enough, at twice the cost. So
the gate tests twice: after two repetitions, which settles clear and hopeless cases, and after four. Each test has half
of `alpha` (Bonferroni), so that testing twice does not raise the rate of false findings. Many candidates (the whole
ladder) are tested once, after two: four would take a minute or more on a few hundred rows, and need `repeats`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.progress import silent
from gan_augment.core.records import TableSpec
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.scoring.metrics import METRICS, Metric, score
from gan_augment.scoring.statistics import Interval, TestRows
from gan_augment.scoring.tasks.classification import HEADLINE
from gan_augment.tabular.arguments import frame_of, keyed, known_words, number, numbers, whole
from gan_augment.tabular.candidates import FREE, Candidate, Contest, Probabilities, Selection, known_classifier
from gan_augment.tabular.frame import TableSynthesizer, checked_labels, column_of, shown
from gan_augment.tabular.labels import class_values
from gan_augment.tabular.shapes import in_dtype, plain_columns

__all__ = ["LADDER", "AugmentationChoice", "choose_augmentation"]

LADDER = ("oversample", "smote", "jitter", "copula", "tabular_gan")
SMALLER_IS_BETTER = ("log_loss", "calibration_error")
DRAWS = 500  # of the bootstrap over rows
LOOKS = (2, 4)  # repetitions after which the gate tests, unless their number is given
FEW = 6  # most candidates for which a second test is made unasked
HOPELESS = 0.3  # p-value of a test above which more repetitions are not worth their time

Verdict = Literal["augment", "rebalance", "none", "undecided"]
Predictions = dict[Candidate, list[Probabilities]]  # of each repetition: float64 [n, K], every row predicted unseen
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AugmentationChoice:
    """Choice of an augmentation, with its evidence.

    Attributes
    ----------
    verdict
        "augment": rows of `chosen` help. "rebalance": class weights or the prior correction do, and no rows help more.
        "none": no candidate beats the real rows by the gate's test. "undecided": too few rows to decide; use none.
    chosen
        The candidate to use: the best one if it passed the gate, else "none".
    best
        The candidate with the best cross-validated score, before the gate; None where nothing was tried.
    gain
        The gain of choosing and then training, over the real rows alone, on folds that took no part in the choice.
    p_value
        The one-sided p-value of that gain; doubled where the gate may test twice.
    table
        One row per candidate: score, gain over none with standard error (optimistic for the best of many), and the
        share of the outer folds that picked it.
    free, over_free
        Where rows are to be added: the better of the candidates that balance without rows, and the chosen rows'
        gain over it (no fold of its own: as optimistic as the table). None without such a candidate.
    left_open
        Whether "none" may be due to too few repetitions: there were two, and `repeats=4` may decide.
    """

    verdict: Verdict
    chosen: Candidate
    best: Candidate | None = None
    gain: Interval | None = None
    p_value: float | None = None
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    contest: Contest | None = field(default=None, repr=False)
    seed: int = 0
    free: Candidate | None = None
    over_free: Interval | None = None
    left_open: bool = False

    @property
    def sentence(self) -> str:
        """Verdict in a sentence."""
        if self.gain is None or self.best is None or self.p_value is None:
            return "Undecided: too few rows to decide what helps. Use the real rows as they are."
        figures = f"{self.gain.mean:+.3f} ({self.gain.low:+.3f} to {self.gain.high:+.3f}, p = {self.p_value:.3f})"
        if self.verdict == "none":
            more = " Two repetitions leave it open; four take twice as long and may tell." if self.left_open else ""
            return (
                f"None: nothing is shown to beat the real rows; the best was {self.best}, and choosing gains {figures}."
                f"{more}"
            )
        found = f"{self.verdict.capitalize()}: {self.chosen}; choosing gains {figures} over the real rows alone."
        return found + self._against_free()

    def _against_free(self) -> str:
        if self.free is None or self.over_free is None:
            return ""
        more = self.over_free
        figures = f"{more.mean:+.3f} (standard error {more.standard_error:.3f})"
        if more.low > 0:
            return f" Over {self.free}, which adds no rows, they gain {figures}."
        return f" But {self.free}, which adds no rows, may do as well: over it the rows gain {figures}."

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Synthetic rows to add to `frame`, made from it as in the trials; none where none was chosen."""
        frame_of(frame)
        if self.contest is None or not self.chosen.makes_rows:
            return frame.iloc[:0]
        target, classes = self.contest.target, self.contest.classes
        known = {column.name: column.dtype for column in self.contest.table.columns}
        plain = plain_columns(frame.drop(columns=[target], errors="ignore"))
        if {name: str(dtype) for name, dtype in plain.dtypes.items()} != known:
            raise DataError(
                "The frame has other columns, or other dtypes, than the one that the choice was made for",
                expected=str(known)[:200],
            )
        train = _prepared(frame, self.contest)
        chosen = self.contest.rows(self.chosen, train, derive_seed(self.seed, "final")).reset_index(drop=True)
        places = self.contest.labels(chosen)
        chosen[target] = classes.series.iloc[places].reset_index(drop=True)
        return pd.DataFrame({name: in_dtype(chosen[name], dtype) for name, dtype in frame.dtypes.items()})


def choose_augmentation(
    frame: pd.DataFrame,
    target: str,
    *,
    classifier: Any = "random_forest",
    metric: str = HEADLINE,
    methods: Sequence[str] = LADDER,
    ratios: Sequence[float] | None = None,
    selections: Sequence[Selection] | None = None,
    baselines: Sequence[str] = ("class_weight", "prior"),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    folds: int = 4,
    repeats: int | None = None,
    alpha: float = 0.05,
    fewest_rows: int = 100,
    seed: int = 0,
    verbose: bool = False,
    progress: Progress = silent,
) -> AugmentationChoice:
    """Pick a method, a ratio and a selection by nested repeated cross-validation, or none.

    Parameters
    ----------
    frame, target
        Train rows, as for `TableSynthesizer.fit`. Every class needs `folds` rows.
    classifier
        "logistic_regression", "random_forest" or "hist_gradient_boosting", or a scikit-learn classifier. It gets
        scaled numbers and one-hot categories; a scikit-learn Pipeline gets the frame, and cannot be weighted.
    metric
        A name in `gan_augment.scoring.metrics.METRICS`.
    methods, ratios, selections
        Synthesizers; sizes up to which every class is filled, in sizes of the largest (default: 1, or 2 where the
        classes are of equal size); "all" and "likely" rows (default: both for two classes, else "all").
    baselines
        "class_weight" and "prior", or one of them: candidates that make no rows. "none" is always a candidate.
    settings
        {method: its own settings}.
    rules
        Rules that every row satisfies, as for `TableSynthesizer`.
    folds, repeats
        `repeats` x (folds + folds (folds - 1) / 2) fits of each synthesizer. None: two repetitions, and four where
        the result is open and at most `FEW` candidates compete.
    alpha
        The gate: the one-sided p-value has to be below it.
    fewest_rows
        With fewer rows no candidate is tried, and the verdict is "undecided".
    verbose
        Show a bar with the time left.
    progress
        Called with (train parts done, train parts in all).

    Raises
    ------
    DataError, MethodError, ParamsError
        As `TableSynthesizer`; a class has fewer rows than there are folds; an argument is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment.tabular import choose_augmentation
    >>> frame = load_iris(as_frame=True).frame.iloc[:120]  # 50, 50 and 20 rows
    >>> choice = choose_augmentation(
    ...     frame, "target", classifier="logistic_regression", methods=["smote"], folds=3, repeats=2
    ... )
    >>> choice.verdict
    'none'
    >>> more = pd.concat([frame, choice.rows(frame)])  # no rows are added here
    >>> len(more)
    120
    """
    contest = _contest(frame, target, classifier, keyed(settings, "settings"), rules)
    methods, baselines = known_words(methods, "methods"), known_words(baselines, "baselines")
    _check(metric, methods, baselines, contest)
    ratios = None if ratios is None else numbers(ratios, "ratios", above=0)
    selections = None if selections is None else cast(Any, known_words(selections, "selections", ("all", "likely")))
    folds, seed = whole(folds, "folds"), whole(seed, "seed", least=None, most=None)
    if folds < 3:
        raise ParamsError("Nested cross-validation needs three folds", got=str(folds), expected="at least 3")
    repeats = None if repeats is None else whole(repeats, "repeats", least=1)
    if not callable(progress):
        raise ParamsError("An argument cannot be used", where="progress", got=repr(progress), expected="a function")
    alpha, fewest_rows = number(alpha, "alpha", above=0, most=1), whole(fewest_rows, "fewest_rows")
    if len(frame) < fewest_rows:
        return AugmentationChoice("undecided", Candidate("none"), contest=contest, seed=seed)
    train = _prepared(frame, contest)
    labels = contest.labels(train)
    _check_classes(labels, contest, folds)
    candidates = _candidates(contest, labels, methods, ratios, selections, baselines)
    trial = _Trial(contest, train, candidates, metric, seed)
    looks = (LOOKS if len(candidates) <= FEW else LOOKS[:1]) if repeats is None else (repeats,)
    with shown("choose", verbose=verbose) as advance:
        for look in looks:
            for done, parts in trial.repeat_until(look, folds):
                advance(done, parts, f"{done} of {parts} train parts")
                progress(done, parts)
            choice = trial.judged(alpha, looks=len(looks))
            is_open = choice.verdict == "none" and (choice.p_value or 0.0) < HOPELESS * len(looks)
            if not is_open:
                break
    return replace(choice, left_open=is_open and repeats is None and look < LOOKS[-1])


class _Trial:
    """Predictions of every repetition, and their evaluation."""

    def __init__(
        self, contest: Contest, train: pd.DataFrame, candidates: list[Candidate], metric: str, seed: int
    ) -> None:
        self.contest, self.train, self.candidates, self.seed = contest, train, candidates, seed
        self.labels = contest.labels(train)
        self.metric = _upward(metric)
        self.unseen: Predictions = {candidate: [] for candidate in candidates}
        self.nested: list[Probabilities] = []
        self.picks: list[Candidate] = []

    def repeat_until(self, repeats: int, folds: int) -> Iterator[tuple[int, int]]:
        """Run the missing repetitions; yields (train parts done, train parts in all)."""
        parts = folds + folds * (folds - 1) // 2
        for done in range(len(self.nested), repeats):
            for part in self.repeat(folds):
                yield done * parts + part, repeats * parts

    def repeat(self, folds: int) -> Iterator[int]:
        """Repeat with another cut into folds; yields the number of finished train parts."""
        number = len(self.nested)
        cut = StratifiedKFold(folds, shuffle=True, random_state=derive_seed(self.seed, "folds", number) % 2**32)
        fold = np.empty(len(self.train), dtype=np.int64)
        for index, (_, rows) in enumerate(cut.split(self.train, self.labels)):
            fold[rows] = index
        outer = [np.zeros((len(fold), len(self.contest.values))) for _ in self.candidates]
        inner = [[np.zeros_like(part) for part in outer] for _ in range(folds)]  # [outer fold][candidate]
        pairs = itertools.combinations_with_replacement(range(folds), 2)
        for done, (one, two) in enumerate(pairs, start=1):
            left_out = (fold == one) | (fold == two)
            predicted = self._trained(left_out, derive_seed(self.seed, "part", number, one, two))
            for place, found in enumerate(predicted):
                if one == two:
                    outer[place][left_out] = found
                else:
                    inner[one][place][fold == two] = found[fold[left_out] == two]
                    inner[two][place][fold == one] = found[fold[left_out] == one]
            yield done
        self._pick(fold, outer, inner)

    def _trained(self, left_out: npt.NDArray[np.bool_], seed: int) -> list[Probabilities]:
        train, rows = self.train[~left_out].reset_index(drop=True), self.train[left_out].reset_index(drop=True)
        return self.contest.predict(self.candidates, train, rows, seed)

    def _pick(self, fold: npt.NDArray[np.int64], outer: list[Probabilities], inner: list[list[Probabilities]]) -> None:
        nested = np.zeros_like(outer[0])
        for index, predicted in enumerate(inner):
            others = fold != index
            scores = [score(self.metric, one[others], self.labels[others]) for one in predicted]
            best = int(np.argmax(scores))  # a tie goes to the first: to none, then to candidates that make no rows
            nested[fold == index] = outer[best][fold == index]
            self.picks.append(self.candidates[best])
        self.nested.append(nested)
        for candidate, predicted_rows in zip(self.candidates, outer, strict=True):
            self.unseen[candidate].append(predicted_rows)

    def judged(self, alpha: float, *, looks: int) -> AugmentationChoice:
        """Best candidate, if choosing it helps; this is one of several tests of it."""
        rows = TestRows(self.labels, draws=DRAWS, generator=numpy_generator(self.seed, "gate"))
        resampled = {one: rows.resample(self.metric, np.stack(found)) for one, found in self.unseen.items()}
        none = resampled[Candidate("none")]
        smallest = 1 / (len(rows.strata) * int(rows.strata.max()))
        gain = rows.interval(rows.resample(self.metric, np.stack(self.nested)) - none, resolution=smallest)
        p_value = min(1.0, looks * (gain.p_value / 2 if gain.mean > 0 else 1 - gain.p_value / 2))
        best = max(self.candidates, key=lambda one: resampled[one].values.mean())
        passed = p_value < alpha and best != Candidate("none")
        free = [one for one in resampled if not one.makes_rows and one.method != "none"]
        better = (
            max(free, key=lambda one: resampled[one].values.mean()) if free and passed and best.makes_rows else None
        )
        lines = []
        for one, found in resampled.items():
            over = rows.interval(found - none)
            picked = self.picks.count(one) / len(self.picks)
            facts = {"score": abs(found.values.mean()), "gain": over.mean, "standard_error": over.standard_error}
            lines.append(
                {"method": one.method, "ratio": one.ratio, "selection": one.selection, **facts, "picked": picked}
            )
        return AugmentationChoice(
            verdict=("augment" if best.makes_rows else "rebalance") if passed else "none",
            chosen=best if passed else Candidate("none"),
            best=best,
            gain=gain,
            p_value=float(p_value),
            table=pd.DataFrame(lines),
            contest=self.contest,
            seed=self.seed,
            free=better,
            over_free=rows.interval(resampled[best] - resampled[better], resolution=smallest) if better else None,
        )


def _prepared(frame: pd.DataFrame, contest: Contest) -> pd.DataFrame:
    """Rows in a contest's form: text as categories, and each label as the text of its class."""
    named = contest.classes.named(checked_labels(frame, contest.target))
    return as_categories(plain_columns(frame.assign(**{contest.target: named})), contest.table)


def as_categories(frame: pd.DataFrame, table: TableSpec) -> pd.DataFrame:
    """Text as pandas categories: whether a column is text or levels was decided on all rows, not on a fold's few."""
    texts = {c.name: "category" for c in table.columns if c.kind == "categorical"}
    return frame.reset_index(drop=True).astype(texts)


def _contest(
    frame: pd.DataFrame,
    target: str,
    classifier: Any,
    settings: Mapping[str, Mapping[str, Any]],
    rules: Sequence[Mapping[str, Any]],
) -> Contest:
    classes, _ = class_values(checked_labels(frame, target))
    features = plain_columns(frame.drop(columns=[target]))
    columns = tuple(column_of(features[name]) for name in features.columns)
    if len(classes.series) < 2:
        raise DataError("There is nothing to choose for a target of one class", got=repr(classes.values))
    return Contest(
        known_classifier(classifier), TableSpec(columns=columns, target=target), target, classes, settings, rules
    )


def _candidates(
    contest: Contest,
    labels: npt.NDArray[np.int64],
    methods: Sequence[str],
    ratios: Sequence[float] | None,
    selections: Sequence[Selection] | None,
    baselines: Sequence[str],
) -> list[Candidate]:
    """Candidates: none first, then those that make no rows, then the methods in order: a tie goes to the earlier."""
    counts = np.bincount(labels)
    sizes = ratios or ((2.0,) if counts.min() == counts.max() else (1.0,))
    kept: Sequence[Selection] = selections or (("all", "likely") if len(counts) == 2 else ("all",))
    free = [Candidate("none"), *(Candidate(name) for name in baselines if name != "class_weight" or contest.weighable)]
    made = [
        Candidate(method, ratio, selection)
        for method in methods
        for ratio in sorted(sizes)
        for selection in kept
        if method != "oversample" or selection == "all"
    ]
    return list(dict.fromkeys([*free, *made]))


def _upward(metric: str) -> Metric:
    found = METRICS[metric]
    if metric not in SMALLER_IS_BETTER:
        return found
    return lambda probabilities, labels, weights: -found(probabilities, labels, weights)


def _check(metric: Any, methods: Sequence[str], baselines: Sequence[str], contest: Contest) -> None:
    if not isinstance(metric, str) or metric not in METRICS:
        raise ParamsError("There is no such metric", got=repr(metric)[:200], expected=f"one of {', '.join(METRICS)}")
    if unknown := sorted(set(baselines) - set(FREE)):
        raise ParamsError("There is no such baseline", got=repr(unknown[0]), expected=f"one of {', '.join(FREE)}")
    if unmade := sorted(set(methods) & set(FREE)):
        raise ParamsError(f"{unmade[0]!r} makes no rows", got="it among methods", remedy="name it among baselines")
    known_words(sorted(contest.settings), "settings", methods)
    for method in methods:
        TableSynthesizer(method, keyed(contest.settings.get(method), f"settings[{method!r}]"), rules=contest.rules)


def _check_classes(labels: npt.NDArray[np.int64], contest: Contest, folds: int) -> None:
    counts = np.bincount(labels)
    least = int(counts.argmin())
    if counts[least] < folds:
        raise DataError(
            "A class has fewer rows than there are folds",
            where=f"class {contest.classes.values[least]!r}",
            got=f"{counts[least]} row(s)",
            expected=f"at least {folds}",
            remedy="merge it into another class, collect more rows, or use fewer folds (at least 3)",
        )
