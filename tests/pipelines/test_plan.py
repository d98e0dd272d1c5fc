"""Lanes hold exactly DVC's edges, and no two of them wait for each other."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.errors import MissingInputError, ParamsError, SetupError
from pipelines.plan import Lane, Plan, group_stages, lanes_of, read_plan
from tests.pipelines.fake_project import ARMS, CLASSES, run

CLASS_LANE = ("prepare", "pretrain", "train_gan@cat", "generate@cat", "curate")
EDGES = {
    "prepare": frozenset[str](),
    "pretrain": frozenset({"prepare"}),
    "train_gan@cat": frozenset({"prepare", "pretrain"}),
    "generate@cat": frozenset({"prepare", "train_gan@cat"}),
    "curate": frozenset({"generate@cat"}),
}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], dict[str, frozenset[str]]]:
    """A random graph, its stages in an order that respects it; few keys, so that lanes of several stages arise."""
    stages: list[str] = []
    waits_for: dict[str, frozenset[str]] = {}
    for index in range(draw(st.integers(0, 12))):
        key = draw(st.sampled_from(["", "@a", "@b"]))
        before = draw(st.frozensets(st.sampled_from(stages), max_size=3)) if stages else frozenset()
        stages.append(f"s{index}{key}")
        waits_for[stages[-1]] = before
    return stages, waits_for


@given(graphs())
def test_every_stage_is_in_one_lane_and_no_edge_is_lost(graph: tuple[list[str], dict[str, frozenset[str]]]) -> None:
    order, waits_for = graph
    lanes = lanes_of(order, waits_for, [])
    assert sorted(stage for lane in lanes for stage in lane.stages) == sorted(order)
    lane_of = {stage: lane for lane in lanes for stage in lane.stages}
    for stage, before in waits_for.items():
        for earlier in before:
            home, other = lane_of[stage], lane_of[earlier]
            if home is other:
                assert home.stages.index(earlier) < home.stages.index(stage)
            else:
                assert other.name in home.after
    drawn = {(lane_of[u].name, lane_of[s].name) for s in order for u in waits_for[s] if lane_of[u] is not lane_of[s]}
    assert {(before, lane.name) for lane in lanes for before in lane.after} == drawn  # and none is invented


@given(graphs())
def test_lanes_come_behind_the_lanes_they_wait_for(graph: tuple[list[str], dict[str, frozenset[str]]]) -> None:
    seen: set[str] = set()
    for lane in lanes_of(*graph, []):
        assert seen.issuperset(lane.after)
        seen.add(lane.name)


@given(graphs())
def test_a_joined_stage_starts_no_later_than_it_could(graph: tuple[list[str], dict[str, frozenset[str]]]) -> None:
    order, waits_for = graph
    for group in group_stages(order, waits_for):
        for earlier, stage in itertools.pairwise(group):
            others = ancestors(stage, waits_for) - {earlier}
            assert others <= ancestors(earlier, waits_for)


def ancestors(stage: str, waits_for: dict[str, frozenset[str]]) -> set[str]:
    return set().union(*({u} | ancestors(u, waits_for) for u in waits_for[stage]))


def test_a_class_trains_and_generates_in_one_lane() -> None:
    assert group_stages(CLASS_LANE, EDGES) == [["prepare"], ["pretrain"], ["train_gan@cat", "generate@cat"], ["curate"]]


def test_a_join_between_stages_of_a_class_keeps_them_apart() -> None:
    edges = {**EDGES, "audit@cat": frozenset({"curate"})}
    assert ["audit@cat"] in group_stages([*CLASS_LANE, "audit@cat"], edges)
    between = {"a@x": frozenset[str](), "j": frozenset({"a@x"}), "b@x": frozenset({"a@x", "j"})}
    assert group_stages(["a@x", "j", "b@x"], between) == [["a@x"], ["j"], ["b@x"]]


def test_what_follows_a_changed_stage_is_stale_and_nothing_else() -> None:
    lanes = {lane.name: lane.stale for lane in lanes_of(CLASS_LANE, EDGES, ["generate@cat"])}
    assert lanes == {"prepare": False, "pretrain": False, "train_gan+generate@cat": True, "curate": True}


def test_a_target_brings_what_it_needs() -> None:
    plan = Plan(lanes_of(CLASS_LANE, EDGES, CLASS_LANE), frozenset())
    assert [lane.name for lane in plan.only_up_to(["generate"]).lanes] == [
        "prepare",
        "pretrain",
        "train_gan+generate@cat",
    ]
    with pytest.raises(ParamsError, match="no such stage"):
        plan.only_up_to(["train_gan@dgo"])


def test_edges_are_those_that_dvc_draws(project: Path) -> None:
    drawn = re.findall(r'^"(.+)" -> "(.+)";$', run(project, "dvc", "dag", "--dot").stdout, re.MULTILINE)
    plan = read_plan(project)
    assert set(drawn) == plan.stage_edges
    assert len(drawn) > 30
    assert set(lane_edges(plan.lanes)) == {tuple(map(lane_names(plan.lanes).__getitem__, edge)) for edge in drawn} - {
        (lane.name, lane.name) for lane in plan.lanes
    }


def lane_edges(lanes: tuple[Lane, ...]) -> list[tuple[str, str]]:
    return [(before, lane.name) for lane in lanes for before in lane.after]


def lane_names(lanes: tuple[Lane, ...]) -> dict[str, str]:
    return {stage: lane.name for lane in lanes for stage in lane.stages}


def test_the_plan_has_a_lane_a_class_and_a_lane_an_arm(project: Path) -> None:
    names = {lane.name for lane in read_plan(project).lanes}
    assert {f"train_gan+generate@{key}" for key in CLASSES} | {f"retrain@{arm}" for arm in ARMS} <= names


def test_a_finished_project_has_nothing_to_do_and_a_changed_section_little(finished: Path) -> None:
    assert read_plan(finished).stale == ()
    params = finished / "params.yaml"
    params.write_text(params.read_text().replace("generate: 1", "generate: 2"))
    stale = {stage for lane in read_plan(finished).stale for stage in lane.stages}
    assert {"generate@cat", "curate", "measure"} <= stale
    assert not {"prepare", "pretrain"} & stale


def test_outside_dvc_and_without_stages_the_remedy_is_named(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="dvc init"):
        read_plan(tmp_path)
    (project / "dvc.yaml").unlink()
    with pytest.raises(MissingInputError, match="gan-augment init"):
        read_plan(project)


def test_a_project_that_another_command_holds_is_not_called_broken(finished: Path) -> None:
    out = finished / "models/train_gan"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        holder = {"pid": other.pid, "cmd": "dvc repro"}
        (finished / ".dvc/tmp/rwlock").write_text(json.dumps({"read": {}, "write": {str(out): holder}}))
        with pytest.raises(SetupError, match="Another DVC command") as told:
            read_plan(finished)
        other.communicate(b"\n")
    assert str(other.pid) in str(told.value)
    assert "doctor" in str(told.value)
    assert read_plan(finished).stale == ()


def test_a_broken_dvc_yaml_is_the_users_to_correct(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages:\n  prepare:\n    cdm: true\n")
    with pytest.raises(ParamsError, match=r"dvc\.yaml"):
        read_plan(project)


def test_what_only_git_keeps_does_not_travel(project: Path) -> None:
    """`report` and `export` write cached files, but read metrics that are not."""
    portable = {stage for lane in read_plan(project).lanes if lane.portable for stage in lane.stages}
    fans = {stage for lane in read_plan(project).lanes for stage in lane.stages if "@" in stage}
    assert portable == fans | {"pretrain", "cross_fit", "rivals", "learning_curve"}


def test_a_lane_knows_whose_outputs_it_reads(project: Path) -> None:
    (lane,) = [lane for lane in read_plan(project).lanes if "generate@cat" in lane.stages]
    assert lane.inputs == ("prepare", "pretrain")
