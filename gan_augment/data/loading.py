"""Loading: canonical samples from a source, with one size and one number of channels, or typed columns."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import ParamsError
from gan_augment.core.fields import Payload, frame_of, images_of, take
from gan_augment.core.progress import Advance, silent
from gan_augment.core.records import Field, ImageSpec, Modality, Role, TableSpec
from gan_augment.data.accounts import LeftOut, Reason, left_out_problems
from gan_augment.data.attempts import attempt
from gan_augment.data.clips import CLIP, about_clips
from gan_augment.data.companions import Companion, Rows, load_companion
from gan_augment.data.config import ImageFolderSource, PrepareConfig, SplitConfig
from gan_augment.data.depth import choose_scale
from gan_augment.data.images import Canonical, Header, read_extent, read_header, read_pixels
from gan_augment.data.labels import about_labels
from gan_augment.data.problems import Problem
from gan_augment.data.raw import ImageHandle, RawData, RawImages, RawTable, images_in
from gan_augment.data.sources import read_source

__all__ = ["LoadedData", "choose_size", "load_data", "load_images_like"]

MAX_AUTO_SIZE = 64
LONG = 1.6  # the longer side over the shorter from which a shared shape is kept: 16:9 is, a photograph of 3:2 is not
SAME_SHAPE = 1.15  # the ratio of two aspects up to which they count as one
MOST = 0.8  # of the images
_MOST_HEADERS, _HEADERS_FOR_COLOUR = 2_000, 100  # read before `prepare`, which reads all
_OF_IMAGES = ("image_size", "resize", "background", "black", "white", "corrupt")  # settings that a table does not use
UNREADABLE = Reason("images that cannot be read", "note")  # a finding of its own describes it in full
WITHOUT = Reason("without a companion that all rows must have", "note")  # as above
EXCLUDED = Reason("of a class that prepare.exclude leaves out", "note")


@dataclass(frozen=True)
class LoadedData:
    """Data set, ready to be examined and split.

    Attributes
    ----------
    rows
        `RawData.rows` with a column `id` in front: 16 hex digits of the identity's hash. Rows with a companion
        `sequence` have its name in a last column, `clip`.
    payload
        uint8 [n, height, width, channels], or the feature columns.
    headers
        Of images: each file's size and mode before it became canonical.
    form
        Of images: how each of them became canonical.
    left_out
        Every entry of the source that is not a row, with its reason; unreadable and excluded ones too.
    companions, fields
        Companions by role, in the order of `rows`, and their forms.
    converted_from
        Of a pool: the channels of its images before they got those of the labelled images; None: the same.
    """

    name: str
    licence: str
    rows: pd.DataFrame
    payload: Payload
    image: ImageSpec | None = None
    table: TableSpec | None = None
    headers: tuple[Header, ...] = ()
    form: Canonical | None = None
    problems: tuple[Problem, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = ()
    companions: Mapping[Role, Payload] = field(default_factory=dict)
    fields: Mapping[Role, Field] = field(default_factory=dict)
    converted_from: Literal[1, 3] | None = None

    @property
    def modality(self) -> Modality:
        """Modality of the payload."""
        return "image" if self.image is not None else "table"


def load_data(config: PrepareConfig, root: Path, advance: Advance = silent) -> LoadedData:
    """Load everything that `prepare.source` names.

    Questions that a person has to decide are in `problems`, and loading goes on without the rows or columns concerned.

    Raises
    ------
    DataError
        Nothing sensible can be loaded: the path is missing, no image can be read, the target is unusable.
    ParamsError
        `prepare.exclude` names a label that the data does not have.
    """
    source = read_source(config.source, root, config.split, config.companions)
    raw = _without(_examined(source, config), config.exclude)
    rows = raw.rows.copy()
    rows.insert(0, "id", pd.Series([_short_hash(text) for text in rows["identity"]], dtype="string"))
    if isinstance(raw.content, RawTable):
        _refuse_image_settings(config)
        table = raw.content
        return LoadedData(
            raw.name,
            raw.licence,
            rows,
            table.frame,
            table=table.spec,
            problems=raw.problems,
            left_out=raw.left_out,
        )
    return _load_images(raw, raw.content, rows, config, advance)


def load_images_like(
    like: LoadedData, form: Canonical, raw: RawData, config: PrepareConfig, advance: Advance = silent
) -> LoadedData:
    """Load more images, in the `form` and the colours of those loaded before.

    `config.source` is where they come from. `rows` has the columns of `LoadedData.rows`. Raises DataError.
    """
    rows = raw.rows.copy()
    rows.insert(0, "id", pd.Series([_short_hash(text) for text in rows["identity"]], dtype="string"))
    loaded = _load_images(raw, images_in(raw), rows, config, advance, form)
    channels = images_of(like.payload).shape[3]
    own = images_of(loaded.payload)
    before = cast(Literal[1, 3], own.shape[3]) if own.shape[3] != channels else None
    return replace(loaded, payload=_in_channels(own, channels), image=like.image, converted_from=before)


def choose_size(headers: Sequence[Header]) -> int | tuple[int, int]:
    """Square side for these images: their own if they share one that fits, else one near the median shorter side.

    (height, width) where most of them are long in the same way. Multiples of 4 (two halvings in a convolutional
    network), at least 8; as many pixels as 64 x 64 at most.
    """
    return _shared_rectangle(headers) or _square(headers)


def _shared_rectangle(headers: Sequence[Header]) -> tuple[int, int] | None:
    aspects = np.array([header.width / header.height for header in headers])
    usual = float(np.median(aspects))
    alike = np.maximum(aspects / usual, usual / aspects) <= SAME_SHAPE
    if max(usual, 1 / usual) < LONG or alike.mean() < MOST:
        return None
    height, width = (float(np.median([getattr(h, side) for h in headers])) for side in ("height", "width"))
    scale = min(1.0, math.sqrt(MAX_AUTO_SIZE**2 / (height * width)))
    heights, widths = (_multiples_near(scale * side) for side in (height, width))
    nearest = min(
        itertools.product(heights, widths), key=lambda size: abs(math.log(size[1] * height / size[0] / width))
    )
    return None if nearest[0] == nearest[1] else nearest


def _multiples_near(side: float) -> list[int]:
    """The multiples of 4 below and above that a side may have."""
    return sorted({min(max(8, 4 * fourth), 1024) for fourth in (math.floor(side / 4), math.ceil(side / 4))})


def _square(headers: Sequence[Header]) -> int:
    shorter = int(np.median([min(header.width, header.height) for header in headers]))
    for side, at_least in ((MAX_AUTO_SIZE, 56), (48, 44)):
        if shorter >= at_least:
            return side
    return max(8, shorter // 4 * 4)


def expected_image(images: RawImages, config: PrepareConfig) -> ImageSpec | None:
    """Form that `prepare` will give these images, by their headers; None where that takes too many.

    Headers are read from whole files. With `image_size` a few are enough: they only show whether the images are grey.
    """
    if config.image_size is None and len(images.handles) > _MOST_HEADERS:
        return None
    some = images.handles if config.image_size is None else images.handles[:_HEADERS_FOR_COLOUR]
    headers = list(attempt(read_header, dict(enumerate(some)), silent, "")[0].values())
    if not headers:
        return None
    size = config.image_size or choose_size(headers)
    height, width = Canonical(size).height_and_width
    return ImageSpec(height=height, width=width, channels=1 if all(header.grey for header in headers) else 3)


def _examined(raw: RawData, config: PrepareConfig) -> RawData:
    """Data with the findings common to every source: entries left out, labels, settings without effect."""
    where = str(getattr(config.source, "path", raw.name))
    return replace(
        raw,
        problems=(
            *raw.problems,
            *left_out_problems(where, raw.entries, raw.left_out),
            *about_labels(raw.rows["label"], parts=not isinstance(config.source, ImageFolderSource)),
            *_about_shares(raw, config),
        ),
    )


def _refuse_image_settings(config: PrepareConfig) -> None:
    for key in _OF_IMAGES:
        value = getattr(config, key)
        if value != PrepareConfig.model_fields[key].default:
            raise ParamsError(
                "A table has no images to which this setting could apply",
                where=f"prepare.{key} in params.yaml",
                got=repr(value),
                remedy="remove the setting",
            )


def _about_shares(raw: RawData, config: PrepareConfig) -> Iterator[Problem]:
    """Findings on requested shares of the split for parts that the data brings itself."""
    given = set(raw.rows["split"])
    for part in ("validation", "test"):
        share = getattr(config.split, part)
        if part in given and share != SplitConfig.model_fields[part].default:
            yield Problem(
                severity="warning",
                what=f"prepare.split.{part}: {share:g} has no effect, as the data brings its own {part} part",
                remedy="remove the setting, or the data's own split (prepare.split.column)",
            )


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
    """Data with these rows; the others are left out at the user's request."""
    gone = raw.rows["source"].drop(raw.rows.index[index])
    rows = raw.rows.iloc[index].reset_index(drop=True)
    content: RawImages | RawTable
    if isinstance(raw.content, RawTable):
        content = RawTable(raw.content.frame.iloc[index].reset_index(drop=True), raw.content.spec)
    else:
        content = RawImages(tuple(raw.content.handles[i] for i in index))
    left_out = (*raw.left_out, *(LeftOut(source, EXCLUDED) for source in gone))
    companions = {role: tuple(entries[i] for i in index) for role, entries in raw.companions.items()}
    return replace(raw, rows=rows, content=content, left_out=left_out, companions=companions)


