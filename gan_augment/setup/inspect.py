"""Inspection of the user's data before anything is written: its contents, and the obstacles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import DataError
from gan_augment.core.fields import missing_cells
from gan_augment.core.records import ImageSpec, Role, TableSpec
from gan_augment.data.accounts import entry_figures
from gan_augment.data.audit import duplicate_figures
from gan_augment.data.class_keys import class_keys
from gan_augment.data.companions import refuse_unseen_values
from gan_augment.data.config import DEMO_NAMES, CompanionSource, DemoSource, PoolDemo, PrepareConfig, TableSource
from gan_augment.data.duplicates import Duplicates, find_duplicates
from gan_augment.data.images import Header
from gan_augment.data.loading import LoadedData, load_data
from gan_augment.data.parts import PARTS
from gan_augment.data.pool import Pool, load_pool, pool_problems, sift_pool
from gan_augment.data.problems import Problem, as_problem
from gan_augment.data.split import Split, split_rows
from gan_augment.data.strings import normalised_strings, text_spec
from gan_augment.setup.companions import guess_companions
from gan_augment.setup.demos import demo_pool, demo_prepare
from gan_augment.setup.findings import ClassFinding, ColumnFinding, Findings, ImageFindings, PoolFinding
from gan_augment.setup.guess import guess_config
from gan_augment.setup.settings import apply_settings
from gan_augment.setup.suspicions import suspicions

__all__ = ["inspect_demo", "inspect_path"]


def inspect_path(
    path: Path,
    *,
    target: str | None = None,
    image_column: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Findings:
    """Inspect a folder of images, a table, an image manifest, an .npz file or WebDataset tars.

    Parameters
    ----------
    settings
        Values to use instead of guesses and defaults, such as `{"prepare.corrupt": "skip"}`.

    Raises
    ------
    DataError
        The path cannot be inspected. Data that can be inspected but not used is in `Findings.problems`.
    ParamsError
        A column was named, but the data is not a table; or a setting is invalid.
    """
    settings = settings or {}
    encoding = settings.get("prepare.source.encoding")
    config = guess_config(path, target=target, image_column=image_column, encoding=encoding)
    return _inspect(*_with_companions(config, settings))


def inspect_demo(name: str, *, settings: Mapping[str, Any] | None = None) -> Findings:
    """Inspect an embedded data set. Raises DataError for an unknown name."""
    for known in DEMO_NAMES:
        if name == known:
            config = PrepareConfig(source=DemoSource(name=known), pool=demo_pool(known))
            return _inspect(*_with_companions(config, settings or {}))
    raise DataError(
        "There is no such embedded data set",
        got=repr(name),
        expected=f"one of {', '.join(DEMO_NAMES)}",
        remedy=f"gan-augment init --demo {DEMO_NAMES[0]}",
    )


def _with_companions(config: PrepareConfig, settings: Mapping[str, Any]) -> tuple[PrepareConfig, frozenset[Role]]:
    """Settings with the images' companions; and the guessed roles, which may be dropped again."""
    found = guess_companions(config.source)
    if settings.get("prepare.target") == "text" and "text" not in found and "caption" in found:
        found["text"] = found.pop("caption")  # a column `text` is a caption in Hugging Face's metadata
    config = config.model_copy(update={"companions": found, **demo_prepare(config.source)})
    chosen = apply_settings(config, settings)
    same = {role for role, source in chosen.companions.items() if source == config.companions.get(role)}
    guessed = {role for role in same if role != chosen.target}  # what is learnt is not dropped again
    absolute = {role: _absolute(source) for role, source in chosen.companions.items()}
    said = any(key.startswith("prepare.companions") for key in settings)
    return chosen.model_copy(update={"companions": absolute}), frozenset() if said else frozenset(guessed)


def _absolute(source: CompanionSource) -> CompanionSource:
    return source if source.path is None else source.model_copy(update={"path": str(Path(source.path).resolve())})


def _inspect(config: PrepareConfig, guessed: frozenset[Role]) -> Findings:
    """Findings without the `guessed` companions that `prepare` would refuse."""
    config = _with_absolute_pool(config)
    try:
        data = load_data(config, Path())
        more = load_pool(config, Path(), data)
    except DataError:
        if not guessed:
            raise
        return _inspect(_leaving_out(config, guessed), frozenset())
    config, problems = _settle_columns(config, list(data.problems))
    near = config.near_duplicates == "together"
    duplicates = find_duplicates(data.payload, data.rows["label"], near=near)
    split, refused = _try_split(data, duplicates, config)
    parts, pool = split.parts, None if more is None else sift_pool(more, data, split, near=near)
    problems.extend([*refused, *_about_values(data, parts, config.target)])
    if gone := _refused(problems, guessed):
        found = _inspect(_leaving_out(config, gone), guessed - gone)
        return replace(found, problems=(*found.problems, *_dropped(problems, gone)))
    problems.extend(suspicions(data, duplicates, config))
    if pool is not None:
        problems.extend([*pool.data.problems, *pool_problems(pool)])
    train = Counter(data.rows["label"][parts == "train"])
    counts = Counter(data.rows["label"])
    keys = class_keys(counts)
    return Findings(
        name=data.name,
        licence=data.licence,
        modality=data.modality,
        config=config,
        rows=len(data.rows),
        classes=tuple(ClassFinding(key, label, counts[label], train[label]) for label, key in keys.items()),
        parts={} if refused else {part: int((parts == part).sum()) for part in PARTS},
        images=None if data.image is None else _image_findings(data.headers, data.image),
        **_table_findings(data),
        missing_values=missing_cells(data.payload),
        duplicates=duplicate_figures(data, duplicates),
        entries=entry_figures(len(data.rows), data.left_out),
        problems=tuple(problems),
        pool=None if pool is None or config.pool is None else _pool_finding(pool, config.pool.path),
    )


