"""Stage `prepare`: the user's data to canonical samples in three parts, and reports/audit.json."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from gan_augment.core.atomic import write_json
from gan_augment.core.errors import DataError, ParamsError
from gan_augment.core.progress import progress_bar
from gan_augment.core.quoting import yaml_quoted
from gan_augment.core.records import ClassRecord, ColumnKind, DatasetSpec, FrameField, TextSpec
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.core.validation import listed
from gan_augment.data.audit import audit_figures
from gan_augment.data.class_keys import class_keys
from gan_augment.data.companions import refuse_unseen_values
from gan_augment.data.duplicates import find_duplicates
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.pool import Pool, load_pool, pool_figures, pool_problems, sift_pool
from gan_augment.data.problems import raise_errors
from gan_augment.data.split import Split, split_rows
from gan_augment.data.strings import normalised_strings, text_spec
from gan_augment.params import Params
from gan_augment.project.layout import Layout, Project
from gan_augment.project.prepared import check_groups, write_parts, write_pool, write_test_part
from gan_augment.project.tracked import check_pool_is_tracked

__all__ = ["check_classes", "check_target", "run", "with_target"]

_ANSWERS: tuple[ColumnKind, ...] = ("categorical", "boolean")


def run(project: Project) -> None:
    """Write data/prepared and reports/audit.json.

    Raises
    ------
    DataError
        The data cannot be used as it is; every problem is named.
    ParamsError
        `classes` in params.yaml are not the classes of the data.
    """
    params, config, near = project.params, project.params.prepare, project.params.prepare.near_duplicates == "together"
    check_pool_is_tracked(project.layout.root, config)
    with progress_bar("prepare") as advance:
        data = load_data(config, project.layout.root, advance)
        more = load_pool(config, project.layout.root, data, advance)
    raise_errors([*data.problems, *(() if more is None else more.problems)])
    if config.target == "text" and "text" in data.companions:
        data = replace(data, companions={**data.companions, "text": normalised_strings(data.companions["text"])})
    check_target(_dataset_spec(data, params), config.target)
    check_groups(params.measure.groups, _dataset_spec(data, params))  # `measure` alone reads them, hours later
    duplicates = find_duplicates(data.payload, data.rows["label"], near=near)
    split = split_rows(data.rows, duplicates, config.split, seed=params.base.seed)
    text = text_spec(data.companions["text"], split.parts, data.payload) if config.target == "text" else None
    spec = with_target(_dataset_spec(data, params), config.target, text)
    if "attributes" in data.companions:
        refuse_unseen_values(data.companions["attributes"], split.parts)
    figures = audit_figures(data, duplicates, split, {record.label: record.key for record in spec.classes})
    pool = None if more is None else sift_pool(more, data, split, near=near)
    if pool is not None:
        spec = spec.model_copy(update={"pool": pool.spec})
        figures = _with_pool(figures, pool)
        write_pool(project.layout, pool.samples())
    _write(project.layout, spec, data, split)
    write_json(project.layout.audit, figures, sealed=True)


def _with_pool(figures: dict[str, Any], pool: Pool) -> dict[str, Any]:
    """The audit with what became of the pool, and every finding about it among the notes."""
    problems = [*pool.data.problems, *pool_problems(pool)]
    notes = [problem.model_dump(exclude_none=True) for problem in problems]
    return {**figures, "pool": pool_figures(pool), "notes": [*figures["notes"], *notes]}


def _dataset_spec(data: LoadedData, params: Params) -> DatasetSpec:
    """dataset.json, with the classes in the order of params.yaml. Raises ParamsError where they are not the data's."""
    classes = tuple(ClassRecord(key=key, label=value.label) for key, value in params.classes.items())
    check_classes(params, set(data.rows["label"]))
    return DatasetSpec(
        name=data.name,
        modality=data.modality,
        classes=classes,
        image=data.image,
        table=data.table,
        licence=data.licence,
        companions=dict(data.fields),
    )


def with_target(
    spec: DatasetSpec, target: Literal["label", "attributes", "text"], text: TextSpec | None = None
) -> DatasetSpec:
    """The data set with what its downstream model learns. Raises ParamsError where no row has that."""
    check_target(spec, target)
    return spec if target == "label" else spec.model_copy(update={"target": target, "text": text})


def check_target(spec: DatasetSpec, target: Literal["label", "attributes", "text"]) -> None:
    """Raise ParamsError where no row has what is to be learnt."""
    if target == "label" or (target == "text" and target in spec.companions):
        return
    beside = spec.companions.get(target)
    if not isinstance(beside, FrameField) or any(column.kind not in _ANSWERS for column in beside.columns):
        kinds = [f"{column.name}: {column.kind}" for column in beside.columns] if isinstance(beside, FrameField) else []
        raise ParamsError(
            "What is to be learnt does not lie beside the rows",
            where="prepare.target in params.yaml",
            got=", ".join([target, *kinds]),
            expected="columns of a few words each (categorical or boolean), under prepare.companions.attributes"
            if target == "attributes"
            else "a string beside every image, under prepare.companions.text",
            remedy="name the columns there, or set prepare.target to label"
            if target == "attributes"
            else "such as prepare.companions: {text: {column: COLUMN}}, or set prepare.target to label",
        )


def check_classes(params: Params, found: set[str]) -> None:
    """Refuse classes in params.yaml that are not those of the data. Raises ParamsError."""
    named = {value.label for value in params.classes.values()}
    if named != found:
        raise _other_classes(sorted(found - named), sorted(named - found))


def _other_classes(new: list[str], gone: list[str]) -> ParamsError:
    keys = class_keys(new)
    lines = [f"in the data only:        {label!r:.200}" for label in new]
    lines += [f"in params.yaml only:     {label!r:.200}" for label in gone]
    changes = [f"add     {keys[label]}: {{label: {yaml_quoted(label)}}}" for label in new]
    changes += [f"remove  the class with label {label!r:.200}" for label in gone]
    return ParamsError(
        "The classes in params.yaml are not those of the data",
        where="classes in params.yaml",
        got=listed(lines),
        expected="one class for each label of the data",
        remedy="change classes in params.yaml (or run `gan-augment init` again):\n            " + listed(changes),
    )


def _write(layout: Layout, spec: DatasetSpec, data: LoadedData, split: Split) -> None:
    """Rows of a part lie in the order of their ids, which says nothing of their labels."""
    samples = _as_samples(data, split)
    order = np.argsort(samples.manifest["id"].to_numpy(dtype=object), kind="stable")
    parts = samples.manifest["split"].to_numpy(dtype=object)[order]
    train, validation, test = (samples.take(order[parts == part]) for part in ("train", "validation", "test"))
    write_test_part(layout, test, strings=spec.target == "text")
    write_parts(layout, spec, train, validation)


def _as_samples(data: LoadedData, split: Split) -> Samples:
    units = pd.Series(data.rows["id"].to_numpy(dtype=object)).groupby(split.units).transform("min")
    manifest = make_manifest(
        len(data.rows),
        id=data.rows["id"].to_numpy(dtype=object),
        label=data.rows["label"].to_numpy(dtype=object),
        split=split.parts,
        origin="real",
        group=units.to_numpy(dtype=object),
        source=data.rows["source"].to_numpy(dtype=object),
    )
    if manifest["id"].duplicated().any():
        raise DataError(
            "Two samples have the same identity", got=str(manifest["id"][manifest["id"].duplicated()].iloc[0])
        )
    return Samples(manifest, data.payload, data.companions)
