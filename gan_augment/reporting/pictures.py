"""Real and synthetic pictures of each class as data URIs, each synthetic one with its source and nearest neighbours."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from gan_augment.core.png import encode_png
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples
from gan_augment.reporting.config import ReportConfig
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.scales import number, percent

__all__ = ["Picture", "Sheet", "class_sheets", "data_uri", "is_pixelated"]

_LONGEST_SIDE = 96  # px: larger pictures are reduced for the page
_PIXEL_SIDE = 16  # neighbours by pixels are looked for at this size
_POOL_ROWS = 4000  # pool rows among which the nearest one is looked for, spread over all
_SOURCES = 2  # of a translation that are shown
_PIXELATED = 64  # px: smaller pictures are drawn with hard edges


def is_pixelated(spec: DatasetSpec) -> bool:
    """Whether the pictures are so small that a reader should see their pixels."""
    return spec.image is not None and max(spec.image.height, spec.image.width) < _PIXELATED


@dataclass(frozen=True)
class Picture:
    """One picture. `verdict`: "accepted", or the filter that rejected it; real ones have none.

    `neighbours`: (why, id) of other pictures: the "script" or the real "source" of a translation, the nearest train
    pictures by "features" (curation's) and "pixels" (ours), and the nearest of the "pool".
    """

    id: str
    uri: str
    verdict: str = ""
    judge: float | None = None
    copy: float | None = None
    neighbours: tuple[tuple[str, str], ...] = ()

    @property
    def about(self) -> str:
        """What curation measured on it, in words."""
        facts = []
        if self.judge is not None:
            facts.append(f"A judge trained on real rows gives its class {percent(self.judge, 0)}.")
        if self.copy is not None:
            facts.append(f"It keeps {number(self.copy, 2)} times as far from the train rows as held-out rows do.")
        return " ".join(facts)


@dataclass(frozen=True)
class Sheet:
    """One class's pictures, and the real pictures (id -> data URI) that are only shown as neighbours."""

    real: tuple[Picture, ...]
    synthetic: tuple[Picture, ...]
    others: Mapping[str, str]


def class_sheets(evidence: Evidence, config: ReportConfig) -> dict[str, Sheet]:
    """Class key -> sheet. Shows fewer pictures a class than asked for where the page would grow too large."""
    share = _affordable(evidence, config)
    pool = _some_of(evidence.pool) if config.neighbours else None
    sheets = {}
    for record in evidence.spec.classes:
        real, accepted, rejected = (
            part.of_class(record.label) for part in (evidence.train, evidence.accepted, evidence.rejected)
        )
        shown = Samples.concat(
            [
                accepted.take(slice(0, int(share * config.pictures))),
                rejected.take(slice(0, int(share * config.rejected))),
            ]
        )
        count = int(share * config.pictures)
        sheets[record.key] = _sheet(real, shown, evidence.scores, pool, count=count, neighbours=config.neighbours)
        sheets[record.key] = _with_scripts(sheets[record.key], evidence.scripts)
    return sheets


def _with_scripts(sheet: Sheet, scripts: Mapping[str, npt.NDArray[np.uint8]]) -> Sheet:
    """The sheet with the script's picture as the first neighbour of each row that has one."""
    known = [picture.id for picture in sheet.synthetic if picture.id in scripts]
    drawn = {f"script of {name}": data_uri(np.asarray(scripts[name])) for name in known}
    synthetic = tuple(
        replace(picture, neighbours=(("script", f"script of {picture.id}"), *picture.neighbours))
        if picture.id in scripts
        else picture
        for picture in sheet.synthetic
    )
    return Sheet(sheet.real, synthetic, {**sheet.others, **drawn})


def _some_of(pool: Samples | None) -> Samples | None:
    """At most `_POOL_ROWS` of its rows."""
    return None if pool is None or not len(pool) else pool.take(slice(None, None, -(-len(pool) // _POOL_ROWS)))


def _affordable(evidence: Evidence, config: ReportConfig) -> float:
    """Which share of the wanted pictures fits into the page, from the size of a few."""
    probe = np.asarray(evidence.train.payload[: 64 : max(1, len(evidence.train) // 64)])
    if not len(probe):
        return 1.0
    each = float(np.mean([len(data_uri(pixels)) for pixels in probe])) + 120  # and the markup around it
    others = config.neighbours + (evidence.pool is not None) + 1  # a source
    wanted = (config.pictures + config.rejected) * (1 + others) + config.pictures
    total = each * wanted * len(evidence.spec.classes)
    return min(1.0, config.megabytes * 1e6 / max(total, 1.0))


def _sheet(
    real: Samples, shown: Samples, scores: pd.DataFrame, pool: Samples | None, *, count: int, neighbours: int
) -> Sheet:
    ids = real.manifest["id"].tolist()
    places = {identifier: place for place, identifier in enumerate(ids)}
    made = np.asarray(shown.payload)
    by_pixels = _nearest_by_pixels(made, np.asarray(real.payload), neighbours)
    pooled = _nearest_pooled(made, pool)
    synthetic = tuple(
        _synthetic(identifier, pixels, scores, [ids[n] for n in near], places, neighbours)
        for identifier, pixels, near in zip(shown.manifest["id"], made, by_pixels, strict=True)
    )
    parents = shown.manifest["parents"].fillna("") if neighbours else [""] * len(shown)
    synthetic = tuple(
        replace(picture, neighbours=(*_sources(names, places), *picture.neighbours, *near))
        for picture, names, near in zip(synthetic, parents, pooled, strict=True)
    )
    first = tuple(Picture(ids[n], data_uri(np.asarray(real.payload[n]))) for n in range(min(count, len(real))))
    needed = {(why, other) for picture in synthetic for why, other in picture.neighbours}
    needed -= {(why, picture.id) for why, _ in needed for picture in first}
    return Sheet(first, synthetic, dict(_others(needed, real, places, pool)))


def _sources(parents: str, known: Mapping[str, int]) -> list[tuple[str, str]]:
    return [("source", parent) for parent in dict.fromkeys(parents.split()) if parent in known][:_SOURCES]


def _nearest_pooled(made: npt.NDArray[np.uint8], pool: Samples | None) -> list[list[tuple[str, str]]]:
    """For each picture ("pool", id) of the nearest pool picture; nothing without a pool."""
    if pool is None:
        return [[] for _ in made]
    ids = pool.manifest["id"].tolist()
    return [[("pool", ids[place]) for place in near] for near in _nearest_by_pixels(made, np.asarray(pool.payload), 1)]


def _others(
    needed: set[tuple[str, str]], real: Samples, places: Mapping[str, int], pool: Samples | None
) -> Iterator[tuple[str, str]]:
    """(id, data URI) of real and pool pictures that are no part of the sheet."""
    pooled = {} if pool is None else {name: place for place, name in enumerate(pool.manifest["id"])}
    for why, other in sorted(needed):
        if why == "pool" and pool is not None:
            yield other, data_uri(np.asarray(pool.payload[pooled[other]]))
        else:
            yield other, data_uri(np.asarray(real.payload[places[other]]))


def _synthetic(
    identifier: str,
    pixels: npt.NDArray[np.uint8],
    scores: pd.DataFrame,
    by_pixels: Sequence[str],
    known: Mapping[str, int],
    count: int,
) -> Picture:
    row: Mapping[Any, Any] = scores.loc[identifier].to_dict() if identifier in scores.index else {}
    nearest = str(row.get("nearest") or "")
    chosen = [("features", nearest)] if nearest in known and count else []
    chosen += [("pixels", other) for other in by_pixels if other != nearest]
    return Picture(
        identifier,
        data_uri(pixels),
        verdict="accepted" if row.get("accepted", True) else str(row.get("rejected_by") or "rejected"),
        judge=_finite(row.get("judge_probability")),
        copy=_finite(row.get("copy_distance")),
        neighbours=tuple(chosen[:count]),
    )


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _nearest_by_pixels(made: npt.NDArray[np.uint8], real: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.int64]:
    """int64 [made, count]: the nearest rows of `real` by squared distance of small versions, nearest first."""
    if not len(real):
        return np.zeros((len(made), 0), dtype=np.int64)
    a, b = _small(made), _small(real)
    distance = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.argsort(distance, axis=1, kind="stable")[:, :count]


def _small(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """float32 [n, values]: images reduced by striding over block means; sizes below the limit stay as they are."""
    step = min(max(1, max(images.shape[1:3]) // _PIXEL_SIDE), *images.shape[1:3])
    height, width = (size // step * step for size in images.shape[1:3])
    count, channels = len(images), images.shape[3]
    blocks = images[:, :height, :width].reshape(count, height // step, step, width // step, step, channels)
    values = height // step * (width // step) * channels
    small: npt.NDArray[np.float32] = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(count, values)
    return small


def data_uri(pixels: npt.NDArray[np.uint8]) -> str:
    """A PNG of uint8 [h, w, c] as text for `src`; large pictures are reduced."""
    if max(pixels.shape[:2]) > _LONGEST_SIDE:
        image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        reduced = np.asarray(image)
        pixels = reduced[:, :, None] if reduced.ndim == 2 else reduced
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels)).decode("ascii")
