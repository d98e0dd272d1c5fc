"""From a source to canonical samples: one size and one number of channels, or typed columns."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import ImageSpec, Modality, TableSpec
from gan_augment.core.samples import Payload
from gan_augment.data.alike import alike_labels
from gan_augment.data.config import PrepareConfig
from gan_augment.data.images import Canonical, Header, UnreadableImageError, read_header, read_pixels
from gan_augment.data.problems import Problem
from gan_augment.data.sources import read_source
from gan_augment.data.sources.api import Advance, ImageHandle, RawData, RawImages, RawTable

__all__ = ["LoadedData", "choose_size", "load_data"]

MAX_AUTO_SIZE = 64
MAX_THREADS = 4  # Pillow decodes without the interpreter's lock
T = TypeVar("T")
Result = TypeVar("Result")


@dataclass(frozen=True)
class LoadedData:
    """A data set, ready to be examined and split.

    Attributes
    ----------
    rows
        `RawData.rows` with a column `id` in front: 16 hex digits of the identity's hash.
    payload
        uint8 [n, size, size, channels], or the feature columns.
    headers
        Of images: each file's size and mode before it became canonical.
    """

    name: str
    licence: str
    rows: pd.DataFrame
    payload: Payload
    image: ImageSpec | None = None
    table: TableSpec | None = None
    headers: tuple[Header, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def modality(self) -> Modality:
        """What the payload is."""
        return "image" if self.image is not None else "table"


def _silent(*_: object) -> None:
    return None


def load_data(config: PrepareConfig, root: Path, advance: Advance = _silent) -> LoadedData:
    """Read everything that `prepare.source` names.

    What a person has to decide is in `problems`, and loading goes on without the rows or columns concerned.

    Raises
    ------
    DataError
        Nothing sensible can be loaded: the path is missing, no image can be read, the target is unusable.
    ParamsError
        `prepare.exclude` names a label that the data does not have.
    """
    raw = _without(read_source(config.source, root, config.split), config.exclude)
    raw = replace(raw, problems=(*raw.problems, *alike_labels(raw.rows["label"])))
    rows = raw.rows.copy()
    rows.insert(0, "id", pd.Series([_short_hash(text) for text in rows["identity"]], dtype="string"))
    if isinstance(raw.content, RawTable):
        table = raw.content
        return LoadedData(raw.name, raw.licence, rows, table.frame, table=table.spec, problems=raw.problems)
    return _load_images(raw, raw.content, rows, config, advance)


def choose_size(headers: Sequence[Header]) -> int:
    """A square side for these images: theirs if they share one that fits, else one near the median shorter side.

    A multiple of 4 (two halvings in a convolutional network), at least 8, at most 64.
    """
    shorter = int(np.median([min(header.width, header.height) for header in headers]))
    for side, at_least in ((MAX_AUTO_SIZE, 56), (48, 44)):
        if shorter >= at_least:
            return side
    return max(8, shorter // 4 * 4)


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without(raw: RawData, exclude: tuple[str, ...]) -> RawData:
    unknown = sorted(set(exclude) - set(raw.rows["label"]))
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(set(raw.rows["label"])), n=1)
        raise ParamsError(
            "A class that is to be left out is not in the data",
            where="prepare.exclude in params.yaml",
            got=", ".join(map(repr, unknown)),
            remedy=f"did you mean {near[0]!r}?" if near else "remove it from the list",
        )
    return _take(raw, np.flatnonzero(~raw.rows["label"].isin(exclude).to_numpy(dtype=bool)))


def _take(raw: RawData, index: npt.NDArray[np.intp]) -> RawData:
    rows = raw.rows.iloc[index].reset_index(drop=True)
    content: RawImages | RawTable
    if isinstance(raw.content, RawTable):
        content = RawTable(raw.content.frame.iloc[index].reset_index(drop=True), raw.content.spec)
    else:
        content = RawImages(tuple(raw.content.handles[i] for i in index))
    return RawData(raw.name, raw.licence, rows, content, raw.problems)


def _load_images(
    raw: RawData, images: RawImages, rows: pd.DataFrame, config: PrepareConfig, advance: Advance
) -> LoadedData:
    handles = images.handles
    headers, bad_headers = _attempt(read_header, handles, advance, "reading headers")
    if not headers:
        raise _corrupt(config, handles, bad_headers).as_error()
    size = config.image_size or choose_size(list(headers.values()))
    canonical = Canonical(size, config.resize, config.background, config.white)
    readable = {place: handles[place] for place in headers}
    pixels, bad_pixels = _attempt(
        lambda handle: read_pixels(handle, canonical), list(readable.values()), advance, "decoding images"
    )
    places = list(readable)
    bad = bad_headers | {places[place]: reason for place, reason in bad_pixels.items()}
    if not pixels:
        raise _corrupt(config, handles, bad).as_error()
    kept = [places[place] for place in pixels]
    payload = _collapse_grey(np.stack(list(pixels.values())))
    kept_headers = tuple(headers[place] for place in kept)
    problems = list(raw.problems)
    if bad:
        problems.append(_corrupt(config, handles, bad))
    problems.extend(_about_depth(kept_headers, payload, config))
    return LoadedData(
        raw.name,
        raw.licence,
        rows.iloc[kept].reset_index(drop=True),
        payload,
        image=ImageSpec(height=size, width=size, channels=1 if payload.shape[3] == 1 else 3),
        headers=kept_headers,
        problems=tuple(problems),
    )


def _attempt(
    work: Callable[[ImageHandle], Result], handles: Sequence[ImageHandle], advance: Advance, note: str
) -> tuple[dict[int, Result], dict[int, str]]:
    """Results by place, and reasons by place of what could not be read."""

    def guarded(handle: ImageHandle) -> Result | UnreadableImageError:
        try:
            return work(handle)
        except UnreadableImageError as error:
            return error
        except OSError as error:
            return UnreadableImageError(error.strerror or type(error).__name__)

    good: dict[int, Result] = {}
    bad: dict[int, str] = {}
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        for place, result in enumerate(pool.map(guarded, handles)):
            if isinstance(result, UnreadableImageError):
                bad[place] = str(result)
            else:
                good[place] = result
            advance(place + 1, len(handles), note)
    return good, bad


def _corrupt(config: PrepareConfig, handles: Sequence[ImageHandle], bad: dict[int, str]) -> Problem:
    skip = config.corrupt == "skip"
    return Problem(
        severity="warning" if skip else "error",
        code="unreadable_images",
        what=f"{len(bad)} of {len(handles)} images cannot be read" + (" and are left out" if skip else ""),
        where=getattr(config.source, "path", None),
        places=tuple(f"{handles[place].name}: {reason}" for place, reason in bad.items()),
        expected="whole images in a format that Pillow reads",
        remedy=None if skip else "repair or remove these files, or set prepare.corrupt: skip",
    )


def _collapse_grey(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[n, h, w, 3] to one channel where all images are grey."""
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return np.ascontiguousarray(pixels[..., :1]) if grey else pixels


def _about_depth(headers: Sequence[Header], pixels: npt.NDArray[np.uint8], config: PrepareConfig) -> Iterator[Problem]:
    """12-bit pictures in 16-bit files come out nearly black."""
    deep = [place for place, header in enumerate(headers) if header.mode.startswith("I")]
    if not deep or not (brightest := int(pixels[deep].max())) or brightest >= 64:
        return
    depth = next(bits for bits in range(8, 17) if 2**bits > (brightest - 0.5) / 255 * config.white)
    yield Problem(
        severity="warning",
        what=f"{len(deep)} 16-bit images use only {brightest} of 255 grey levels once scaled",
        where=getattr(config.source, "path", None),
        expected=f"values up to prepare.white, which is {config.white}",
        remedy=f"if the camera has {depth} bits, set prepare.white: {2**depth - 1}",
    )
