"""Rows that differ from a real image in some pixels: that image, these pixels, and the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_augment.core.fields import images_of
from gan_augment.core.samples import Samples
from gan_augment.reporting.evidence import Evidence
from gan_augment.reporting.pictures import data_uri

__all__ = ["PaintedClass", "painted"]

_OF_CLASS, _MOST = 6, 60  # triples of a class, and of the page
_MOST_PAINTED = 0.75  # of an image: beyond it all of the image is another one

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PaintedClass:
    """Triples of data URIs of a class: before, the changed pixels in white, after. `share`: of the pixels, in %."""

    label: str
    share: int
    triples: tuple[tuple[str, str, str], ...]


def painted(evidence: Evidence) -> list[PaintedClass]:
    """Of images a class an entry; none where rows come from no real image, or differ from it nearly everywhere."""
    places = {name: place for place, name in enumerate(evidence.train.manifest["id"])}
    real, found = images_of(evidence.train.payload), list[PaintedClass]()
    most = max(1, min(_OF_CLASS, _MOST // len(evidence.spec.classes)))
    for record in evidence.spec.classes:
        pairs = list(_pairs(evidence.accepted.of_class(record.label), places, real))
        shares = [float((before != after).any(axis=2).mean()) for before, after in pairs]
        if not pairs or np.median(shares) > _MOST_PAINTED:
            continue
        triples = tuple(_triple(before, after) for before, after in pairs[:most])
        found.append(PaintedClass(record.label, round(100 * float(np.mean(shares))), triples))
    return found


def _pairs(rows: Samples, places: dict[str, int], real: Pixels) -> Iterator[tuple[Pixels, Pixels]]:
    """The real image that each row starts from, and the row."""
    for parents, after in zip(rows.manifest["parents"].fillna(""), images_of(rows.payload), strict=True):
        first = parents.split()[0] if parents else ""
        if first in places:
            yield real[places[first]], after


def _triple(before: Pixels, after: Pixels) -> tuple[str, str, str]:
    changed = (before != after).any(axis=2)
    return data_uri(before), data_uri(np.where(changed, 255, 0).astype(np.uint8)[..., None]), data_uri(after)
