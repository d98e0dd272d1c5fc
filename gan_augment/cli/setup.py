"""Commands `init`, `params check` and `verify`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.masking import mask, mask_texts
from gan_augment.core.verbosity import remark
from gan_augment.params import load_params

if TYPE_CHECKING:
    from gan_augment.cli.costs import Cost
    from gan_augment.setup.findings import Findings

__all__ = ["check_params", "initialise", "publish_shards", "show_schema", "show_summary", "verify_export"]


def initialise(
    path: Path | None,
    demo: str | None,
    target: str | None,
    image_column: str | None,
    settings: list[str],
    root: Path,
    *,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Inspect the data, print the findings, and (unless `dry_run`) write the project's files."""
    from gan_augment.setup.initialise import existing_files, refuse_errors, write_project
    from gan_augment.setup.inspect import inspect_demo, inspect_path
    from gan_augment.setup.render import render_findings
    from gan_augment.setup.settings import parse_settings

    if (path is None) == (demo is None):
        raise ParamsError(
            "Name the data to use", expected="a PATH, or --demo NAME", remedy="gan-augment init PATH_TO_YOUR_DATA"
        )
    if demo is not None and (target or image_column):
        raise ParamsError("An embedded data set has its classes already", got="--target or --image-column with --demo")
    chosen = parse_settings(settings)
    if demo is not None:
        findings = inspect_demo(demo, settings=chosen)
    else:
        assert path is not None
        findings = inspect_path(path, target=target, image_column=image_column, settings=chosen)
    if as_json:
        print(json.dumps(findings.to_json(), indent=2, ensure_ascii=False), flush=True)
    else:
        remark(render_findings(findings, errors=False) + ("\n" if findings.errors else ""))
    refuse_errors(findings)
    if dry_run:
        return
    in_the_way = existing_files(root)
    if in_the_way and not force and not _agreed(in_the_way):
        raise DataError(
            "The project's files exist already",
            where=", ".join(file.name for file in in_the_way),
            remedy="run again with --force to replace them (the old ones are kept as .bak), or with -C ANOTHER_FOLDER",
        )
    written = write_project(root, findings, force=True)
    if not as_json:
        remark("\nwrote " + ", ".join(str(file) for file in written) if written else "\nall files are here already")
        remark(_served(findings))
        remark("next:  dvc repro        (or: python -m pipelines run)")


def _served(findings: Findings) -> str:
    """Lines on the methods that this data can serve, and on the needs of others."""
    from gan_augment.setup.serving import learners_from_pool, served_methods

    ready, others = served_methods(findings.spec)
    lines = [f"methods that this data can serve: {', '.join(ready)}"]
    if findings.pool is not None:
        lines.append(
            f"  the pool is learnt from by {', '.join(learners_from_pool(ready))} (synthesis.method in params.yaml)"
        )
    return "\n".join([*lines, *(f"  {name} {needs}" for name, needs in others.items())])


def _agreed(files: list[Path]) -> bool:
    if not sys.stdin.isatty():
        return False
    names = ", ".join(file.name for file in files)
    try:
        answer = input(f"replace {names} (the old ones are kept as .bak)? [y/N] ")
    except EOFError:  # Ctrl-D
        return False
    return answer.strip().lower() in ("y", "yes")


def check_params(root: Path, *, as_json: bool) -> None:
    """Check params.yaml by itself and against the data, and against dataset.json where `prepare` has run."""
    from gan_augment.setup.check import check_project

    checked = check_project(root, read_data=True)
    checked.refuse()
    classes, method, modality = list(checked.params.classes), checked.params.synthesis.method, checked.modality
    if as_json:
        print(json.dumps({"classes": classes, "method": method, "modality": modality}))
    else:
        print(f"params.yaml is right: {len(classes)} classes, method {method}, {modality}s")
        if not checked.whole:
            print("whether the method's settings fit the size of the images is checked once `prepare` has run")


def show_schema(root: Path, *, write: bool) -> None:
    """Print the schema, or write it for editors."""
    from gan_augment.setup.schema import params_schema, write_schema

    if write:
        print(f"wrote {write_schema(root)}")
    else:
        print(json.dumps(params_schema(), indent=2, ensure_ascii=False))


def show_summary(root: Path, price_per_hour: float | None, *, as_json: bool) -> None:
    """Print the results of `measure` and the stages' costs. Raises MissingInputError where `measure` has not run."""
    from rich.console import Console

    from gan_augment.cli.costs import costs_json, render_costs
    from gan_augment.gain.table import render
    from gan_augment.project.layout import Layout, read_measured

    layout = Layout(root)
    load_params(root / "params.yaml")  # outside of a project `dvc repro` would not be a remedy
    measured = mask_texts(read_measured(layout))
    costs = _costs(root)
    if as_json:
        print(json.dumps(measured | {"costs": costs_json(costs, price_per_hour)}, indent=2, ensure_ascii=False))
        return
    paths = {"report": layout.report, "shards": layout.export, "figures": layout.measure_report}
    width = None if sys.stdout.isatty() else 120
    console = Console(width=width)
    console.print(render(measured, {name: mask(str(path)) for name, path in paths.items() if path.exists()}))
    if costs:
        console.print(render_costs(costs, price_per_hour))
    elif price_per_hour is not None:
        console.print("No costs: no stage has run here yet; what DVC fetched was made elsewhere.")


def _costs(root: Path) -> list[Cost]:
    """Costs in the pipeline's order, without classes and arms that params.yaml no longer has."""
    from gan_augment.cli.costs import read_costs
    from gan_augment.cli.stages import STAGES

    params = load_params(root / "params.yaml")
    known: dict[str, list[str]] = {"class": list(params.classes), "arm": list(params.retrain.arms)}
    names = [
        name
        for stage in STAGES.values()
        for name in ([f"{stage.name}@{key}" for key in known[stage.fan_out]] if stage.fan_out else [stage.name])
    ]
    costs = read_costs(root)
    return [costs[name] for name in names if name in costs]


def verify_export(path: Path, *, as_json: bool) -> bool:
    """Print the number of intact files. With `as_json`, return whether all are intact; otherwise raise DataError."""
    from gan_augment.sharding import examine, verify

    if as_json:
        found = examine(path)
        print(json.dumps({"files": found.files, "bytes": found.bytes, "problems": found.problems}, ensure_ascii=False))
        return found.ok
    print(f"{path}: {verify(path)} files are as they were written")
    return True


def publish_shards(root: Path, *, as_json: bool) -> None:
    """Apply the policy of `publish`, and print the outcome. Raises what `gan_augment.sharding.publish` raises."""
    from gan_augment.project.layout import Project, read_measured
    from gan_augment.project.locks import stage_locks
    from gan_augment.sharding.publish import publish

    project = Project.open(root)
    config = project.params.publish
    if config.to is None:
        raise ParamsError(
            "There is nowhere to publish to",
            where="publish.to in params.yaml",
            remedy="name a folder: publish: {to: ../published}",
        )
    with stage_locks(root, project.params, "publish"):
        done = publish(project.layout.export, read_measured(project.layout), root / config.to, config)
    print(json.dumps(done.model_dump(mode="json"), indent=2, ensure_ascii=False) if as_json else done.sentence)
