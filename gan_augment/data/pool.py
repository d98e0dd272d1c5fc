"""The pool: rows that only synthesizers see, in the form of the labelled rows and without any that would leak.

A folder of "unlabelled photos" often holds the labelled ones too. So copies, near copies and groups are searched among
labelled and pool rows together, and every pool row bound to a validation or test row is dropped. The split of the
labelled rows is the same as without a pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError, GanAugmentError, ParamsError
from gan_augment.core.fields import take
from gan_augment.core.progress import Advance, silent
from gan_augment.core.records import Modality, PoolSpec
from gan_augment.core.samples import Samples, make_manifest
from gan_augment.data.accounts import entry_figures, left_out_problems
from gan_augment.data.clips import CLIP, bound_ids
from gan_augment.data.config import PrepareConfig, SplitConfig
from gan_augment.data.duplicates import components, find_duplicates
from gan_augment.data.loading import LoadedData, load_images_like
from gan_augment.data.problems import Problem
from gan_augment.data.raw import RawData
from gan_augment.data.sources import read_source
from gan_augment.data.split import Split

__all__ = [
    "NO_GROUPS",
    "Pool",
    "load_pool",
    "pool_figures",
    "pool_problems",
    "read_pool",
    "refuse_pool_of_rows",
    "sift_pool",
]

NO_GROUPS = "none"  # of prepare.pool.group
HELD = ("validation", "test")
COPY = "a copy or a near copy of a validation or test row"
BOUND = "in a group or a clip with a validation or test row"
KNOWN = "a copy or a near copy of a train row, which teaches nothing more"
_APART = "if these are not groups, set prepare.pool.group; a clip of the pool needs a name of its own"
_SHOWN = 20
_OF_POOL = "prepare.pool.companions"
_POOLED: frozenset[Modality] = frozenset({"image"})

Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Pool:
    """Pool beside the split of the labelled rows.

    Attributes
    ----------
    data
        Every row that was read; its label is empty where it has none.
    reasons
        object [n]: why a row is left out, or "" for one that stays.
    bound_to
        object [n]: the groups of the train rows that a row belongs with, joined by spaces; else a group of its own.
    examples
        For each reason pairs of a pool row and the labelled row that it is bound to.
    """

    data: LoadedData
    reasons: npt.NDArray[np.object_]
    bound_to: npt.NDArray[np.object_]
    examples: dict[str, list[str]]

    @property
    def kept(self) -> Places:
        """Places of the rows that stay, in the order of their ids."""
        places = np.flatnonzero(self.reasons == "")
        return places[np.argsort(self.data.rows["id"].to_numpy(dtype=object)[places], kind="stable")]

    @property
    def spec(self) -> PoolSpec:
        """Entry of dataset.json that describes the pool."""
        labelled = int((self.data.rows["label"].iloc[self.kept] != "").sum())
        return PoolSpec(
            rows=len(self.kept),
            labelled=labelled,
            companions=dict(self.data.fields),
            channels=self.data.converted_from,
        )

    def samples(self) -> Samples:
        """Rows that stay, as rows of the split `pool`."""
        rows = self.data.rows.iloc[self.kept]
        manifest = make_manifest(
            len(rows),
            id=rows["id"].to_numpy(dtype=object),
            label=[label or pd.NA for label in rows["label"]],
            split="pool",
            origin="real",
            group=self.bound_to[self.kept],
            source=rows["source"].to_numpy(dtype=object),
        )
        companions = {role: take(values, self.kept) for role, values in self.data.companions.items()}
        return Samples(manifest, take(self.data.payload, self.kept), companions)


def read_pool(config: PrepareConfig, root: Path) -> RawData | None:
    """Pool rows and the paths of their images; None where there is no pool. Raises DataError, ParamsError."""
    pool = config.pool
    if pool is None:
        return None
    group = None if pool.group == NO_GROUPS else pool.group or config.split.group
    try:
        raw = read_source(pool, root, SplitConfig(group=group), pool.companions)
    except (DataError, ParamsError) as error:
        raise _of_pool(error, inherited=group is not None and pool.group is None) from None
    rows = raw.rows.assign(identity="pool/" + raw.rows["identity"], split="")
    return replace(raw, rows=rows)


def _of_pool(error: GanAugmentError, *, inherited: bool) -> GanAugmentError:
    """The same error, with the keys of the pool's settings."""

    def renamed(text: str | None) -> str | None:
        changed = text and text.replace("prepare.source.", "prepare.pool.")
        changed = changed and changed.replace("prepare.companions", _OF_POOL)
        return changed and changed.replace("prepare.split.group", "prepare.pool.group")

    about_group = "group" in f"{error.problem} {error.where}"
    own = "give the pool its own prepare.pool.group, or `none` where its rows belong to no group of the labelled ones"
    return type(error)(
        f"In the pool: {error.problem[:1].lower()}{renamed(error.problem[1:])}",
        where=renamed(error.where) or "prepare.pool in params.yaml",
        got=error.got,
        expected=error.expected,
        remedy=own if inherited and about_group else renamed(error.remedy),
    )


