"""Companions: data of a source beside its images, in step with them: same crop, same size, typed columns."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.fields import Payload, empty, frame_of, take
from gan_augment.core.progress import Advance
from gan_augment.core.records import ArrayField, Column, Field, FrameField, ImageSpec, Role
from gan_augment.data.attempts import attempt
from gan_augment.data.columns import MISSING_TEXTS
from gan_augment.data.config import CompanionSource, PrepareConfig
from gan_augment.data.images import Canonical, Header, UnreadableImageError, read_header, read_mask, read_pixels
from gan_augment.data.problems import Problem, listing
from gan_augment.data.raw import ArrayImage, Beside, EncodedImage, ImageHandle

__all__ = [
    "MOST_VALUES",
    "UNKNOWN",
    "Companion",
    "Rows",
    "companion_field",
    "load_companion",
    "refuse_unseen_values",
]

UNKNOWN = "unknown"  # the value of an empty cell among attributes
ARRAYS: tuple[Role, ...] = ("pair", "mask", "voxels")
MOST_VALUES = 100  # values of one attribute
MAX_TEXT = 2**20  # bytes of a text file
_EMPTY = MISSING_TEXTS - {"None"}  # "None" may be a value
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Rows:
    """Rows that have an image: their places in the source, their names, the size of each image as displayed."""

    places: Sequence[int]
    names: Mapping[int, str]
    headers: Mapping[int, Header]


@dataclass(frozen=True)
class Companion:
    """Values of one role at `places`; fewer than the rows where some lack it."""

    places: tuple[int, ...]
    values: Payload
    field: Field
    problems: tuple[Problem, ...] = ()
    without: Mapping[int, str] = dataclass_field(default_factory=dict)  # rows that are left out, with the reason

    @cached_property
    def whole(self) -> frozenset[int]:
        """The places as a set, for look-up."""
        return frozenset(self.places)

    def of(self, places: Sequence[int]) -> Payload:
        """Values of the rows at these ascending places."""
        return take(self.values, np.searchsorted(self.places, places))


def load_companion(
    role: Role, entries: Sequence[Beside], rows: Rows, config: PrepareConfig, canonical: Canonical, advance: Advance
) -> Companion:
    """Read the companion of each row; an unreadable one is a problem of severity `error`, or its row is left out."""
    source = config.companions[role]
    present = {place: entries[place] for place in rows.places if not _is_empty(entries[place])}
    read: Callable[[int], Any] = partial(_read, role, present, rows, canonical)
    good, bad = attempt(read, {place: place for place in present}, advance, f"reading companions: {role}")
    for place in [place for place, value in good.items() if isinstance(value, str) and not value]:
        del good[place], present[place]  # a file without a text
    absent = [rows.names[place] for place in rows.places if place not in present]
    problems = [*_about_absent(role, source, absent, len(rows.places)), *_about_bad(role, bad, rows, config)]
    places, values = tuple(good), list(good.values())
    if role == "voxels":
        problems += _about_shapes(role, good, rows)
    if any(problem.severity == "error" for problem in problems) or not values:
        nothing = companion_field(role, source)
        return Companion((), empty(nothing), nothing, tuple(problems))
    payload = _payload(role, source, values)
    if role == "attributes":
        problems += _about_values(payload, source)
    without = {place: f"no {role}" for place in rows.places if place not in good}
    described: Field = ArrayField(shape=np.shape(payload)[1:]) if role in ARRAYS else _frame_field(role, source)
    return Companion(places, payload, described, tuple(problems), without)


def companion_field(role: Role, source: CompanionSource, image: ImageSpec | None = None) -> Field:
    """Storage form that a companion will have, as far as it is known before reading."""
    if role in ARRAYS:
        side = image or ImageSpec(height=4, width=4, channels=3)
        channels = 1 if role == "mask" else side.channels
        return ArrayField(shape=(side.height,) * 3 if role == "voxels" else (side.height, side.width, channels))
    return _frame_field(role, source)


def _frame_field(role: Role, source: CompanionSource) -> FrameField:
    names = (source.names or (source.array or role,)) if role == "attributes" else (role,)
    texts = tuple(Column(name=name, kind="categorical", dtype="string") for name in names)
    number = Column(name="frame", kind="numeric", dtype="Int64", integer=True)
    return FrameField(columns=(*texts, number) if role == "sequence" else texts)


def _is_empty(entry: Beside) -> bool:
    """Whether a row's cells are all empty; for attributes such a row equals one of unknown values."""
    return entry is None or (isinstance(entry, tuple) and not any(entry))


