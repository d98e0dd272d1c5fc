"""The gallery of captions: what was asked for, and the pictures that were drawn for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import Samples
from gan_augment.reporting.pictures import data_uri

__all__ = ["CaptionRow", "caption_gallery"]

_SHOWN = 300  # characters of a caption


@dataclass(frozen=True)
class CaptionRow:
    """A caption, the label of its class, and its pictures as data URIs."""

    caption: str
    label: str
    pictures: tuple[str, ...]


def caption_gallery(captioned: Samples | None) -> list[CaptionRow]:
    """A row a caption, class by class in the order of the rows; none where rows have no captions."""
    if captioned is None:
        return []
    texts = frame_of(captioned.companions["caption"]).iloc[:, 0].astype(str)
    labels = captioned.manifest["label"].astype(str)
    frame = pd.DataFrame({"label": labels.to_numpy(), "caption": texts.to_numpy()})
    images = images_of(captioned.payload)
    rows = []
    for (label, caption), own in frame.groupby(["label", "caption"], sort=False):
        uris = tuple(data_uri(np.asarray(images[place])) for place in own.index)
        rows.append(CaptionRow(_shortened(str(caption)), str(label), uris))
    order = {label: place for place, label in enumerate(dict.fromkeys(frame["label"]))}
    return sorted(rows, key=lambda row: order[row.label])


def _shortened(caption: str) -> str:
    return caption if len(caption) <= _SHOWN else caption[:_SHOWN].rstrip() + "…"
