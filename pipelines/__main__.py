"""Command line of the runner: `python -m pipelines run | plan | announce | notify`."""

from __future__ import annotations

import argparse
import functools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_augment.core.errors import SetupError
from gan_augment.core.last_resort import run_to_its_end

if TYPE_CHECKING:
    from pipelines.plan import Plan

__all__ = ["main"]

_MOST_LANES = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Exit code 0: done; 2: removable by the user; 1: a failure or bug; 130 or 143: interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, _raise_exit)
    return run_to_its_end(lambda: int(options.action(options)), words)


def _raise_exit(number: int, _frame: Any) -> None:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines",
        description="Bring the DVC pipeline up to date with independent stages side by side. "
        "The result is that of `dvc repro`.",
    )
    actions = parser.add_subparsers(required=True, metavar="run | plan | announce | notify")

    run = actions.add_parser("run", help="run what is not up to date")
    run.add_argument("targets", nargs="*", metavar="STAGE", help="only these stages and what they need (default: all)")
    run.add_argument(
        "--executor",
        choices=["prefect", "local", "ray"],
        default="prefect",
        help="prefect: as a Prefect flow, on the configured server or a temporary one; local: no server; "
        "ray: on the cluster of RAY_ADDRESS, or one on this machine",
    )
    run.add_argument(
        "--clones",
        action="store_true",
        help="with ray: nodes share no folder, each has clones of its own (GAN_AUGMENT_CLONES there), and the results "
        "come through the DVC remote",
    )
    run.add_argument(
        "--workers", type=_between(1, _MOST_LANES), metavar="N", help="lanes in parallel (one per GPU or core)"
    )
    run.add_argument("--retries", type=_between(0, 10), default=2, metavar="N", help="more tries after a crash (2)")
    run.set_defaults(action=_run)

    plan = actions.add_parser("plan", help="print the lanes, and which of them have something to do")
    plan.add_argument("targets", nargs="*", metavar="STAGE", help="only these stages and what they need (default: all)")
    plan.set_defaults(action=_plan)

    announce = actions.add_parser("announce", help="tell the Prefect server that this project has new data")
    announce.set_defaults(action=_announce)

    notify = actions.add_parser("notify", help="have the Prefect server call a webhook when a run fails")
    notify.add_argument("url", metavar="URL", help='the webhook; Slack\'s are known, others get {"text": ...} as JSON')
    notify.add_argument("--verdicts", action="store_true", help="also when a run is done, with its verdict")
    notify.set_defaults(action=_notify)

    for action in (run, plan, announce):
        action.add_argument("--root", type=_folder, default=Path(), metavar="DIR", help="the project's folder (here)")
    return parser


def _between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isdecimal() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return number


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return Path(text)


def _plan(options: argparse.Namespace) -> int:
    for lane in _read_plan(options).lanes:
        behind = f"  after {', '.join(lane.after)}" if lane.after else ""
        print(f"{'to run    ' if lane.stale else 'up to date'}  {lane.name}{behind}")
    return 0


def _read_plan(options: argparse.Namespace) -> Plan:
    from pipelines.plan import read_plan

    plan = read_plan(options.root)
    return plan.only_up_to(options.targets) if options.targets else plan


def _announce(options: argparse.Namespace) -> int:
    from pipelines.announce import announce_new_data

    print(f"Announced {announce_new_data(options.root)}")
    return 0


def _notify(options: argparse.Namespace) -> int:
    from pipelines.notify import notify_by_webhook

    print(f"Made the automation {notify_by_webhook(options.url, verdicts=options.verdicts)!r}")
    return 0


def _run(options: argparse.Namespace) -> int:
    from pipelines.drive import RunError

    try:
        (_run_as_flow if options.executor == "prefect" else _run_without_server)(options)
    except RunError as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    from pipelines.summary import verdict_sentence

    print(verdict_sentence(options.root))
    return 0


def _publish(root: Path, plan: Plan) -> None:
    from pipelines.publish import publish_shards, wants_to_publish

    if wants_to_publish(root, plan):
        print(publish_shards(root))


def _run_without_server(options: argparse.Namespace) -> None:
    from pipelines.display import display
    from pipelines.drive import drive
    from pipelines.estimate import Durations, Tally
    from pipelines.machine import lanes_side_by_side
    from pipelines.retry import RetryPolicy
    from pipelines.scratch import LaneLogs

    plan, workers = _read_plan(options), options.workers or _all_nodes(options) or lanes_side_by_side()
    logs = LaneLogs(options.root)
    with display(Tally(Durations(options.root), side_by_side=workers)) as watch:

        def log(lane: Any, line: str) -> None:
            watch.line(lane, line)
            logs.line(lane.name, line)

        for lane in plan.stale:
            logs.begin(lane.name)
        policy = RetryPolicy(options.retries)
        with _executor(options)(options.root, side_by_side=workers, policy=policy, log=log) as executor:
            drive(plan, executor, watch, side_by_side=workers)
    _publish(options.root, plan)


def _all_nodes(options: argparse.Namespace) -> int | None:
    # Ray schedules by its cluster's resources, and keeps the other lanes waiting.
    return _MOST_LANES if options.executor == "ray" and os.environ.get("RAY_ADDRESS") else None


def _executor(options: argparse.Namespace) -> Any:
    if options.executor == "ray":
        from pipelines.on_ray import ray_executor

        return functools.partial(ray_executor, clones=options.clones)
    from pipelines.local import local_executor

    return local_executor


def _run_as_flow(options: argparse.Namespace) -> None:
    from pipelines.embedded import check_server, prepare_environment

    plan = _read_plan(options)  # a mistake in the project is reported now, not after a server has started
    check_server()
    prepare_environment(options.root)
    try:
        from pipelines.flow import augment, hand_over
    except ImportError as error:
        raise SetupError(
            "Prefect cannot be imported",
            got=str(error),
            remedy="`pip install --force-reinstall prefect`, or run without it: `--executor local`",
        ) from None
    hand_over(options.root, plan)
    state = augment(
        root=options.root.resolve(),
        workers=options.workers,
        retries=options.retries,
        targets=options.targets,
        return_state=True,
    )
    state.result()  # raises the error that stopped the flow


if __name__ == "__main__":
    sys.exit(main())