def _read(role: Role, entries: Mapping[int, Beside], rows: Rows, canonical: Canonical, place: int) -> Any:
    """Pixels, voxels, a text, or cells. Raises UnreadableImageError."""
    entry = entries[place]
    if isinstance(entry, tuple):
        return _cells(role, entry)
    assert entry is not None
    if role == "voxels":
        return _voxels(entry)
    if role in ("pair", "mask"):
        _check_size(read_header(entry), rows.headers[place])
        return read_mask(entry, canonical) if role == "mask" else read_pixels(entry, canonical)
    return _text(entry)


def _check_size(own: Header, image: Header) -> None:
    if (own.width, own.height) != (image.width, image.height):
        raise UnreadableImageError(f"{own.width} x {own.height} pixels, its image has {image.width} x {image.height}")


def _cells(role: Role, cells: tuple[str | None, ...]) -> Any:
    if role == "attributes":
        return tuple(UNKNOWN if cell is None or cell in _EMPTY else cell for cell in cells)
    if role != "sequence":
        return str(cells[0])
    if cells[0] is None or cells[1] is None or not cells[1].removesuffix(".0").isdecimal():
        raise UnreadableImageError(
            f"sequence {cells[0]!r} and frame {cells[1]!r}, a name and a whole number are needed"
        )
    return cells[0], int(cells[1].removesuffix(".0"))


def _text(entry: ImageHandle) -> str:
    """Text of a file; empty where it holds only white space."""
    assert isinstance(entry, EncodedImage)
    content = entry.read()
    if len(content) > MAX_TEXT:
        raise UnreadableImageError(f"{len(content):,} bytes, {MAX_TEXT:,} are allowed for a text")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise UnreadableImageError(f"not UTF-8: {error.reason}") from None


def _voxels(entry: ImageHandle) -> Pixels:
    """Voxels of an .npy file, uint8 [depth, height, width]."""
    if isinstance(entry, ArrayImage):
        found: npt.NDArray[Any] = entry.pixels
    else:
        try:
            found = np.load(io.BytesIO(entry.read()), allow_pickle=False)
        except (ValueError, EOFError, MemoryError) as error:
            raise UnreadableImageError(f"no .npy file: {str(error).splitlines()[0][:80]}") from None
    if found.dtype not in (np.uint8, np.bool_) or found.ndim != 3:
        raise UnreadableImageError(f"{found.dtype} {list(found.shape)}, uint8 [depth, height, width] is needed")
    return found.astype(np.uint8)


def _payload(role: Role, source: CompanionSource, values: list[Any]) -> Payload:
    if role == "voxels":
        return np.stack(values)
    if role in ("pair", "mask"):
        return _stacked(values)
    columns = _frame_field(role, source).columns
    rows = [(value,) for value in values] if role in ("caption", "text") and isinstance(values[0], str) else values
    cells = list(zip(*rows, strict=True))
    frame = pd.DataFrame({column.name: list(own) for column, own in zip(columns, cells, strict=True)})
    return frame.astype({column.name: column.dtype for column in columns})


def _stacked(images: list[Pixels]) -> Pixels:
    """Images as uint8 [n, h, w, 1], or with 3 channels where one has colours."""
    grey = all(image.shape[2] == 1 or (image == image[..., :1]).all() for image in images)
    if grey:
        return np.stack([image[..., :1] for image in images])
    return np.stack([np.broadcast_to(image, (*image.shape[:2], 3)) for image in images])


def _about_absent(role: Role, source: CompanionSource, absent: list[str], rows: int) -> Iterator[Problem]:
    if not absent:
        return
    leaves, every = source.missing == "leave_out", len(absent) == rows
    where = f"prepare.companions.{role}: {_said(source)}"
    if every:
        yield Problem(
            severity="error",
            code="companions",
            what=f"No row has a {role}",
            where=where,
            places=tuple(absent[:5]),
            expected=_expected(role, source),
            remedy=f"correct prepare.companions.{role}, or remove it",
        )
        return
    yield Problem(
        severity="warning" if leaves else "error",
        code="companions",
        what=f"{len(absent)} of {rows} rows have no {role}" + (" and are left out" if leaves else ""),
        where=where,
        places=tuple(absent),
        expected=_expected(role, source),
        remedy=None
        if leaves
        else f"add what is missing, or leave these rows out with prepare.companions.{role}.missing: leave_out",
    )


