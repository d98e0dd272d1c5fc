"""The commands and their help. `gan-augment STAGE` runs one DVC stage; the others inspect, check and set up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gan_augment import __version__
from gan_augment.cli.stages import STAGES, StageCommand, print_config, run_stage
from gan_augment.cli.verbosity import with_verbosity

__all__ = ["app"]

app = typer.Typer(
    name="gan-augment",
    help="Synthetic samples for small or unbalanced labelled data, kept only where they measurably help.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
methods_app = typer.Typer(help="What each synthesis method makes, and its settings.", no_args_is_help=True)
params_app = typer.Typer(help="Check params.yaml, and get its schema.", no_args_is_help=True)
app.add_typer(methods_app, name="methods")
app.add_typer(params_app, name="params")

Root = Annotated[Path, typer.Option("--root", "-C", help="The project's folder, the one with params.yaml.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the resolved settings and do nothing.")]
ClassKey = Annotated[str, typer.Argument(metavar="CLASS", help="The class's key in params.yaml.")]
ArmName = Annotated[str, typer.Argument(metavar="ARM", help="The arm's name in retrain.arms.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command(short_help="Look at your data and write the project's files.")
@with_verbosity
def init(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of images (class = folder), or a CSV or Parquet file.")
    ] = None,
    demo: Annotated[
        str | None,
        typer.Option(
            help="Use an embedded data set: digits, breast_cancer, penguins, colour_digits, characters, "
            "two_domains, stickers, plates or moving_digits."
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column with the class (tables and image lists).")] = None,
    image_column: Annotated[str | None, typer.Option(help="The column with image paths (image lists).")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Start from a setting, such as prepare.corrupt=skip."),
    ] = None,
    root: Root = Path(),
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace params.yaml, dvc.yaml and prefect.yaml; the old ones are kept as .bak."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look at the data and print the findings, no more.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at your data, print the findings, and write params.yaml, dvc.yaml and prefect.yaml."""
    from gan_augment.cli.setup import initialise

    initialise(path, demo, target, image_column, settings or [], root, force=force, dry_run=dry_run, as_json=as_json)


@app.command(short_help="Show what is missing or broken here, and the remedy.")
def doctor(root: Root = Path(), as_json: Json = False) -> None:
    """Check versions, device, memory, disk, DVC and Prefect, and print a remedy for each problem."""
    from gan_augment.cli.doctor import examine, render

    problems = examine(root)
    render(problems, as_json=as_json)
    if any(problem.blocking for problem in problems):
        raise typer.Exit(2)


@app.command(short_help="Show the last verdict again.")
def summary(
    root: Root = Path(),
    price_per_hour: Annotated[
        float | None,
        typer.Option(
            "--price-per-hour", metavar="PRICE", min=0, help="Price of a GPU or machine: show what each stage cost."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the last verdict again: arms, sentence, paths of report and shards, and the time and cost of each stage."""
    from gan_augment.cli.setup import show_summary

    show_summary(root, price_per_hour, as_json=as_json)


@app.command(short_help="Check an export against its checksums.")
def verify(
    path: Annotated[Path, typer.Argument(help="A folder that `export` wrote.")] = Path("export"), as_json: Json = False
) -> None:
    """Check the shards of an export against their recorded checksums."""
    from gan_augment.cli.setup import verify_export

    if not verify_export(path, as_json=as_json):
        raise typer.Exit(2)


@app.command(short_help="Publish the shards, if the verdict allows it.")
def publish(root: Root = Path(), as_json: Json = False) -> None:
    """Publish the exported shards where the verdict passes `publish` in params.yaml; otherwise keep current ones."""
    from gan_augment.cli.setup import publish_shards

    publish_shards(root, as_json=as_json)


@app.command(short_help="Look at the data before training.")
def preview(
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the page; .gan_augment/preview.html by default.")
    ] = None,
    root: Root = Path(),
    as_json: Json = False,
) -> None:
    """Write a page to look at before training: real data by class, the audit's findings, the classical augmentation."""
    from gan_augment.cli.preview import show_preview

    show_preview(root, html, as_json=as_json)


@app.command(short_help="Draw a sheet of images from the trained model.")
def draw(
    captions: Annotated[
        list[str] | None,
        typer.Option("--caption", metavar="TEXT", help="What to draw, in your own words; may be repeated."),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="KEY", help="A class to draw; one with captions: the class they belong to."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100, help="Images in each row.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other images.")] = 0,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it as PNG; .gan_augment/draw.png by default.")
    ] = None,
    root: Root = Path(),
    as_json: Json = False,
) -> None:
    """Draw a sheet of images from the trained model: a row a caption, or a row a class. After `pretrain`.

    Captions need a method that reads them, such as text_to_image. Nothing else is kept, and no stage looks at it.
    """
    from gan_augment.cli.draw import draw_sheet

    draw_sheet(root, captions or [], keys or [], output, count=count, seed=seed, as_json=as_json)


@app.command(short_help="Show the running trainings on a page.")
def watch(
    every: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="How often the page is written and loaded.")] = 5,
    once: Annotated[bool, typer.Option("--once", help="Write the page once, and return.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it; .gan_augment/live/index.html by default."),
    ] = None,
    root: Root = Path(),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the current state of the trainings as JSON, and return.")
    ] = False,
) -> None:
    """Show the running trainings on a page: speed, time left, curves, samples. The command ends when they end."""
    from gan_augment.cli.watch import print_trainings, watch_trainings

    if as_json:
        print_trainings(root)
        return
    watch_trainings(root, html, every=every, once=once)


