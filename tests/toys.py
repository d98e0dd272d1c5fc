"""Tiny data sets with a forced answer: two or three classes that no judge can confuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.core.records import (
    ArrayField,
    ClassRecord,
    Column,
    DatasetSpec,
    FrameField,
    ImageSpec,
    TableSpec,
    TextSpec,
)
from gan_augment.core.samples import Payload, PoolView, Samples, TrainView, ValidationView, make_manifest

__all__ = [
    "INKS",
    "PAPERS",
    "attribute_toy",
    "bar_toy",
    "caption_toy",
    "clip_toy",
    "colours_of",
    "image_pool",
    "image_toy",
    "mask_toy",
    "table_frame",
    "table_spec",
    "table_toy",
    "text_pool",
    "text_toy",
    "views",
]

LABELS = ("red", "green/blue")


def views(spec: DatasetSpec, payload: Payload, labels: list[str]) -> tuple[TrainView, ValidationView]:
    """The rows as train and, a quarter of them, once more as validation rows."""

    def samples(split: str, step: int) -> Samples:
        part = payload[::step] if isinstance(payload, np.ndarray) else payload.iloc[::step].reset_index(drop=True)
        ids = [f"{split}-{number}" for number in range(len(part))]
        return Samples(make_manifest(len(part), id=ids, label=labels[::step], split=split, origin="real"), part)

    return TrainView(spec, samples("train", 1)), ValidationView(spec, samples("validation", 4))


def image_toy(rows: int = 40) -> tuple[TrainView, ValidationView]:
    """8 x 8 grey images: bright on the left (class 0) or on the right (class 1)."""
    random = np.random.default_rng(0)
    images = random.integers(0, 60, size=(rows, 8, 8, 1), dtype=np.uint8)
    images[: rows // 2, :, :4] += 180
    images[rows // 2 :, :, 4:] += 180
    labels = [LABELS[0]] * (rows // 2) + [LABELS[1]] * (rows - rows // 2)
    return views(_spec(image=ImageSpec(height=8, width=8, channels=1)), images, labels)


def mask_toy(rows: int = 40) -> tuple[TrainView, ValidationView]:
    """`image_toy` with a white spot of 2 x 2 px on three rows of four, which the mask marks with 255."""
    return _spotted(image_toy(rows)[0]), _spotted(image_toy(rows)[1])


def _spotted(view: Any) -> Any:
    random, images = np.random.default_rng(len(view)), view.samples.payload.copy()
    masks = np.zeros_like(images)
    for place in range(len(view)):
        if place % 4:
            down, right = random.integers(0, 7, 2)
            masks[place, down : down + 2, right : right + 2] = 255
    spec = view.spec.model_copy(update={"companions": {"mask": ArrayField(shape=masks.shape[1:])}})
    samples = replace(view.samples, payload=np.maximum(images, masks), companions={"mask": masks})
    return replace(view, spec=spec, samples=samples)


def image_pool(rows: int = 24) -> PoolView:
    """As many images of the same form without labels, each of a brightness of its own."""
    random = np.random.default_rng(5)
    images = random.integers(0, 120, (rows, 8, 8, 1)) + random.integers(0, 130, (rows, 1, 1, 1))
    ids = [f"pool-{number}" for number in range(rows)]
    samples = Samples(make_manifest(rows, id=ids, split="pool", origin="real"), images.astype(np.uint8))
    return PoolView(image_toy()[0].spec, samples)


def bar_toy(rows: int = 40) -> tuple[TrainView, ValidationView]:
    """12 x 12 grey images of a bright bar on dark ground, with its mask: lying (class 0) or standing (class 1)."""
    random = np.random.default_rng(7)
    images = random.integers(20, 60, (rows, 12, 12, 1)).astype(np.uint8)
    masks = np.zeros_like(images)
    for row in range(rows):
        top, left = random.integers(1, 5, 2)
        high, wide = (2, 6) if row < rows // 2 else (6, 2)
        images[row, top : top + high, left : left + wide] = random.integers(180, 250)
        masks[row, top : top + high, left : left + wide] = 1
    labels = [LABELS[0]] * (rows // 2) + [LABELS[1]] * (rows - rows // 2)
    spec = _spec(image=ImageSpec(height=12, width=12, channels=1))
    spec = spec.model_copy(update={"companions": {"mask": ArrayField(shape=(12, 12, 1))}})
    train, validation = views(spec, images, labels)
    return _masked(train, masks), _masked(validation, masks)


def _masked(view: Any, masks: np.ndarray) -> Any:
    own = masks[:: len(masks) // len(view)]
    return replace(view, samples=replace(view.samples, companions={"mask": own}))


INKS = {"red": (230, 40, 40), "green": (40, 230, 40), "blue": (40, 40, 230)}
PAPERS = {"black": (10, 10, 10), "white": (245, 245, 245)}


def attribute_toy(rows: int = 160, *, withheld: tuple[str, str] | None = None) -> tuple[TrainView, ValidationView]:
    """8 x 8 colour images, an inked half on paper: the left one (class 0) or the right one (class 1).

    The attributes are the colours of ink and paper; blue ink is rare, and the paper is unknown in some rows. No row has
    the combination `withheld`.
    """
    random = np.random.default_rng(2)
    ink = random.choice(list(INKS), rows, p=[0.5, 0.35, 0.15])
    paper = random.choice(list(PAPERS), rows)
    if withheld is not None:
        other = next(name for name in PAPERS if name != withheld[1])
        paper = np.where((ink == withheld[0]) & (paper == withheld[1]), other, paper)
    second = random.random(rows) < 0.5
    images = np.empty((rows, 8, 8, 3), dtype=np.int64)
    for row in range(rows):
        images[row] = PAPERS[str(paper[row])]
        images[row, :, 4 * second[row] : 4 * second[row] + 4] = INKS[str(ink[row])]
    images = (images + random.integers(-10, 11, images.shape)).clip(0, 255).astype(np.uint8)
    attributes = pd.DataFrame({"ink": ink, "paper": paper}, dtype="string")
    attributes.loc[random.random(rows) < 0.05, "paper"] = pd.NA
    columns = tuple(Column(name=name, kind="categorical", dtype="string") for name in attributes)
    spec = _spec(image=ImageSpec(height=8, width=8, channels=3)).model_copy(
        update={"companions": {"attributes": FrameField(columns=columns)}}
    )
    train, validation = views(spec, images, [LABELS[int(is_second)] for is_second in second])
    return _beside(train, attributes), _beside(validation, attributes)


_PHRASES = (
    "{ink} on {paper}, the {side} half",
    "the {side} half is {ink} on {paper} paper",
    "{side}: {ink} ink, {paper}",
)


def caption_toy(rows: int = 160, *, withheld: tuple[str, str] | None = None) -> tuple[TrainView, ValidationView]:
    """`attribute_toy` with a caption beside every row: the half, its ink, and the paper where it is known."""
    train, validation = attribute_toy(rows, withheld=withheld)
    return _captioned(train), _captioned(validation)


def _captioned(view: Any) -> Any:
    attributes: Any = view.samples.companions["attributes"]
    told = zip(attributes["ink"], attributes["paper"].fillna("some"), view.labels, strict=True)
    texts = [
        _PHRASES[row % len(_PHRASES)].format(ink=ink, paper=paper, side=("left", "right")[index])
        for row, (ink, paper, index) in enumerate(told)
    ]
    captions = pd.DataFrame({"caption": pd.Series(texts, dtype="string")})
    column = Column(name="caption", kind="categorical", dtype="string")
    beside = {**view.spec.companions, "caption": FrameField(columns=(column,))}
    samples = replace(view.samples, companions={**view.samples.companions, "caption": captions})
    return replace(view, spec=view.spec.model_copy(update={"companions": beside}), samples=samples)


STROKES = {"0": (0, 3), "1": (0, 0), "7": (3, 3)}  # columns of a 4 x 8 cell: a ring, and a line on either side


def text_toy(rows: int = 80, *, seed: int = 6) -> tuple[TrainView, ValidationView]:
    """8 x 16 grey images of three characters among 0, 1, 7, bright on dark; the class says whether a 0 is first."""
    random = np.random.default_rng(seed)
    strings = ["".join(random.choice(list(STROKES), 3)) for _ in range(rows)]
    images = random.integers(0, 60, (rows, 8, 16, 1))
    for image, string in zip(images, strings, strict=True):
        for place, character in enumerate(string):
            columns = [5 * place + 1 + column for column in STROKES[character]]
            image[1:7, columns] += 180
            if character == "0":
                image[[1, 6], columns[0] : columns[1] + 1] = 220
    labels = [LABELS[int(string[0] != "0")] for string in strings]
    field = FrameField(columns=(Column(name="text", kind="categorical", dtype="string"),))
    photo = ArrayField(shape=(8, 16, 1))
    spec = _spec(image=ImageSpec(height=8, width=16, channels=1)).model_copy(
        update={
            "companions": {"text": field, "pair": photo},
            "target": "text",
            "text": TextSpec(alphabet="017", shortest=3, longest=3),
        }
    )
    train, validation = views(spec, images.astype(np.uint8), labels)
    return _with_strings(train, strings), _with_strings(validation, strings)


def _with_strings(view: Any, strings: list[str]) -> Any:
    own = strings[:: len(strings) // len(view)]
    frame = pd.DataFrame({"text": pd.array(own, dtype="string")})
    return replace(view, samples=replace(view.samples, companions={"text": frame}))


def text_pool(rows: int = 24) -> PoolView:
    """Images of other strings of the same kind, without labels."""
    samples = text_toy(rows, seed=7)[0].samples
    ids = [f"pool-{number}" for number in range(rows)]
    manifest = make_manifest(rows, id=ids, split="pool", origin="real")
    return PoolView(text_toy()[0].spec, Samples(manifest, samples.payload))


def _beside(view: Any, attributes: pd.DataFrame) -> Any:
    rows = attributes.iloc[:: len(attributes) // len(view)].reset_index(drop=True)
    return replace(view, samples=replace(view.samples, companions={"attributes": rows}))


def colours_of(images: np.ndarray, index: int) -> tuple[list[str], list[str]]:
    """The nearest ink and the nearest paper of each image of class `index`, read from the pixels of each half."""

    def nearest(half: np.ndarray, colours: dict[str, tuple[int, int, int]]) -> list[str]:
        mean = half.reshape(len(half), -1, 3).mean(axis=1)
        apart = np.linalg.norm(mean[:, None] - np.array(list(colours.values())), axis=2)
        return [list(colours)[place] for place in apart.argmin(axis=1)]

    halves = images[:, :, :4], images[:, :, 4:]
    return nearest(halves[index], INKS), nearest(halves[1 - index], PAPERS)


def clip_toy(clips: int = 12, long: int = 5, *, split: str = "train") -> Any:
    """Clips of 12 x 12 px: a bright square that moves 1 px a frame to the right and back, above (class 0) or below.

    With `sequence` and a `mask` of the square, beside rows of one split: a view of it.
    """
    kinds: dict[str, Any] = {"train": TrainView, "validation": ValidationView, "pool": PoolView}
    random = np.random.default_rng(len(split))
    images, masks, ids, names, numbers, labels = [], [], [], [], [], []
    for clip in range(clips):
        first, way, top = int(random.integers(7)), int(random.choice([-1, 1])), 6 * (clip % 2) + int(random.integers(4))
        for number in range(long):
            # Reflected at both sides of its 9 places.
            left = abs((first + way * number + 8) % 16 - 8)
            image = random.integers(0, 8, (12, 12, 1), dtype=np.uint8)
            image[top : top + 3, left : left + 3] += 200
            images.append(image)
            masks.append((image > 100).astype(np.uint8) * 7)
            ids.append(f"{split}-{clip}-{number}")
            names.append(f"{split} {clip}")
            numbers.append(number + 1)
            labels.append(pd.NA if split == "pool" else LABELS[clip % 2])
    sequence = pd.DataFrame({"sequence": pd.array(names, dtype="string"), "frame": pd.array(numbers, dtype="Int64")})
    columns = (
        Column(name="sequence", kind="categorical", dtype="string"),
        Column(name="frame", kind="numeric", dtype="Int64", integer=True),
    )
    spec = _spec(image=ImageSpec(height=12, width=12, channels=1)).model_copy(
        update={"companions": {"sequence": FrameField(columns=columns), "mask": ArrayField(shape=(12, 12, 1))}}
    )
    manifest = make_manifest(len(images), id=ids, label=labels, split=split, origin="real")
    beside: Any = {"sequence": sequence} | ({} if split == "pool" else {"mask": np.stack(masks)})
    return kinds[split](spec, Samples(manifest, np.stack(images), beside))


def table_toy(rows: int = 120) -> tuple[TrainView, ValidationView]:
    """Every kind of column, missing entries in the first class only, two classes far apart."""
    frame, labels = table_frame(rows)
    return views(_spec(table=table_spec()), frame, labels)


def table_spec() -> TableSpec:
    """The columns of `table_frame`."""
    columns = (
        Column(name="length", kind="numeric", dtype="float64", decimals=1),
        Column(name="count", kind="numeric", dtype="int64", integer=True),
        Column(name="gain", kind="numeric", dtype="Float64", decimals=2),
        Column(name="colour", kind="categorical", dtype="string"),
        Column(name="wet", kind="boolean", dtype="boolean"),
        Column(name="day", kind="datetime", dtype="datetime64[ns]"),
        Column(name="same", kind="numeric", dtype="int64", integer=True),
    )
    return TableSpec(columns=columns, target="y")


def table_frame(rows: int) -> tuple[pd.DataFrame, list[str]]:
    """`gain` is missing in a quarter of the first class and never in the second, and 0 in most of the second."""
    random = np.random.default_rng(1)
    second = np.arange(rows) % 3 == 0  # a third of the rows
    gain = np.round(random.lognormal(2, 1, rows), 2)
    gain = np.where(second & (random.random(rows) < 0.8), 0.0, gain)
    gain = np.where(~second & (random.random(rows) < 0.25), np.nan, gain)
    colour = np.where(second, random.choice(["a", "b"], rows), random.choice(["b", "c", "d"], rows))
    frame = pd.DataFrame(
        {
            "length": np.round(random.normal(np.where(second, 40, 10), 3), 1),
            "count": random.poisson(np.where(second, 3, 30)),
            "gain": gain,
            "colour": colour,
            "wet": random.random(rows) < np.where(second, 0.9, 0.2),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D"),
            "same": 7,
        }
    )
    frame = frame.astype({column.name: column.dtype for column in table_spec().columns})
    return frame, [LABELS[int(is_second)] for is_second in second]


def _spec(image: ImageSpec | None = None, table: TableSpec | None = None) -> DatasetSpec:
    classes = (ClassRecord(key="red", label=LABELS[0]), ClassRecord(key="green-blue", label=LABELS[1]))
    modality = "image" if image else "table"
    return DatasetSpec.model_validate(
        {"name": "toy", "modality": modality, "classes": classes, "image": image, "table": table}
    )