def _load_images(
    raw: RawData,
    images: RawImages,
    rows: pd.DataFrame,
    config: PrepareConfig,
    advance: Advance,
    form: Canonical | None = None,
) -> LoadedData:
    """All readable images, in `form`; None: in the form that suits all of them."""
    handles = images.handles
    headers, bad = attempt(read_header, dict(enumerate(handles)), advance, "reading headers")
    if not headers:
        raise _corrupt(config, handles, bad).as_error()
    deep = {place: handles[place] for place, header in headers.items() if header.deep}
    extents, bad_deep = attempt(read_extent, deep, advance, "reading the range of deep images")
    scale = choose_scale([(headers[place].numbers, extent) for place, extent in extents.items()], config)
    size = form.size if form else config.image_size or choose_size(list(headers.values()))
    integers, floats = scale.ranges if form is None else (form.integers, form.floats or scale.floats)
    canonical = Canonical(size, config.resize, config.background, config.white, config.black, integers, floats)
    readable = {place: handles[place] for place in headers if place not in bad_deep}
    pixels, bad_pixels = attempt(lambda handle: read_pixels(handle, canonical), readable, advance, "decoding images")
    bad |= bad_deep | bad_pixels
    if not pixels:
        raise _corrupt(config, handles, bad).as_error()
    payload = _collapse_grey(np.stack(list(pixels.values())))
    height, width = canonical.height_and_width
    problems = [*raw.problems, *scale.problems]
    if bad:
        problems.append(_corrupt(config, handles, bad))
    problems.extend(_about_frames(handles, {place: headers[place] for place in pixels}))
    unread = tuple(LeftOut(handles[place].name, UNREADABLE, reason) for place, reason in bad.items())
    data = LoadedData(
        raw.name,
        raw.licence,
        rows.iloc[list(pixels)].reset_index(drop=True),
        payload,
        image=ImageSpec(height=height, width=width, channels=1 if payload.shape[3] == 1 else 3),
        headers=tuple(headers[place] for place in pixels),
        form=canonical,
        problems=tuple(problems),
        left_out=(*raw.left_out, *unread),
    )
    return _with_companions(data, raw, config, list(pixels), canonical, advance) if raw.companions else data


