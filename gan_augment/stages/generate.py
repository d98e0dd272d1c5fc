"""`generate@<class>`: draw candidates of one class from the model that serves it."""

from __future__ import annotations

import shutil
from pathlib import Path

from gan_augment.compute.devices import resolve_device
from gan_augment.core.atomic import read_json
from gan_augment.core.checksums import replacing_output
from gan_augment.core.not_made import not_made_sentences, write_not_made
from gan_augment.core.progress import progress_bar
from gan_augment.core.seeds import derive_seed
from gan_augment.project.asked_captions import captions_to_draw
from gan_augment.project.layout import Project
from gan_augment.project.served import read_served
from gan_augment.synthesis.drawing import Drawing, draw_parts, join_parts, part_rows
from gan_augment.synthesis.needs import takes_parents_target
from gan_augment.synthesis.registry import resolve_method

__all__ = ["run"]


def run(project: Project, key: str) -> None:
    """Write data/synthetic/<key>: as many candidates as `generate` or the class's own setting asks for.

    A killed run goes on where it was: its finished parts lie outside DVC's sight until all are there.
    """
    params, drawing = project.params, _drawing(project, key)
    with progress_bar(f"generate {key} ({drawing.count})") as advance:
        draw_parts(
            drawing,
            device=resolve_device(params.base.device),
            workers=params.generate.workers,
            advance=lambda done: advance(done, drawing.count, ""),
        )
    with replacing_output(project.layout.synthetic(key)) as directory:
        join_parts(drawing, directory)
        if not drawing.count:
            _say_why(project, key, directory)
    shutil.rmtree(drawing.work, ignore_errors=True)


def _say_why(project: Project, key: str, directory: Path) -> None:
    """Leave the reason with the rows that are not there, and say it, even if quiet: the verdict hangs on it."""
    served = read_json(project.layout.train_gan(key) / "served.json")
    reason = "its `candidates` are 0 in params.yaml"
    if served["served"] == "none":
        alarm = served["reason"].removeprefix("not synthesised: ")
        reason = f"its model raised an alarm ({alarm})"
    write_not_made(directory, {key: reason})
    print(not_made_sentences(project.spec(), {key: reason})[0], flush=True)


def _drawing(project: Project, key: str) -> Drawing:
    params, layout, spec = project.params, project.layout, project.spec()
    index = project.class_index(key)
    model = layout.train_gan(key)
    served = read_served(model)
    captions = captions_to_draw(layout.root, params.generate, resolve_method(params.synthesis.method), spec)
    own = params.classes[key].candidates
    count = params.generate.candidates if own is None else own
    traits = resolve_method(params.synthesis.method).traits
    if served["served"] == "none":  # a method may refuse a class outright: nothing is asked of it
        count = 0
    return Drawing(
        method=params.synthesis.method,
        model=model,
        model_hash=served["model_hash"],
        spec=spec,
        index=index,
        count=count,
        # Sampling seeds are stored with each row, so they stay within what every file format calls an integer.
        seed=derive_seed(params.base.seed, "generate", key) % 2**31,
        rows=part_rows(spec),
        work=layout.root / ".gan_augment" / "generate" / key,
        captions=captions,
        parents=layout.train(key) if takes_parents_target(traits, spec) else None,
    )
