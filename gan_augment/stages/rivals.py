"""`rivals`: the untrained methods that the project's method has to beat make as many rows as a mixing plan may ask for.

`mix` takes as many of each rival as it takes synthetic rows, and `retrain` trains on them beside the arm `cheap`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_augment.core.atomic import file_hash
from gan_augment.core.checksums import replacing_output
from gan_augment.core.errors import DataError, GanAugmentError, LeakError, MethodError, SetupError
from gan_augment.core.progress import Advance, progress_bar
from gan_augment.core.samples import count_samples
from gan_augment.core.seeds import derive_seed
from gan_augment.core.verbosity import remark
from gan_augment.mixing.ratio import make_plans
from gan_augment.project.asked_captions import captions_to_draw
from gan_augment.project.layout import Project
from gan_augment.project.rival_rows import RivalRecord, write_records
from gan_augment.project.training import companions_for, method_and_config, pool_for
from gan_augment.synthesis.api import AskedCaption, Fitted, MethodConfig, Run, Synthesizer, TrainingData
from gan_augment.synthesis.drawing import Drawing, draw_parts, join_parts, part_rows
from gan_augment.synthesis.needs import takes_parents_target
from gan_augment.synthesis.registry import resolve_method
from gan_augment.synthesis.rivals import rival_config, rivals_of

__all__ = ["run"]

_CANNOT = (MethodError, DataError, SetupError)  # what a rival says of itself; anything else ends the stage


def run(project: Project) -> None:
    """Write data/rivals: a folder a rival with a folder a class, and what each could not do; nothing without rivals.

    A killed run goes on where it was: finished parts lie outside DVC's sight until all are there.
    """
    rivals, work = rivals_of(resolve_method(project.params.synthesis.method)), _work(project)
    counts, own = (_counts(project), method_and_config(project)[1]) if rivals else ({}, None)
    with replacing_output(project.layout.rivals) as directory, progress_bar("rivals") as advance:
        records = {rival.name: _serve(project, rival, own, counts, directory / rival.name, advance) for rival in rivals}
        write_records(directory, records)
    for name, record in records.items():
        if record.refused:
            remark(f"the rival {name} cannot run here: {record.refused}")
    shutil.rmtree(work, ignore_errors=True)


def _work(project: Project) -> Path:
    return project.layout.root / ".gan_augment" / "rivals"


def _counts(project: Project) -> dict[str, int]:
    """Class key -> the most rows that a mixing plan can take of it: no more than there are candidates."""
    params, keys = project.params, [record.key for record in project.spec().classes]
    real = np.asarray([count_samples(project.layout.train(key)) for key in keys], dtype=np.int64)
    own = [params.classes[key].candidates for key in keys]
    candidates = np.asarray([params.generate.candidates if count is None else count for count in own], dtype=np.int64)
    most = np.max([plan.counts for plan in make_plans(params.mix.ratios, real, candidates)], axis=0)
    return {key: int(count) for key, count in zip(keys, most, strict=True)}


def _serve(
    project: Project,
    rival: Synthesizer,
    own: MethodConfig | None,
    counts: Mapping[str, int],
    directory: Path,
    advance: Advance,
) -> RivalRecord:
    """Draw a rival's rows of every class; what it cannot do is recorded and leaves no rows."""
    try:
        models = _Models(project, rival, rival_config(rival, project.spec(), own))
    except _CANNOT as error:
        return RivalRecord(refused=_reason(error))
    wanted, not_made = {key: count for key, count in counts.items() if count}, dict[str, str]()
    for key, count in wanted.items():
        try:
            drawing = _drawing(models, key, count)
            _draw(project, drawing, advance)
        except _CANNOT as error:
            not_made[key] = _reason(error)
            continue
        (directory / key).mkdir(parents=True)
        join_parts(drawing, directory / key)
    if wanted and not_made.keys() == wanted.keys():
        return RivalRecord(refused="; ".join(dict.fromkeys(not_made.values())))
    return RivalRecord(not_made=not_made)


def _reason(error: GanAugmentError) -> str:
    if isinstance(error, LeakError):
        raise error
    return f"{error.problem} ({error.got})" if error.got else error.problem


@dataclass
class _Models:
    """A rival's models, saved as `Drawing` wants them: one over all classes, or one a class, made when asked for."""

    project: Project
    rival: Synthesizer
    config: MethodConfig
    fitted: Fitted | None = None

    @property
    def work(self) -> Path:
        return _work(self.project) / self.rival.name

    def serving(self, index: int) -> Path:
        """The folder of the model that serves a class. Raises MethodError where the rival refuses the class."""
        own = self.rival.traits.fitted == "per class"
        if self.fitted is None or own:
            data = self._rows().of_class(index) if own else self._rows()
            self.fitted = self.rival.fit(data, self.config, self._run(index if own else "all"))
            with replacing_output(self.work / "model") as directory:
                self.fitted.save(directory)
        if refused := self.fitted.summary.get("refused_classes", {}).get(str(index)):
            raise MethodError(str(refused))
        return self.work / "model"

    def _rows(self) -> TrainingData:
        """What the method itself is given, as far as the rival takes it: rows, companions, the pool."""
        project, roles = self.project, companions_for(self.project, self.rival)
        return TrainingData(project.train_view(roles), project.validation_view(roles), pool_for(project, self.rival))

    def _run(self, part: int | str) -> Run:
        return Run(derive_seed(self.project.params.base.seed, "rivals", self.rival.name, part))


def _drawing(models: _Models, key: str, count: int) -> Drawing:
    project, name = models.project, models.rival.name
    index = project.class_index(key)
    model = models.serving(index)
    return Drawing(
        method=name,
        model=model,
        model_hash=file_hash(model),
        spec=project.spec(),
        index=index,
        count=count,
        seed=derive_seed(project.params.base.seed, "rivals", name, key) % 2**31,
        rows=part_rows(project.spec()),
        work=models.work / "parts" / key,
        captions=_captions(models),
        parents=project.layout.train(key) if takes_parents_target(models.rival.traits, project.spec()) else None,
    )


def _captions(models: _Models) -> tuple[AskedCaption, ...]:
    """What the method itself is asked to draw, for a rival that reads captions too."""
    project = models.project
    if not models.rival.traits.captioned:
        return ()
    return captions_to_draw(project.layout.root, project.params.generate, models.rival, project.spec())


def _draw(project: Project, drawing: Drawing, advance: Advance) -> None:
    def report(done: int) -> None:
        advance(done, drawing.count, f"{drawing.method}, class {project.spec().labels[drawing.index]}")

    draw_parts(drawing, device="cpu", workers=project.params.generate.workers, advance=report)
