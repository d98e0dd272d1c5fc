"""The scheduler, with an executor in memory: order, limit, failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.drive import Run, RunError, drive
from pipelines.lane import LaneError, LaneResult
from pipelines.plan import Lane, Plan


class Recorder:
    """An executor that finishes lanes in the order that `choose` says, and a watcher that notes what it is told."""

    def __init__(self, exit_codes: dict[str, int], last_first: bool = False) -> None:
        self._exit_codes, self._last_first = exit_codes, last_first
        self.running: list[Lane] = []
        self.most_at_once = 0
        self.events: list[tuple[str, str]] = []

    def submit(self, lane: Lane) -> None:
        self.running.append(lane)
        self.most_at_once = max(self.most_at_once, len(self.running))

    def finished(self) -> Iterator[tuple[Lane, LaneResult | LaneError]]:
        lane = self.running.pop(-1 if self._last_first else 0)
        code = self._exit_codes.get(lane.name, 0)
        yield lane, LaneError(lane.name, lane.stages[0], code) if code else LaneResult(lane.name, (), 0.0)

    def planned(self, plan: Plan) -> None: ...

    def started(self, lane: Lane) -> None:
        self.events.append(("started", lane.name))

    def succeeded(self, lane: Lane, result: LaneResult) -> None:
        self.events.append(("succeeded", lane.name))

    def failed(self, lane: Lane, error: LaneError) -> None:
        self.events.append(("failed", lane.name))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    lanes: list[Lane] = []
    for index in range(draw(st.integers(0, 12))):
        before = draw(st.sets(st.sampled_from([lane.name for lane in lanes]), max_size=3)) if lanes else set()
        follows_stale = any(lane.stale for lane in lanes if lane.name in before)
        lanes.append(Lane(f"l{index}", (f"l{index}",), tuple(sorted(before)), follows_stale or draw(st.booleans())))
    return Plan(tuple(lanes), frozenset())


def settle(plan: Plan, recorder: Recorder, side_by_side: int) -> Run:
    try:
        return drive(plan, recorder, recorder, side_by_side=side_by_side)
    except RunError as failure:
        return failure.run


@given(plans(), st.integers(1, 4), st.booleans(), st.data())
def test_every_lane_ends_in_one_place_and_waits_for_those_before_it(
    plan: Plan, side_by_side: int, last_first: bool, data: st.DataObject
) -> None:
    names = [lane.name for lane in plan.lanes]
    bad = data.draw(st.sets(st.sampled_from(names))) if names else set()
    recorder = Recorder(dict.fromkeys(bad, 1), last_first)
    run = settle(plan, recorder, side_by_side)

    places = [lane.name for lane in run.up_to_date + run.blocked] + list(run.results) + list(run.failures)
    assert sorted(places) == sorted(names)
    assert recorder.most_at_once <= side_by_side
    for lane in plan.stale:
        if ("started", lane.name) in recorder.events:
            begun = recorder.events.index(("started", lane.name))
            stale_before = [name for name in lane.after if name not in {done.name for done in run.up_to_date}]
            assert all(("succeeded", name) in recorder.events[:begun] for name in stale_before)
        else:
            lost = {blocked.name for blocked in run.blocked} | run.failures.keys()
            assert lost.intersection(lane.after)


DIAMOND = Plan(
    (
        Lane("prepare", ("prepare",)),
        Lane("cat", ("train_gan@cat", "generate@cat"), ("prepare",)),
        Lane("dog", ("train_gan@dog", "generate@dog"), ("prepare",)),
        Lane("curate", ("curate",), ("cat", "dog")),
        Lane("mix", ("mix",), ("curate",)),
    ),
    frozenset(),
)


def test_a_failed_class_keeps_its_sibling_and_blocks_what_follows() -> None:
    recorder = Recorder({"cat": 1})
    with pytest.raises(RunError) as caught:
        drive(DIAMOND, recorder, recorder, side_by_side=2)
    run = caught.value.run
    assert list(run.results) == ["prepare", "dog"]
    assert [lane.name for lane in run.blocked] == ["curate", "mix"]
    assert "train_gan@cat failed with exit code 1" in str(caught.value)
    assert "curate, mix" in str(caught.value)


def test_as_many_lanes_run_side_by_side_as_allowed() -> None:
    lanes = tuple(Lane(str(index), (str(index),)) for index in range(6))
    recorder = Recorder({})
    drive(Plan(lanes, frozenset()), recorder, recorder, side_by_side=4)
    assert recorder.most_at_once == 4


@pytest.mark.parametrize(("codes", "expected"), [({"cat": 2}, 2), ({"cat": 2, "dog": 1}, 1), ({"cat": -9}, 1)])
def test_the_exit_code_says_whether_it_is_the_users_to_mend(codes: dict[str, int], expected: int) -> None:
    recorder = Recorder(codes)
    with pytest.raises(RunError) as caught:
        drive(DIAMOND, recorder, recorder, side_by_side=2)
    assert caught.value.exit_code == expected
