"""What params.yaml asks for, held against the data, the methods and the installation: every kind of mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_augment.core.documents import read_document
from gan_augment.core.errors import GanAugmentError, ParamsError
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, ImageSpec, TableSpec
from gan_augment.data.paths import existing
from gan_augment.data.problems import raise_errors
from gan_augment.data.sources import read_source
from gan_augment.params import CHECK, NO_PARAMS, Params, as_params, salvage
from gan_augment.project.layout import Layout

__all__ = ["Checked", "check_project"]


@dataclass(frozen=True)
class Checked:
    """The settings, what the data set is (as far as it is known before `prepare`), and everything that is wrong."""

    params: Params
    spec: DatasetSpec
    errors: tuple[GanAugmentError, ...]

    def refuse(self) -> None:
        """Raise one error that holds them all; return where there is none."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            text = "\n\n".join(f"({number}) {error}" for number, error in enumerate(self.errors, start=1))
            raise ParamsError(f"params.yaml asks for {len(self.errors)} things that cannot be\n{text}")


def check_project(root: Path, *, read_data: bool) -> Checked:
    """Check params.yaml by itself, against the data, and against dataset.json where `prepare` has run.

    Parameters
    ----------
    read_data
        Look at the classes and columns of the data; images are listed, not decoded.

    Raises
    ------
    MissingInputError, ParamsError
        There is no params.yaml, or it is none.
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
    spec = _spec(params, root)
    for sections, check in _checks(params, spec, root, wrong, read_data=read_data):
        if not sections & wrong:
            try:
                check()
            except GanAugmentError as error:
                errors.append(error)
    return Checked(params, spec, tuple(errors))


def _spec(params: Params, root: Path) -> DatasetSpec:
    dataset = Layout(root).dataset
    if dataset.exists():
        return DatasetSpec.load(dataset)
    is_table = params.prepare.source.kind == "table" or getattr(params.prepare.source, "name", "") in (
        "breast_cancer",
        "penguins",
    )
    table = TableSpec(columns=(Column(name="any", kind="numeric", dtype="float64"),), target="target")
    return DatasetSpec(
        name="not prepared yet",
        modality="table" if is_table else "image",
        classes=tuple(ClassRecord(key=key, label=value.label) for key, value in params.classes.items()),
        image=None if is_table else ImageSpec(height=32, width=32, channels=3),
        table=table if is_table else None,
    )


def _checks(
    params: Params, spec: DatasetSpec, root: Path, wrong: set[str], *, read_data: bool
) -> Iterator[tuple[set[str], Callable[[], Any]]]:
    """What is looked at, and the sections that have to be right for that."""
    from gan_augment.project.training import check_method
    from gan_augment.sharding.formats import chosen_formats

    if read_data:
        yield {"prepare"}, lambda: _read_data(params, root, is_right="classes" not in wrong)
    else:
        yield {"prepare"}, lambda: _path(params, root)
    yield {"retrain", "prepare"}, lambda: _classifiers(params, spec)
    yield {"export", "prepare"}, lambda: chosen_formats(params.export, spec.modality)
    yield {"synthesis", "prepare", "classes"}, lambda: check_method(params, spec)


def _path(params: Params, root: Path) -> None:
    if source := getattr(params.prepare.source, "path", None):
        existing(root, source, "prepare.source.path in params.yaml")


def _read_data(params: Params, root: Path, *, is_right: bool) -> None:
    """Refuse what stands in the way of reading the data, and classes that are not its own (`is_right`: they are)."""
    from gan_augment.stages.prepare import check_classes

    _path(params, root)
    raw = read_source(params.prepare.source, root, params.prepare.split)
    raise_errors(raw.problems)
    found = set(raw.rows["label"])
    if unknown := sorted(set(params.prepare.exclude) - found):
        raise ParamsError(
            "A class that is to be left out is not in the data",
            where="prepare.exclude in params.yaml",
            got=", ".join(map(repr, unknown)),
            remedy="remove it from the list",
        )
    if is_right:
        check_classes(params, found - set(params.prepare.exclude))


def _classifiers(params: Params, spec: DatasetSpec) -> None:
    from gan_augment.downstream.arms import variants_of
    from gan_augment.downstream.classifiers import classifiers_of
    from gan_augment.recognition.pretrained import check_pretrained

    kinds = set()
    for arm in params.retrain.arms:
        variants_of(arm, spec.modality)
        kinds |= {chosen.kind for chosen in classifiers_of(arm, params.retrain, spec.modality) if chosen}
    if "linear_probe" in kinds:
        check_pretrained()