def refuse_pool_of_rows(modality: Modality) -> None:
    """Raise ParamsError for a data set of table rows: no method for tables learns from rows without labels."""
    if modality not in _POOLED:
        raise ParamsError(
            "A pool holds images, but the data are table rows",
            where="prepare.pool in params.yaml",
            remedy="remove the setting: no method for tables learns from rows without labels",
        )


def load_pool(config: PrepareConfig, root: Path, like: LoadedData, advance: Advance = silent) -> LoadedData | None:
    """Pool in the form of the labelled rows `like`; None where there is none.

    Raises
    ------
    DataError
        It cannot be read at all. Questions for the user are in `problems`.
    ParamsError
        The labelled rows are table rows.
    """
    if config.pool is None:
        return None
    refuse_pool_of_rows(like.modality)
    raw, form = read_pool(config, root), like.form
    assert raw is not None and form is not None  # noqa: PT018 - a pool is named, and the labelled rows are images
    where = config.pool.path
    raw = replace(raw, problems=(*raw.problems, *left_out_problems(where, raw.entries, raw.left_out)))
    own = config.model_copy(update={"source": config.pool, "companions": config.pool.companions})
    loaded = load_images_like(like, form, raw, own, advance)
    loaded = replace(loaded, problems=tuple(map(_about_pool, loaded.problems)))
    return _with_known_labels(loaded, set(like.rows["label"]), where)


def _about_pool(problem: Problem) -> Problem:
    """Finding about companions, with the keys of the pool's."""
    texts = {"where": problem.where, "remedy": problem.remedy}
    return problem.model_copy(
        update={name: text and text.replace("prepare.companions", _OF_POOL) for name, text in texts.items()}
    )


def _with_known_labels(pool: LoadedData, known: set[str], where: str) -> LoadedData:
    """Rows whose unknown labels were removed: a label that no labelled row has is none, as the pool adds no classes."""
    labels = pool.rows["label"]
    strange = Counter(label for label in labels if label and label not in known)
    if not strange:
        return pool
    problem = Problem(
        severity="warning",
        what=f"{strange.total()} pool rows have a label that is not a class of the data, and count as unlabelled",
        where=where,
        places=tuple(f"{label!r}: {count}" for label, count in sorted(strange.items())),
        remedy="spell the classes as the labelled rows do, if they are the same",
    )
    rows = pool.rows.assign(label=labels.where(labels.isin(known), ""))
    return replace(pool, rows=rows, problems=(*pool.problems, problem))