def _with_companions(
    data: LoadedData, raw: RawData, config: PrepareConfig, places: list[int], canonical: Canonical, advance: Advance
) -> LoadedData:
    """Data with its companions, for rows at `places` of the source; rows without a required one are left out.

    Where a companion cannot be used, the data stays without any, and the problems report it.
    """
    names = dict(zip(places, data.rows["source"], strict=True))
    rows = Rows(places, names, dict(zip(places, data.headers, strict=True)))
    read = {role: load_companion(role, e, rows, config, canonical, advance) for role, e in raw.companions.items()}
    problems = (*data.problems, *(problem for companion in read.values() for problem in companion.problems))
    if any(problem.severity == "error" for problem in problems):
        return replace(data, problems=problems)
    kept = [place for place in places if all(place in companion.whole for companion in read.values())]
    if not kept:
        return replace(data, problems=(*problems, _no_row_has_all(read)))
    index = np.flatnonzero(np.isin(places, kept))
    without = {place: reason for companion in read.values() for place, reason in companion.without.items()}
    kept_rows, headers = data.rows.iloc[index].reset_index(drop=True), tuple(data.headers[i] for i in index)
    if "sequence" in read:
        sequence = frame_of(read["sequence"].of(kept))
        problems = (*problems, *about_clips(kept_rows["source"].tolist(), sequence, headers))
        kept_rows[CLIP] = sequence["sequence"]
    return replace(
        data,
        rows=kept_rows,
        payload=take(data.payload, index),
        headers=headers,
        problems=problems,
        left_out=(*data.left_out, *(LeftOut(names[place], WITHOUT, reason) for place, reason in without.items())),
        companions={role: companion.of(kept) for role, companion in read.items()},
        fields={role: companion.field for role, companion in read.items()},
    )


