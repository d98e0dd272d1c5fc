"""The time left is the length of the schedule that the known durations give."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.estimate import Durations, Tally
from pipelines.lane import LaneError, LaneResult, StageRun
from pipelines.plan import Lane, Plan

CLASSES = tuple(Lane(f"train_gan+generate@{key}", (f"train_gan@{key}", f"generate@{key}")) for key in "abcd")
JOIN = Lane("curate", ("curate",), tuple(lane.name for lane in CLASSES))
PLAN = Plan((*CLASSES, JOIN), frozenset())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ran(lane: Lane, seconds: float) -> LaneResult:
    return LaneResult(lane.name, tuple(StageRun(stage, "ran", seconds) for stage in lane.stages), seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tally(tmp_path: Path, clock: Clock) -> Tally:
    tally = Tally(Durations(tmp_path), side_by_side=2, clock=clock)
    tally.planned(PLAN)
    return tally


def test_nothing_is_guessed_before_anything_is_known(tally: Tally) -> None:
    assert tally.seconds_left() is None
    assert str(tally) == "0 of 9 stages"


def test_siblings_take_as_long_as_the_first_and_share_the_workers(tally: Tally, clock: Clock) -> None:
    tally.started(CLASSES[0])
    tally.started(CLASSES[1])
    clock.now = 10.0
    tally.succeeded(CLASSES[0], ran(CLASSES[0], 10.0))
    # b ends now; c and d side by side: 10 s; curate, like all that is known: 10 s
    assert tally.seconds_left() == pytest.approx(20.0)
    assert str(tally) == "2 of 9 stages, about 20 s left"


def test_durations_of_an_earlier_run_are_known_from_the_start(tmp_path: Path) -> None:
    first = Durations(tmp_path)
    for lane in CLASSES:
        first.record(ran(lane, 30.0))
    first.record(ran(JOIN, 6.0))
    tally = Tally(Durations(tmp_path), side_by_side=2)
    tally.planned(PLAN)
    assert tally.seconds_left() == pytest.approx(66.0)


def test_time_that_a_lane_has_run_already_counts(tally: Tally, clock: Clock, tmp_path: Path) -> None:
    for lane in PLAN.lanes:
        tally._durations.record(ran(lane, 10.0))
    before = tally.seconds_left()
    tally.started(CLASSES[0])
    tally.started(CLASSES[1])
    clock.now = 4.0
    assert before == pytest.approx(30.0)
    assert tally.seconds_left() == pytest.approx(26.0)


def test_a_stage_knows_best_how_long_it_still_needs_and_its_siblings_will_need_as_long(
    tally: Tally, clock: Clock
) -> None:
    tally._durations.record(ran(JOIN, 1.0))
    tally.started(CLASSES[0])
    tally.started(CLASSES[1])
    clock.now = 10.0
    tally.line(CLASSES[0], "train_gan a: 50%, about 10 s left  discriminator 0.6")
    tally.line(CLASSES[1], "train_gan b: 25%, about 10 s left")
    # a and b need 10 s more, c and d 20 s, the join 1 s
    assert tally.seconds_left() == pytest.approx(31.0)


def test_a_skipped_stage_teaches_nothing(tmp_path: Path) -> None:
    durations = Durations(tmp_path)
    durations.record(LaneResult("curate", (StageRun("curate", "restored", 0.1),), 0.2))
    assert durations.guess("curate", {}) is None


def test_a_failed_lane_is_not_waited_for(tally: Tally) -> None:
    for lane in CLASSES:
        tally.started(lane)
        tally.failed(lane, LaneError(lane.name, None, 1))
    assert tally.stages_done == 8


def test_a_damaged_file_of_durations_is_no_failure(tmp_path: Path) -> None:
    Durations(tmp_path)
    (tmp_path / ".gan_augment/durations.json").write_text("{")
    assert Durations(tmp_path).guess("curate", {}) is None


def test_lanes_that_wait_for_each_other_take_turns_even_where_workers_are_free(tmp_path: Path) -> None:
    chain = (Lane("prepare", ("prepare",)), Lane("pretrain", ("pretrain",), ("prepare",)))
    durations = Durations(tmp_path)
    for lane in chain:
        durations.record(ran(lane, 10.0))
    tally = Tally(durations, side_by_side=4)
    tally.planned(Plan(chain, frozenset()))
    assert tally.seconds_left() == pytest.approx(20.0)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"3", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"curate": "long"}', b'{"curate": -1}'),
        *(b'{"curate": NaN}', b'{"curate": Infinity}', b'{"curate": 1e400}', b'{"curate": [1]}', b'{"curate": null}'),
    ],
)
def test_damaged_durations_are_no_durations(tmp_path: Path, content: bytes) -> None:
    tally = Tally(Durations(tmp_path), side_by_side=2)
    (tmp_path / ".gan_augment/durations.json").write_bytes(content)
    tally = Tally(Durations(tmp_path), side_by_side=2)
    tally.planned(PLAN)
    assert tally.seconds_left() is None
    tally.started(JOIN)
    tally.succeeded(JOIN, ran(JOIN, 3.0))
    assert Durations(tmp_path).guess(JOIN.name, {}) == 3.0
