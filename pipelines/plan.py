"""Plan of a run: DVC's graph as lanes, which are groups of consecutive stages that run in parallel with other lanes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gan_augment.core.errors import MissingInputError, ParamsError, SetupError

__all__ = ["Lane", "Plan", "group_stages", "lanes_of", "read_plan"]

Edges = Mapping[str, frozenset[str]]  # stage -> the stages it waits for


@dataclass(frozen=True)
class Lane:
    """Stages that a process runs in this order, as soon as every lane in `after` is done."""

    name: str
    stages: tuple[str, ...]
    after: tuple[str, ...] = ()
    stale: bool = True  # False: DVC found no change, in it or before it
    inputs: tuple[str, ...] = ()  # stages of other lanes whose outputs it reads
    portable: bool = True  # whether all its inputs and outputs are in DVC's cache, so that another machine can make it


@dataclass(frozen=True)
class Plan:
    """Lanes, each after the lanes that it waits for, and DVC's own edges between stages."""

    lanes: tuple[Lane, ...]
    stage_edges: frozenset[tuple[str, str]]  # (before, after), exactly DVC's

    @property
    def stale(self) -> tuple[Lane, ...]:
        """Lanes that have something to do."""
        return tuple(lane for lane in self.lanes if lane.stale)

    def only_up_to(self, targets: Iterable[str]) -> Plan:
        """Part of the plan that the target stages need, as in `dvc repro TARGET`.

        A target is a stage's address; `train_gan` stands for all of `train_gan@...`. Raises ParamsError.
        """
        wanted = {lane.name for target in targets for lane in self._lanes_with(target)}
        for lane in reversed(self.lanes):
            wanted |= set(lane.after) if lane.name in wanted else set()
        return replace(self, lanes=tuple(lane for lane in self.lanes if lane.name in wanted))

    def _lanes_with(self, target: str) -> list[Lane]:
        found = [lane for lane in self.lanes if any(target in (s, s.rpartition("@")[0]) for s in lane.stages)]
        if not found:
            stages = sorted(stage for lane in self.lanes for stage in lane.stages)
            raise ParamsError("There is no such stage", got=repr(target), expected=f"one of {', '.join(stages)}")
        return found


def read_plan(root: Path) -> Plan:
    """Plan from DVC's graph and its changed stages, read in this process (about 0.6 s for a dozen stages).

    Raises
    ------
    SetupError
        `root` is not in a DVC repository.
    MissingInputError
        There is no dvc.yaml with stages.
    ParamsError
        DVC cannot read dvc.yaml, or a value in params.yaml that dvc.yaml refers to.
    """
    order, waits_for, changed, portable = _ask_dvc(root)
    if not order:
        raise MissingInputError(
            "There is no pipeline here",
            where=root / "dvc.yaml",
            remedy="run `gan-augment init PATH_TO_YOUR_DATA` here, or change to the project's folder",
        )
    lanes = lanes_of(order, waits_for, changed, portable)
    return Plan(lanes, frozenset((before, stage) for stage in order for before in waits_for[stage]))


def _ask_dvc(root: Path) -> tuple[list[str], dict[str, frozenset[str]], set[str], set[str]]:
    """Stages in an order that respects the graph, stage -> stages it waits for, changed stages, portable stages."""
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    import networkx
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        # Waits for the lock, because a lane of another run may hold it for the second of its commit.
        with Repo(str(root), _wait_for_lock=True) as repo:
            graph = repo.index.graph  # an edge points from a stage to the stage that it waits for
            stages = networkx.lexicographical_topological_sort(graph.reverse(), key=_place_in(repo.index.stages))
            address = {stage: _address(stage, root) for stage in graph}
            waits_for = {address[stage]: frozenset(address[u] for u in graph.successors(stage)) for stage in graph}
            changed = set(repo.status())
            return (
                [address[stage] for stage in stages],
                waits_for,
                {address[stage] for stage in graph if stage.addressing in changed},
                {address[stage] for stage in _portable(graph)},
            )
    except NotDvcRepoError:
        raise SetupError(
            "This folder is not under DVC",
            where=root.absolute(),
            remedy="run `git init && dvc init` (or `dvc init --no-scm` without git) in the project's folder",
        ) from None
    except LockError as error:
        raise SetupError(
            "Another DVC command works in this project",
            where=root.absolute(),
            got=_causes(error),
            remedy="wait for it; if none runs, `gan-augment doctor` names the lock that was left behind",
        ) from None
    except DvcException as error:
        raise ParamsError(
            "DVC cannot read the pipeline", where=root / "dvc.yaml", got=_causes(error), remedy="correct the file above"
        ) from None