def sift_pool(pool: LoadedData, data: LoadedData, split: Split, *, near: bool) -> Pool:
    """Pool rows that may stay beside this split of the labelled rows; `near`: near copies count as copies.

    A copy of a train row is dropped too: it would only count that row twice. Members of a train row's group stay.
    """
    count, more = len(data.rows), len(pool.rows)
    labels = pd.concat([data.rows["label"], pool.rows["label"]], ignore_index=True)
    payload = np.concatenate([np.asarray(data.payload), np.asarray(pool.payload)])
    alike = find_duplicates(payload, labels, near=near).near
    named = bound_ids(pd.concat([data.rows, pool.rows], ignore_index=True).fillna({CLIP: ""}))
    units = np.concatenate([split.units, split.units.max() + 1 + np.arange(more)])
    kin = components(count + more, alike, named, units)
    held, train = np.isin(split.parts, HELD), split.parts == "train"
    copies = components(count + more, alike)
    found = {
        COPY: _in_company(copies, held),
        BOUND: _in_company(kin, held),
        KNOWN: _in_company(copies, train),
    }
    reasons = np.full(more, "", dtype=object)
    for reason, places in reversed(found.items()):
        reasons[places] = reason
    examples = {
        reason: list(_examples(copies if reason != BOUND else kin, pool, data, split, reasons == reason))
        for reason in found
        if (reasons == reason).any()
    }
    return Pool(pool, reasons, _bound_to(kin, pool, data, split), examples)


def _in_company(components_of_all: Ids, labelled: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether a row's component holds one of these labelled rows, bool [pool rows]; labelled rows come first in it."""
    count = len(labelled)
    return np.isin(components_of_all[count:], components_of_all[:count][labelled])


def _examples(
    kin: Ids, pool: LoadedData, data: LoadedData, split: Split, chosen: npt.NDArray[np.bool_]
) -> Iterator[str]:
    count = len(data.rows)
    for place in np.flatnonzero(chosen)[:_SHOWN]:
        fellows = np.flatnonzero(kin[:count] == kin[count + place])
        parts = split.parts[fellows]
        held = fellows[np.isin(parts, HELD)]
        fellow = int((held if len(held) else fellows)[0])
        yield f"{pool.rows['source'][place]} = {data.rows['source'][fellow]} ({split.parts[fellow]})"


def _bound_to(kin: Ids, pool: LoadedData, data: LoadedData, split: Split) -> npt.NDArray[np.object_]:
    """Groups of the labelled rows in the component of each pool row, as their manifest names them."""
    count = len(data.rows)
    units = pd.Series(data.rows["id"].to_numpy(dtype=object)).groupby(split.units).transform("min")
    own = pd.Series(pool.rows["id"].to_numpy(dtype=object)).groupby(kin[count:]).transform("min").to_numpy(dtype=object)
    named = units.groupby(kin[:count]).agg(lambda names: " ".join(sorted(set(names))))
    return np.array([named.get(number, name) for number, name in zip(kin[count:], own, strict=True)], dtype=object)


def pool_figures(pool: Pool) -> dict[str, Any]:
    """JSON-able figures of reports/audit.json: rows that stay, rows that were left out by reason, with examples."""
    counts = Counter(reason for reason in pool.reasons if reason)
    return {
        "rows": pool.spec.rows,
        "labelled": pool.spec.labelled,
        "entries": entry_figures(len(pool.data.rows), pool.data.left_out),
        "dropped_rows": counts.total(),
        "dropped": [
            {"reason": reason, "count": count, "examples": pool.examples[reason]} for reason, count in counts.items()
        ],
    }


def pool_problems(pool: Pool) -> Iterator[Problem]:
    """Findings on rows that were left out."""
    counts = Counter(reason for reason in pool.reasons if reason)
    for reason in (COPY, BOUND, KNOWN):
        if counts[reason]:
            yield Problem(
                severity="note" if reason == KNOWN else "warning",
                code="pool",
                what=f"{counts[reason]} of {len(pool.reasons)} pool rows are left out: {reason}",
                places=tuple(pool.examples[reason]),
                remedy=None
                if reason != BOUND
                else "if these are not groups, set prepare.pool.group; clips need names of their own",
            )
    if not len(pool.kept):
        yield Problem(severity="warning", what="No row of the pool is left: synthesizers see the train rows alone")
