"""Check of params.yaml against the data, the methods and the installation: every kind of mistake at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_augment.core.documents import read_document
from gan_augment.core.errors import GanAugmentError, ParamsError
from gan_augment.core.records import ClassRecord, DatasetSpec, Field, ImageSpec, Modality, PoolSpec, Role
from gan_augment.data.companions import companion_field
from gan_augment.data.config import PoolDemo
from gan_augment.data.loading import expected_image
from gan_augment.data.paths import existing
from gan_augment.data.pool import read_pool, refuse_pool_of_rows
from gan_augment.data.problems import raise_errors
from gan_augment.data.raw import RawData, RawTable
from gan_augment.data.sources import read_source
from gan_augment.params import CHECK, NO_PARAMS, Params, as_params, load_params, salvage
from gan_augment.project.asked_captions import captions_to_draw
from gan_augment.project.layout import Layout
from gan_augment.project.tracked import check_pool_is_tracked
from gan_augment.synthesis.registry import resolve_method

__all__ = ["Checked", "check_project", "project_spec"]

_TABLE_DEMOS = ("breast_cancer", "penguins")


@dataclass(frozen=True)
class Checked:
    """Settings, and all their mistakes.

    `whole`: whether the method's settings were checked against the data; otherwise the stages after `prepare` check
    them.
    """

    params: Params
    modality: Modality
    whole: bool
    errors: tuple[GanAugmentError, ...]

    def refuse(self) -> None:
        """Raise a single error with all mistakes; return where there is none."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            text = "\n\n".join(f"({number}) {error}" for number, error in enumerate(self.errors, start=1))
            raise ParamsError(f"params.yaml has {len(self.errors)} settings that are impossible\n{text}")


def check_project(root: Path, *, read_data: bool) -> Checked:
    """Check params.yaml by itself, against the data, and against dataset.json where `prepare` has run.

    Parameters
    ----------
    read_data
        Read the classes and columns of the data; of images, the headers.

    Raises
    ------
    MissingInputError, ParamsError
        There is no valid params.yaml.
    """
    path = root / "params.yaml"
    document = read_document(path, NO_PARAMS, check=CHECK)
    errors: list[GanAugmentError] = []
    wrong: set[str] = set()
    try:
        params = as_params(document, path)
    except ParamsError as error:
        if not isinstance(document.value, dict):
            raise
        errors.append(error)
        params, wrong = salvage(document.value)
    data = _Data(params, root, read=read_data)
    for sections, check in _checks(data, wrong):
        if not sections & wrong:
            try:
                check()
            except GanAugmentError as error:
                errors.append(error)
    return Checked(params, data.modality, data.spec is not None, tuple(errors))


def project_spec(root: Path) -> DatasetSpec | None:
    """Data set of the project in `root`, as far as params.yaml and the data describe it; None where they do not."""
    if not (root / "params.yaml").is_file():
        return None
    try:
        params = load_params(root / "params.yaml")
        return _Data(params, root, read=not Layout(root).dataset.exists()).spec
    except GanAugmentError:
        return None


class _Data:
    """Facts about the data set: from the source where it is to be `read`, else from dataset.json."""

    def __init__(self, params: Params, root: Path, *, read: bool) -> None:
        self.params, self.root, self.read = params, root, read

    @functools.cached_property
    def raw(self) -> RawData:
        """Rows and columns of the source; its images are listed. Raises DataError, ParamsError."""
        prepare = self.params.prepare
        return read_source(prepare.source, self.root, prepare.split, prepare.companions)

    @property
    def modality(self) -> Modality:
        """Modality of the kind of source."""
        source = self.params.prepare.source
        return "table" if source.kind == "table" or getattr(source, "name", "") in _TABLE_DEMOS else "image"

    @functools.cached_property
    def spec(self) -> DatasetSpec | None:
        """Contents of dataset.json that `prepare` will write, or has written; None where they are not known yet."""
        dataset = Layout(self.root).dataset
        found = self._described() if self.read else None
        return found or (DatasetSpec.load(dataset) if dataset.exists() else None)

    def _described(self) -> DatasetSpec | None:
        try:
            content = self.raw.content
        except GanAugmentError:
            return None  # another check reports it
        is_table = isinstance(content, RawTable)
        image = None if isinstance(content, RawTable) else expected_image(content, self.params.prepare)
        if not is_table and image is None:
            return None
        return DatasetSpec(
            name=self.raw.name,
            modality="table" if is_table else "image",
            classes=tuple(ClassRecord(key=key, label=value.label) for key, value in self.params.classes.items()),
            image=image,
            table=content.spec if isinstance(content, RawTable) else None,
            companions=(beside := self._companions(image)),
            pool=self._pool(),
            target=target if (target := self.params.prepare.target) in beside else "label",
        )

    def _companions(self, image: ImageSpec | None) -> dict[Role, Field]:
        return {role: companion_field(role, one, image) for role, one in self.params.prepare.companions.items()}

    def _pool(self) -> PoolSpec | None:
        """Pool as in its source: `prepare` finds the rows that would leak."""
        try:
            raw = read_pool(self.params.prepare, self.root)
        except GanAugmentError:
            return None  # another check reports it
        return None if raw is None else PoolSpec(rows=len(raw.rows), labelled=int((raw.rows["label"] != "").sum()))


