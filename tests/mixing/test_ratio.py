"""Plans and the rule that chooses among them, on toys whose answer is forced."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.mixing.ratio import (
    Choice,
    Plan,
    Trial,
    choose_ratio,
    drop_useless_classes,
    first_rows,
    make_plans,
    search_ratios,
)
from gan_augment.scoring.criterion import Criterion
from gan_augment.scoring.statistics import Interval, TestRows
from tests.gain.simulation import CoarseCriterion, RawLossCriterion, Skill, probabilities_from, verdict_of
from tests.scoring.toys import classes

RATIOS = (0.0, 0.5, 1.0, 2.0, 3.0)


def counts(*values: int) -> npt.NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


def test_plans_fill_up_to_a_multiple_of_the_largest_class() -> None:
    plans = make_plans(RATIOS, counts(60, 60, 10), counts(999, 999, 999))
    assert {plan.ratio: plan.counts.tolist() for plan in plans} == {
        0.0: [0, 0, 0],
        0.5: [0, 0, 20],
        1.0: [0, 0, 50],
        2.0: [60, 60, 110],
        3.0: [120, 120, 170],
    }


@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=4),
    st.sampled_from(RATIOS),
    st.lists(st.integers(0, 99), min_size=4, max_size=4),
)
def test_a_plan_on_its_own_rows_is_itself(real: list[int], ratio: float, accepted: list[int]) -> None:
    own, most = counts(*real), counts(*accepted[: len(real)])
    plan = make_plans([ratio], own, most)[-1]
    again = plan.onto(own, most)
    assert again.counts.tolist() == plan.counts.tolist()
    assert again.wanted[plan.counts > 0].tolist() == plan.wanted[plan.counts > 0].tolist()


def test_a_plan_on_other_rows_keeps_its_ratio_and_gives_nothing_to_the_classes_it_left_out() -> None:
    plan = Plan(2.0, counts(60, 0, 110), counts(60, 0, 110), threshold=0.9)
    fold = plan.onto(counts(48, 48, 8), counts(99, 99, 70))
    assert (fold.ratio, fold.threshold) == (2.0, 0.9)
    assert fold.wanted.tolist() == [48, 0, 88]
    assert fold.counts.tolist() == [48, 0, 70]


def test_equal_plans_are_dropped_and_capped_ones_say_so() -> None:
    plans = make_plans(RATIOS, counts(40, 40), counts(30, 50))
    assert [plan.ratio for plan in plans] == [0.0, 2.0, 3.0]  # below 2 nothing is missing
    assert plans[1].counts.tolist() == [30, 40]
    assert plans[1].capped
    assert make_plans(RATIOS, counts(40, 10), counts(0, 0))[0].ratio == 0.0
    assert len(make_plans(RATIOS, counts(40, 10), counts(0, 0))) == 1


@given(
    real=st.lists(st.integers(1, 100), min_size=2, max_size=5),
    spare=st.integers(0, 100),
    ratios=st.lists(st.floats(0, 5), max_size=5),
)
def test_plans_grow_with_the_ratio_and_never_exceed_what_was_accepted(
    real: list[int], spare: int, ratios: list[float]
) -> None:
    accepted = counts(*[spare] * len(real))
    plans = make_plans(ratios, counts(*real), accepted)
    assert plans[0].ratio == 0
    assert plans[0].counts.sum() == 0
    assert all((plan.counts <= accepted).all() for plan in plans)
    for smaller, larger in itertools.pairwise(plans):
        assert (smaller.counts <= larger.counts).all()
        assert (smaller.counts != larger.counts).any()


def test_first_rows_keep_the_order_of_preference() -> None:
    records = tuple(ClassRecord(key=key, label=key.upper()) for key in "ab")
    spec = DatasetSpec(name="t", modality="image", classes=records, image=ImageSpec(height=4, width=4, channels=1))
    labels = ["B", "A", "B", "A", "B"]
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), dtype=np.uint8)
    candidates = Samples(make_manifest(5, id=list("vwxyz"), label=labels, origin="synthetic"), images)
    taken = first_rows(candidates, counts(1, 2), spec)
    assert taken.manifest["id"].tolist() == ["v", "w", "x"]
    assert taken.payload[:, 0, 0, 0].tolist() == [0, 1, 2]  # type: ignore[call-overload,index]


def found(mean: float, error: float) -> Interval:
    return Interval(mean, mean - 2 * error, mean + 2 * error, error, 30.0, 0.5)


def trial(
    ratio: float, gain: float, error: float, *, behind: tuple[float, float] = (0.0, 0.01), stopped: bool = False
) -> Trial:
    """`behind`: how far behind the best ratio above 0, and the standard error of that."""
    plan = Plan(ratio, counts(int(ratio * 10)), counts(int(ratio * 10)))
    if ratio == 0:
        return Trial(plan, found(0.9, 0.01), None, None, None, 3, stopped)
    gap = None if stopped else found(*behind)
    return Trial(plan, found(0.9, 0.01), found(gain, error), found(gain, error), gap, 3, stopped)


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ([trial(0, 0, 0.01)], Choice(0.0, 0.0)),
        ([trial(0, 0, 0.01), trial(1, 0.009, 0.01)], Choice(0.0, 1.0)),  # gain below its standard error
        ([trial(0, 0, 0.01), trial(1, 0.02, 0.01)], Choice(1.0, 1.0)),
        ([trial(0, 0, 0.01), trial(1, -0.02, 0.01), trial(2, -0.01, 0.01)], Choice(0.0, 2.0)),
        # the smallest within one standard error of the best
        (
            [
                trial(0, 0, 0.01),
                trial(0.5, 0.03, 0.01, behind=(0.005, 0.005)),
                trial(1, 0.035, 0.01),
                trial(2, 0.02, 0.01, behind=(0.015, 0.005)),
            ],
            Choice(0.5, 0.5),
        ),
        # both gains are as uncertain as before, but it is certain that the smaller ratio gains less
        ([trial(0, 0, 0.01), trial(0.5, 0.03, 0.01, behind=(0.005, 0.002)), trial(1, 0.035, 0.01)], Choice(1.0, 1.0)),
        # near the best, but its own gain is uncertain
        ([trial(0, 0, 0.01), trial(0.5, 0.03, 0.04, behind=(0.005, 0.04)), trial(1, 0.035, 0.01)], Choice(1.0, 1.0)),
        # given up early: never chosen, shown only for want of another
        ([trial(0, 0, 0.01), trial(1, 0.05, 0.01, stopped=True)], Choice(0.0, 1.0)),
        ([trial(0, 0, 0.01), trial(1, 0.05, 0.01, stopped=True), trial(2, -0.01, 0.01)], Choice(0.0, 2.0)),
    ],
)
def test_the_rule(trials: list[Trial], expected: Choice) -> None:
    assert choose_ratio(trials) == expected


Evaluated = list[tuple[float, int]]


def search(skill: Callable[[float], float], *, early_stopping: bool = True) -> tuple[list[Trial], Evaluated]:
    """Search over ratios whose validation accuracy is `skill(ratio)`; also what was evaluated."""
    labels = np.repeat([0, 1], 100)
    asked: Evaluated = []
    luck = np.random.default_rng(0).random((3, 200))

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        asked.extend((plan.ratio, seed) for seed in seeds)
        return [probabilities_from(luck[seed][None] < skill(plan.ratio), labels, 2)[0] for seed in seeds]

    plans = make_plans(RATIOS, counts(60, 10), counts(999, 999))
    criterion = Criterion(TestRows(labels, draws=300, generator=np.random.default_rng(1)), [], classes(2))
    return search_ratios(plans, evaluate, criterion, [0, 1, 2], early_stopping=early_stopping), asked


def test_the_search_finds_the_useful_ratio() -> None:
    trials, _ = search(lambda ratio: 0.9 if ratio == 2 else 0.7)
    assert choose_ratio(trials) == Choice(2.0, 2.0)


def test_the_search_finds_nothing_where_nothing_is() -> None:
    trials, asked = search(lambda ratio: 0.8)
    assert choose_ratio(trials).ratio == 0.0
    assert len(asked) == len(trials) * 3


def test_hopeless_ratios_are_given_up_after_one_seed_and_ratio_0_never() -> None:
    trials, asked = search(lambda ratio: {0.0: 0.5, 3.0: 0.5}.get(ratio, 0.9))
    seeds = {one.plan.ratio: one.seeds for one in trials}
    assert seeds == {0.0: 3, 0.5: 3, 1.0: 3, 2.0: 3, 3.0: 1}
    assert asked.count((0.0, 2)) == 1
    assert (3.0, 1) not in asked
    kept, _ = search(lambda ratio: {0.0: 0.5, 3.0: 0.5}.get(ratio, 0.9), early_stopping=False)
    assert all(one.seeds == 3 for one in kept)


def kept(skill: Callable[[npt.NDArray[np.int64]], float]) -> list[int]:
    """The counts that survive where validation accuracy is `skill(counts)`."""
    labels = np.repeat([0, 1, 2], 60)
    luck = np.random.default_rng(0).random((3, 180))

    def evaluate(plan: Plan, seeds: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        return [probabilities_from(luck[seed][None] < skill(plan.counts), labels, 3)[0] for seed in seeds]

    criterion = Criterion(TestRows(labels, draws=300, generator=np.random.default_rng(1)), [], classes(3))
    plan = Plan(1.0, counts(10, 20, 30), counts(10, 20, 30))
    return drop_useless_classes(plan, evaluate, criterion, [0, 1, 2]).counts.tolist()


def test_only_classes_that_need_synthetic_rows_keep_them() -> None:
    assert kept(lambda now: 0.9 if now[1] else 0.6) == [0, 20, 0]


def test_all_stay_where_all_are_needed() -> None:
    assert kept(lambda now: 0.9 - 0.2 * np.count_nonzero(now == 0)) == [10, 20, 30]


def test_classes_that_stand_in_for_each_other_are_not_both_dropped() -> None:
    assert kept(lambda now: 0.9 if now[0] or now[1] else 0.5) == [10, 20, 30]
    assert kept(lambda now: 0.9) == [10, 20, 30]  # ratio 0 was judged by the search, not here


def helped(kind: type[Criterion], skill: Skill) -> tuple[float, float]:
    """Shares of ratios above 0 and of "helps" over 40 simulated experiments with 20 validation rows a class."""
    skills = {0.0: Skill(), **dict.fromkeys(RATIOS[1:], skill)}
    verdicts = [verdict_of(kind, seed, skills, test=150) for seed in range(40)]
    return np.mean([ratio > 0 for ratio, _ in verdicts]), np.mean([word == "helps" for _, word in verdicts])  # type: ignore[return-value]


def test_the_finer_criterion_misses_fewer_gains_and_invents_none() -> None:
    assert helped(Criterion, Skill(rare=0.4))[1] > helped(CoarseCriterion, Skill(rare=0.4))[1]
    assert helped(Criterion, Skill())[1] <= 0.05


def test_being_less_sure_is_no_gain() -> None:
    chosen, helps = helped(Criterion, Skill(sure=0.7))
    assert helps <= 0.05
    assert chosen < helped(RawLossCriterion, Skill(sure=0.7))[0] - 0.2