def _no_row_has_all(read: Mapping[Role, Companion]) -> Problem:
    return Problem(
        severity="error",
        code="companions",
        what="No row has all companions",
        where="prepare.companions",
        places=tuple(f"{role}: {len(companion.places)} rows" for role, companion in read.items()),
        remedy="remove one of them, or add what is missing",
    )


def _corrupt(config: PrepareConfig, handles: Sequence[ImageHandle], bad: dict[int, str]) -> Problem:
    skip = config.corrupt == "skip"
    return Problem(
        severity="warning" if skip else "error",
        code="unreadable_images",
        what=f"{len(bad)} of {len(handles)} images cannot be read" + (" and are left out" if skip else ""),
        where=getattr(config.source, "path", None),
        places=tuple(f"{handles[place].name}: {bad[place]}" for place in sorted(bad)),
        expected="whole images in a format that Pillow reads",
        remedy=None if skip else "repair or remove these files, or set prepare.corrupt: skip",
    )


def _collapse_grey(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Pixels [n, h, w, 3] reduced to one channel where all images are grey."""
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return np.ascontiguousarray(pixels[..., :1]) if grey else pixels


def _in_channels(pixels: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Pixels [n, h, w, 1 or 3] with this many channels; colours become grey by Rec. 601, as in Pillow."""
    if pixels.shape[3] == channels:
        return pixels
    if channels == 3:
        return np.ascontiguousarray(np.repeat(pixels, 3, axis=3))
    red, green, blue = (pixels[..., [channel]].astype(np.uint32) for channel in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(np.uint8)


def _about_frames(handles: Sequence[ImageHandle], headers: Mapping[int, Header]) -> Iterator[Problem]:
    """Findings on animations and stacks, of which one picture is a sample."""
    several = {place: header.frames for place, header in headers.items() if header.frames > 1}
    if several:
        yield Problem(
            severity="warning",
            code="frames",
            what=f"{len(several)} file{'s hold' if len(several) > 1 else ' holds'} more than one picture; "
            "the first is the sample",
            places=tuple(f"{handles[place].name}: {frames} pictures" for place, frames in several.items()),
            remedy="to use the others, write each to a separate file",
        )