@app.command(short_help="Show several finished runs side by side.")
def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="Folders of projects, or revisions and DVC experiments.")
    ],
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comparison as a page too.")] = None,
    root: Root = Path(),
    as_json: Json = False,
) -> None:
    """Show several finished runs side by side, best gain first, with paired differences to the first."""
    from gan_augment.cli.compare import run_comparison

    run_comparison(runs, root, html, as_json=as_json)


@app.command(short_help="Test the verdict with synthesizers of known effect.")
@with_verbosity
def calibrate(
    root: Root = Path(),
    demo: Annotated[
        str | None, typer.Option(help="Calibrate on an embedded data set: digits or breast_cancer.")
    ] = None,
    control: Annotated[str | None, typer.Option(help="Only null, near_null, prior, oracle or harmful.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Fresh splits for each control.")] = 200,
    jobs: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    as_json: Json = False,
) -> None:
    """Test the verdict: synthesizers of known effect through mix, retrain and measure, and the share of right ones."""
    from gan_augment.cli.calibrate import run_calibration

    run_calibration(root, demo, control, runs=runs, jobs=jobs, as_json=as_json)


@app.command(short_help="Train the synthesizer again with other seeds.")
@with_verbosity
def replicate(
    runs: Annotated[int, typer.Option(min=2, help="Trainings in total, including this project's own.")] = 3,
    root: Root = Path(),
    as_json: Json = False,
) -> None:
    """Train the synthesizer again with other seeds, for an interval that covers training. Each run takes a pipeline."""
    from gan_augment.cli.calibrate import run_replicates

    run_replicates(root, runs=runs, as_json=as_json)


@app.command(short_help="Decide whether synthetic rows help on a table.")
@with_verbosity
def choose(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or Parquet file of train rows.")],
    target: Annotated[str, typer.Option(help="The column with the class.")],
    metric: Annotated[str, typer.Option(help="What to improve.")] = "balanced_accuracy",
    classifier: Annotated[
        str, typer.Option(help="logistic_regression, random_forest or hist_gradient_boosting.")
    ] = "random_forest",
    methods: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Methods to try; by default every table method.")
    ] = "",
    drop: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out; may be repeated.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(metavar="SIGN", help="The decimal sign in a CSV, '.' or ','; detected by default.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="The encoding of a CSV, such as cp1252; detected by default.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the table with the rows, if they help.")
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(min=1, help="Cross-validations; by default 2, and 4 for few methods where 2 do not decide."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds.")] = 0,
    as_json: Json = False,
) -> None:
    """Decide whether synthetic rows, class weights or neither help a classifier on a table, by nested cross-validation.

    No project is needed. Keep test rows out of the file: the gain is measured on its own rows.
    """
    from gan_augment.cli.choose import run_choice

    run_choice(
        path,
        target,
        metric=metric,
        classifier=classifier,
        methods=methods,
        drop=drop or [],
        decimal=decimal,
        encoding=encoding,
        write=write,
        repeats=repeats,
        seed=seed,
        as_json=as_json,
    )


@methods_app.command("list", short_help="List the methods; in a project, with their needs.")
def methods_list(root: Root = Path(), as_json: Json = False) -> None:
    """List the methods: the samples they make, their labels and, in a project, whether the data can serve each."""
    from gan_augment.cli.methods import list_methods

    list_methods(root, as_json=as_json)


@methods_app.command("show")
def methods_show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `methods list`.")],
    as_json: Json = False,
) -> None:
    """Print a method's settings, with their defaults and meaning."""
    from gan_augment.cli.methods import show_method

    show_method(name, as_json=as_json)


@params_app.command("check", short_help="Find mistakes before any training.")
def params_check(root: Root = Path(), as_json: Json = False) -> None:
    """Find unknown keys, wrong types and impossible requests before any training."""
    from gan_augment.cli.setup import check_params

    check_params(root, as_json=as_json)


@params_app.command("schema", short_help="Print its JSON Schema, or write it for editors.")
def params_schema(
    write: Annotated[
        bool, typer.Option("--write", help="Write it to the place that params.yaml's first line gives to editors.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Print the JSON Schema of params.yaml: every key, its meaning and limits, the settings of every method."""
    from gan_augment.cli.setup import show_schema

    show_schema(root, write=write)


def _add_stage(stage: StageCommand) -> None:
    """Add the command `gan-augment STAGE [KEY]`: the same word as the DVC stage, the params section and the module."""

    def once(root: Root = Path(), dry_run: DryRun = False) -> None:
        _run(stage, root, None, dry_run)

    def per_class(key: ClassKey, root: Root = Path(), dry_run: DryRun = False) -> None:
        _run(stage, root, key, dry_run)

    def per_arm(arm: ArmName, root: Root = Path(), dry_run: DryRun = False) -> None:
        _run(stage, root, arm, dry_run)

    shapes: dict[str | None, Any] = {None: once, "class": per_class, "arm": per_arm}
    app.command(stage.name, help=stage.help, rich_help_panel="Stages")(with_verbosity(shapes[stage.fan_out]))


def _run(stage: StageCommand, root: Path, key: str | None, dry_run: bool) -> None:
    action: Any = print_config if dry_run else run_stage
    action(stage, root, key)


for _stage in STAGES.values():
    _add_stage(_stage)