def _said(source: CompanionSource) -> str:
    return ", ".join(f"{key} {value}" for key, value in source.model_dump(exclude_defaults=True, mode="json").items())


def _expected(role: Role, source: CompanionSource) -> str:
    if source.path is not None:
        return f"a file for every image, with the image's relative path, in {source.path}"
    if source.ending is not None and not source.names:
        return f"a file .{source.ending} in every sample"
    return f"a {role} for every image, in {', '.join(map(repr, source.names)) or source.array}"


def _about_bad(role: Role, bad: Mapping[int, str], rows: Rows, config: PrepareConfig) -> Iterator[Problem]:
    sizes = {place: reason for place, reason in bad.items() if "its image has" in reason}
    if sizes:
        yield Problem(
            severity="error",
            code="companions",
            what=f"{len(sizes)} of {len(rows.places)} images have a {role} of another size",
            where=f"prepare.companions.{role}",
            places=tuple(f"{rows.names[place]}: {reason}" for place, reason in sizes.items()),
            expected=f"the width and height of its image, as both get the same crop and {config.resize}",
            remedy="write them in the images' size",
        )
    others = {place: reason for place, reason in bad.items() if place not in sizes}
    skip = config.corrupt == "skip"
    if others:
        yield Problem(
            severity="warning" if skip else "error",
            code="companions",
            what=f"{len(others)} of {len(rows.places)} rows have a {role} that cannot be read"
            + (" and are left out" if skip else ""),
            where=f"prepare.companions.{role}",
            places=tuple(f"{rows.names[place]}: {reason}" for place, reason in others.items()),
            remedy=None if skip else "repair or remove them, or set prepare.corrupt: skip",
        )


def _about_shapes(role: Role, good: Mapping[int, Pixels], rows: Rows) -> Iterator[Problem]:
    shapes = Counter(voxels.shape for voxels in good.values())
    if len(shapes) > 1:
        usual = shapes.most_common(1)[0][0]
        yield Problem(
            severity="error",
            code="companions",
            what=f"The {role} have {len(shapes)} shapes",
            where=f"prepare.companions.{role}",
            places=tuple(f"{rows.names[place]}: {list(v.shape)}" for place, v in good.items() if v.shape != usual),
            expected=f"one shape, such as {list(usual)}",
            remedy="write them again in one shape",
        )


def _about_values(payload: Payload, source: CompanionSource) -> Iterator[Problem]:
    """Problems of attributes without information, and of columns that cannot be attributes."""
    frame = frame_of(payload)
    for name in frame.columns:
        values = Counter(frame[name])
        values.pop(UNKNOWN, None)
        if len(values) < 2:
            yield _unfit(name, source, f"one value only: {', '.join(map(repr, values)) or UNKNOWN}")
        elif len(values) > MOST_VALUES:
            usual = ", ".join(repr(value)[:40] for value, _ in values.most_common(5))
            yield _unfit(name, source, f"{len(values)} different values, such as {usual}")


def _unfit(name: str, source: CompanionSource, got: str) -> Problem:
    others = [other for other in source.names if other != name]
    keep = f"{{columns: [{', '.join(others)}]}}" if others else None
    return Problem(
        severity="error",
        code="companions",
        what=f"The attribute {name!r} cannot be used",
        where="prepare.companions.attributes",
        subject=name,
        places=(got,),
        expected=f"from 2 to {MOST_VALUES} different values",
        remedy=f"leave it out: prepare.companions.attributes: {keep}"
        if keep
        else "remove prepare.companions.attributes",
    )


def refuse_unseen_values(attributes: Payload, parts: npt.NDArray[np.object_]) -> None:
    """Raise DataError where validation rows have a value that no train row has: no method could learn it."""
    frame, unseen = frame_of(attributes), list[str]()
    for name in frame.columns:
        train, validation = (Counter(frame[name][parts == part]) for part in ("train", "validation"))
        unseen += [f"{name}: {value!r:.80} ({count} rows)" for value, count in validation.items()
                   if value not in train and value != UNKNOWN]  # fmt: skip
    if unseen:
        raise DataError(
            "Attributes have values in validation that no train row has",
            where="prepare.companions.attributes",
            got=listing(unseen),
            expected="values of train rows, or an empty cell, which is `unknown`",
            remedy="empty these cells, join rare values into one, or collect more rows with them",
        )