def _portable(stages: Iterable[Any]) -> list[Any]:
    """Stages without inputs or outputs that only Git keeps, such as metrics."""
    stages = list(stages)
    uncached = {out.fs_path for stage in stages for out in stage.outs if not out.use_cache}
    return [s for s in stages if uncached.isdisjoint(out.fs_path for out in [*s.outs, *s.deps])]


def _address(stage: Any, root: Path) -> str:
    # DVC's own `addressing` is relative to this process's folder; `dvc repro` will run in `root`.
    file = os.path.relpath(stage.path, root)
    name = getattr(stage, "name", None)
    if name is None:
        return file
    return name if file == "dvc.yaml" else f"{file}:{name}"


def _place_in(stages: Iterable[Any]) -> Any:
    # Among stages that may run, the order of dvc.yaml and params.yaml: the plan reads like the files.
    place = {stage: index for index, stage in enumerate(stages)}
    return place.__getitem__


def _causes(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(str(error).strip())
        error = error.__cause__
    return ": ".join(dict.fromkeys(text for text in texts if text))


def lanes_of(
    order: Iterable[str], waits_for: Edges, changed: Iterable[str], portable: Iterable[str] | None = None
) -> tuple[Lane, ...]:
    """Lanes in an order that respects the graph; stale where a stage, or an earlier one, has changed.

    `portable`: the stages all of whose outputs are cached; None: all stages.
    """
    order = list(order)
    cached = set(order if portable is None else portable)
    groups = group_stages(order, waits_for)
    lane_of = {stage: _lane_name(group) for group in groups for stage in group}
    changed, stale = set(changed), set[str]()
    for stage in order:
        if stage in changed or waits_for[stage] & stale:
            stale.add(stage)
    return tuple(
        Lane(
            name=_lane_name(group),
            stages=tuple(group),
            after=tuple(sorted({lane_of[u] for stage in group for u in waits_for[stage]} - {_lane_name(group)})),
            stale=any(stage in stale for stage in group),
            inputs=tuple(sorted({u for stage in group for u in waits_for[stage]} - set(group))),
            portable=cached.issuperset(group),
        )
        for group in groups
    )


def group_stages(order: Iterable[str], waits_for: Edges) -> list[list[str]]:
    """Append a stage to the stage with the same `@key` that it waits for, when it waits for no other stage.

    `generate@cat` joins `train_gan@cat`: one start of DVC instead of two. "No other stage" means none that the lane
    itself does not wait for already. So the joined stage starts as early as before, and no two lanes can wait for each
    other, whatever the graph.
    """
    groups: list[list[str]] = []
    group_of: dict[str, list[str]] = {}
    before: dict[str, frozenset[str]] = {}  # all ancestors
    for stage in order:
        before[stage] = waits_for[stage].union(*(before[u] for u in waits_for[stage]))
        hosts = [u for u in sorted(waits_for[stage]) if _same_key(u, stage) and group_of[u][-1] == u]
        host = next((u for u in hosts if before[stage] - {u} <= before[u]), None)
        if host is None:
            groups.append([stage])
            group_of[stage] = groups[-1]
        else:
            group_of[stage] = group_of[host]
            group_of[host].append(stage)
    return groups


def _same_key(one: str, other: str) -> bool:
    return "@" in one and "@" in other and one.rpartition("@")[2] == other.rpartition("@")[2]


def _lane_name(stages: list[str]) -> str:
    """Name such as `train_gan+generate@cat`, or the stage's own address."""
    if len(stages) == 1:
        return stages[0]
    return "+".join(stage.rpartition("@")[0] for stage in stages) + "@" + stages[0].rpartition("@")[2]