def _about_values(data: LoadedData, parts: npt.NDArray[np.object_], target: str) -> list[Problem]:
    """Problems of attributes and strings that `prepare` would find once the rows are split."""
    try:
        if "attributes" in data.companions:
            refuse_unseen_values(data.companions["attributes"], parts)
        if target not in ("label", *data.companions) and not any(one.severity == "error" for one in data.problems):
            raise DataError(
                "What is to be learnt does not lie beside the rows",
                where="prepare.target in params.yaml",
                got=target,
                remedy=f"--set 'prepare.companions.{target}={{...}}' names it",
            )
        if target == "text" and "text" in data.companions:
            text_spec(normalised_strings(data.companions["text"]), parts, data.payload)
    except DataError as error:
        return [as_problem(error).model_copy(update={"code": "companions"})]
    return []


def _refused(problems: Sequence[Problem], guessed: frozenset[Role]) -> frozenset[Role]:
    """Guessed roles that cannot be used."""
    where = [
        problem.where or "" for problem in problems if problem.code == "companions" and problem.severity == "error"
    ]
    gone = {role for role in guessed if any(f"prepare.companions.{role}" in place for place in where)}
    return frozenset(gone or (guessed if where else ()))


def _leaving_out(config: PrepareConfig, gone: frozenset[Role]) -> PrepareConfig:
    left = {role: source for role, source in config.companions.items() if role not in gone}
    return config.model_copy(update={"companions": left})


def _dropped(problems: Sequence[Problem], gone: frozenset[Role]) -> Iterator[Problem]:
    """Reasons as warnings."""
    for problem in problems:
        if problem.code == "companions" and problem.severity == "error":
            said = f"Left out of the guessed companions ({', '.join(sorted(gone))}): {problem.what}"
            remedy = f"to use it, mend it and name it: --set prepare.companions.{min(gone)}={{...}}"
            yield problem.model_copy(update={"severity": "warning", "what": said, "remedy": remedy})


def _with_absolute_pool(config: PrepareConfig) -> PrepareConfig:
    """Settings with the pool's path absolute: from `--set` it is relative to the user's folder."""
    if config.pool is None or isinstance(config.pool, PoolDemo):
        return config
    beside = {role: _absolute(source) for role, source in config.pool.companions.items()}
    pool = config.pool.model_copy(update={"path": str(Path(config.pool.path).absolute()), "companions": beside})
    return config.model_copy(update={"pool": pool})


def _pool_finding(pool: Pool, path: str) -> PoolFinding:
    dropped = Counter(reason for reason in pool.reasons if reason)
    return PoolFinding(path, pool.spec.rows, pool.spec.labelled, dict(dropped))


def _table_findings(data: LoadedData) -> dict[str, Any]:
    if data.table is None:
        return {"columns": (), "target": None}
    return {"columns": tuple(_column_findings(data.payload, data.table)), "target": data.table.target}


def _settle_columns(config: PrepareConfig, problems: list[Problem]) -> tuple[PrepareConfig, list[Problem]]:
    """Settings with unusable columns in `drop`, where the user sees them, so that they are not errors."""
    source = config.source
    if not isinstance(source, TableSource):
        return config, problems
    dropped = [str(problem.subject) for problem in problems if problem.code == "unfit_column"]
    change = {"severity": "warning", "remedy": "`init` writes it to prepare.source.drop"}
    settled = [p.model_copy(update=change) if p.code == "unfit_column" else p for p in problems]
    wider = source.model_copy(update={"drop": (*source.drop, *dropped)})
    return config.model_copy(update={"source": wider}), settled


def _try_split(data: LoadedData, duplicates: Duplicates, config: PrepareConfig) -> tuple[Split, list[Problem]]:
    try:
        return split_rows(data.rows, duplicates, config.split, seed=0), []
    except DataError as error:
        return Split(np.full(len(data.rows), "", dtype=object), np.arange(len(data.rows))), [as_problem(error)]


def _image_findings(headers: tuple[Header, ...], canonical: ImageSpec) -> ImageFindings:
    sizes = Counter((header.width, header.height) for header in headers)
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    return ImageFindings(
        canonical=canonical,
        smallest=by_area[0],
        largest=by_area[-1],
        sizes={f"{width} x {height}": count for (width, height), count in sizes.most_common(10)},
        modes=dict(Counter(header.mode for header in headers).most_common()),
        formats=dict(Counter(header.format for header in headers).most_common()),
    )


def _column_findings(payload: Any, table: TableSpec) -> Iterator[ColumnFinding]:
    for column in table.columns:
        values = payload[column.name]
        yield ColumnFinding(column.name, column.kind, column.dtype, int(values.isna().sum()), int(values.nunique()))