def _checks(data: _Data, wrong: set[str]) -> Iterator[tuple[set[str], Callable[[], Any]]]:
    """Checks, each with the sections that must be valid for it."""
    from gan_augment.sharding.formats import chosen_formats

    if data.read:
        yield {"prepare"}, lambda: _read_data(data, is_right="classes" not in wrong)
    else:
        yield {"prepare"}, lambda: _path(data.params, data.root)
    yield {"prepare"}, lambda: _pool(data)
    yield {"prepare"}, lambda: _target(data)
    yield {"retrain", "prepare"}, lambda: _classifiers(data.params, data.modality)
    yield {"export", "prepare"}, lambda: chosen_formats(data.params.export, data.modality)
    yield {"synthesis", "prepare", "classes"}, lambda: _method(data)
    yield {"synthesis", "prepare", "classes", "generate"}, lambda: _captions(data)


def _method(data: _Data) -> None:
    from gan_augment.project.training import check_method, check_settings
    from gan_augment.synthesis.rivals import rivals_of

    check_settings(data.params, data.modality)
    if data.spec is not None:
        method, _ = check_method(data.params, data.spec)
        rivals_of(method)


def _captions(data: _Data) -> None:
    """Refuse a file of captions that is not there, or that the method or dvc.yaml does not know."""
    if data.params.generate.captions is not None and data.spec is not None:
        captions_to_draw(data.root, data.params.generate, resolve_method(data.params.synthesis.method), data.spec)


def _pool(data: _Data) -> None:
    """Refuse a pool that does not exist, that no method for this data uses, or that dvc.yaml does not name."""
    config = data.params.prepare
    if config.pool is None:
        return
    check_pool_is_tracked(data.root, config)
    if not isinstance(config.pool, PoolDemo):
        existing(data.root, config.pool.path, "prepare.pool.path in params.yaml")
    refuse_pool_of_rows(data.modality)
    if data.read and (raw := read_pool(config, data.root)) is not None:
        raise_errors(raw.problems)


def _target(data: _Data) -> None:
    """Refuse a target that does not lie beside the rows."""
    from gan_augment.stages.prepare import check_target

    if data.spec is not None:
        check_target(data.spec, data.params.prepare.target)


def _path(params: Params, root: Path) -> None:
    if source := getattr(params.prepare.source, "path", None):
        existing(root, source, "prepare.source.path in params.yaml")


def _read_data(data: _Data, *, is_right: bool) -> None:
    """Refuse obstacles to reading the data, and classes that differ from the data's (`is_right`: they agree)."""
    from gan_augment.stages.prepare import check_classes

    params = data.params
    _path(params, data.root)
    raise_errors(data.raw.problems)
    found = set(data.raw.rows["label"])
    if unknown := sorted(set(params.prepare.exclude) - found):
        raise ParamsError(
            "A class that is to be left out is not in the data",
            where="prepare.exclude in params.yaml",
            got=", ".join(map(repr, unknown)),
            remedy="remove it from the list",
        )
    if is_right:
        check_classes(params, found - set(params.prepare.exclude))


def _classifiers(params: Params, modality: Modality) -> None:
    from gan_augment.downstream.arms import variants_of
    from gan_augment.downstream.classifiers import classifiers_of
    from gan_augment.recognition.pretrained import check_pretrained

    kinds = set()
    for arm in params.retrain.arms:
        variants_of(arm, modality)
        chosen = classifiers_of(arm, params.retrain, modality, params.prepare.target)
        kinds |= {one.kind for one in chosen if one}
    if "linear_probe" in kinds:
        check_pretrained()
