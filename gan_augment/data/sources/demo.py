"""Demo data sets that come with the package or with scikit-learn: no download, and small enough for minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Role, TableSpec
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.columns import describe
from gan_augment.data.config import DemoName, DemoSource, PoolDemo, SplitConfig, TableSource
from gan_augment.data.raw import (
    NO_COMPANIONS,
    ArrayImage,
    Beside,
    Companions,
    ImageHandle,
    RawData,
    RawImages,
    RawTable,
    make_rows,
)
from gan_augment.data.sources import table
from gan_augment.data.sources.beside import Form, refuse_other_forms
from gan_augment.data.sources.characters import characters
from gan_augment.data.sources.demo_domains import Drawing, labelled_digits, pooled_digits
from gan_augment.data.sources.demo_plates import Plate, labelled_plates, pooled_plates
from gan_augment.data.sources.demo_stickers import stickered_digits
from gan_augment.data.sources.moving_digits import Frame, labelled_clips, pooled_clips
from gan_augment.data.targets import check_column

__all__ = ["DIGITS_RARE", "read"]

# Long tail of the digits: the rare ones are those that are easily mistaken for others.
DIGITS_RARE = (3, 5, 8)
DIGITS_TRAIN, DIGITS_TRAIN_RARE, DIGITS_VALIDATION = 60, 10, 40

# Of the coloured digits: in train, the r-th combination of ink and background has a share of about r^-1.45.
INKS = {"red": (214, 40, 40), "green": (42, 145, 66), "blue": (36, 84, 200), "orange": (240, 140, 20)}
BACKGROUNDS = {"white": (250, 250, 250), "grey": (150, 150, 150), "black": (12, 12, 12)}
COMBINATION_TAIL = 1.45
COLOUR_SIDE = 16  # px
_DIGITS = "BSD-3-Clause (scikit-learn), UCI ML repository"  # licence of scikit-learn's digits
_WITH_COLUMNS = ("colour_digits", "characters", "two_domains", "stickers", "plates", "moving_digits")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PHRASES = (
    "a {ink} {digit} on a {background} background",
    "the digit {digit}, {ink} on {background}",
    "a {background} picture with a {digit} in {ink} ink",
)


def read(
    config: Any,
    root: Path,  # noqa: ARG001 - a demo lies in no folder
    split: SplitConfig,
    companions: Companions = NO_COMPANIONS,
) -> RawData:
    """See `Reader`."""
    assert isinstance(config, DemoSource | PoolDemo)
    forms: tuple[Form, ...] = ("column",) if config.name in _WITH_COLUMNS else ()
    refuse_other_forms(companions, "This demo", *forms)
    if isinstance(config, PoolDemo):
        return _POOL_READERS[config.name](companions)
    if config.name == "penguins":
        return _penguins(split)
    for key in ("group", "column"):
        if value := getattr(split, key):
            raise ParamsError(
                f"This demo has no {key}s",
                where=f"prepare.split.{key} in params.yaml",
                got=repr(value),
                expected="null",
            )
    return _READERS[config.name](companions)


def _digits(_: Companions) -> RawData:
    """Grey 8x8 digits as a long tail: 60 train images of common classes, 10 of rare ones; the rest balanced."""
    from sklearn.datasets import load_digits  # slow to import, and only demos need it

    bunch = load_digits()
    pixels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    parts = _long_tail(np.asarray(bunch.target), DIGITS_RARE)
    kept = np.flatnonzero(parts != "")
    rows = make_rows(
        label=[str(bunch.target[i]) for i in kept],
        identity=[f"digits-{i}" for i in kept],
        source=[f"sklearn.datasets.load_digits, image {i}" for i in kept],
        split=parts[kept].tolist(),
    )
    handles = tuple(ArrayImage(f"digit {i}", pixels[i]) for i in kept)
    return RawData("digits", _DIGITS, rows, RawImages(handles), entries=len(rows))


def _long_tail(target: npt.NDArray[Any], rare: tuple[int, ...]) -> npt.NDArray[np.object_]:
    """Part of every row, "" for those left over. The assignment belongs to the demo: it has a seed of its own."""
    parts = np.full(len(target), "", dtype=object)
    test = int(np.bincount(target).min()) - DIGITS_TRAIN - DIGITS_VALIDATION
    for label in np.unique(target):
        order = numpy_generator("demo", "digits", int(label)).permutation(np.flatnonzero(target == label))
        train = DIGITS_TRAIN_RARE if label in rare else DIGITS_TRAIN
        parts[order[:test]] = "test"
        parts[order[test : test + DIGITS_VALIDATION]] = "validation"
        parts[order[test + DIGITS_VALIDATION :][:train]] = "train"
    return parts


def _colour_digits(companions: Companions) -> RawData:
    """Digits of 16x16 in four inks on three backgrounds, 60 train images per class, with attributes and captions.

    Combinations of ink and background are a long tail in train, and equally likely in validation and test.
    """
    from sklearn.datasets import load_digits  # as above

    bunch = load_digits()
    parts = _long_tail(np.asarray(bunch.target), ())
    kept = np.flatnonzero(parts != "")
    table = pd.DataFrame([_described(int(i), int(bunch.target[i]), str(parts[i])) for i in kept], dtype="string")
    rows = make_rows(
        label=[str(bunch.target[i]) for i in kept],
        identity=[f"colour_digits-{i}" for i in kept],
        source=[f"sklearn.datasets.load_digits, image {i}, coloured" for i in kept],
        split=parts[kept].tolist(),
    )
    handles = tuple(
        ArrayImage(f"digit {i}", _coloured(bunch.images[i], INKS[ink], BACKGROUNDS[background]))
        for i, ink, background in zip(kept, table["ink"], table["background"], strict=True)
    )
    return RawData(
        "colour_digits",
        _DIGITS,
        rows,
        RawImages(handles),
        entries=len(rows),
        companions=dict(_columns("colour_digits", table, companions)),
    )


def _described(number: int, digit: int, part: str) -> dict[str, str]:
    """Ink, background and caption of an image: drawn independently of the others."""
    random = numpy_generator("demo", "colour_digits", number)
    pairs = [(ink, background) for ink in INKS for background in BACKGROUNDS]
    order = numpy_generator("demo", "colour_digits", "order").permutation(len(pairs))
    shares = np.arange(1, len(pairs) + 1) ** -(COMBINATION_TAIL if part == "train" else 0.0)
    ink, background = pairs[order[random.choice(len(pairs), p=shares / shares.sum())]]
    phrase = _PHRASES[random.integers(len(_PHRASES))]
    caption = phrase.format(ink=ink, background=background, digit=_WORDS[digit])
    return {"ink": ink, "background": background, "caption": caption}


def _coloured(
    grey: npt.NDArray[Any], ink: tuple[int, int, int], background: tuple[int, int, int]
) -> npt.NDArray[np.uint8]:
    """Coloured digits, uint8 [16, 16, 3], from 8x8 with values 0 to 16."""
    from PIL import Image

    small = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
    share = np.asarray(small.resize((COLOUR_SIDE, COLOUR_SIDE), Image.Resampling.BICUBIC))[..., None] / 255
    mixed: npt.NDArray[np.float64] = share * np.array(ink) + (1 - share) * np.array(background)
    return np.rint(mixed).astype(np.uint8)


def _characters(companions: Companions) -> RawData:
    """16x16 figures with three haircuts, and the colours of hair, eyes, skin and shirt as attributes."""
    found = characters()
    rows = make_rows(
        label=list(found.haircuts),
        identity=[f"characters-{number}" for number in range(len(found.pictures))],
        source=[f"drawn by gan-augment, figure {number}" for number in range(len(found.pictures))],
        split=list(found.parts),
    )
    handles = tuple(ArrayImage(f"figure {number}", pixels) for number, pixels in enumerate(found.pictures))
    beside = dict(_columns("characters", found.attributes, companions))
    return RawData("characters", "CC0-1.0", rows, RawImages(handles), entries=len(rows), companions=beside)


def _two_domains(found: Iterable[Drawing], companions: Companions) -> RawData:
    """16x16 digits on plain paper, and in the test part on textures as well; or the pool, on textures alone.

    Labelled rows have an attribute `domain`; pool rows some a `pair`, and no label.
    """
    drawings = tuple(found)
    labelled = any(drawing.part for drawing in drawings)
    table = pd.DataFrame({"domain": [drawing.domain for drawing in drawings]}, dtype="string")
    rows = make_rows(
        label=[drawing.label if labelled else "" for drawing in drawings],
        identity=[f"two_domains-{drawing.domain}-{drawing.number}" for drawing in drawings],
        source=[f"sklearn.datasets.load_digits, image {d.number}, {d.domain}" for d in drawings],
        split=[drawing.part for drawing in drawings],
    )
    return _of_images(
        "two_domains",
        rows,
        tuple(drawing.image for drawing in drawings),
        _beside(
            "two_domains", table, companions, {"pair": () if labelled else tuple(drawing.pair for drawing in drawings)}
        ),
        licence=f"{_DIGITS}; photographs CC BY 2.0 (danielbuechele, vultilion)",
    )


def _plates(photographed: Iterable[Plate], companions: Companions) -> RawData:
    """16x56 photographs of plates with five digits; rows with labels have a `text`, the pool has neither."""
    plates = tuple(photographed)
    labelled = any(plate.part for plate in plates)
    table = pd.DataFrame({"text": [plate.text for plate in plates]} if labelled else {}, dtype="string")
    rows = make_rows(
        label=[plate.kind if labelled else "" for plate in plates],
        identity=[f"plates-{plate.image.name.replace(' ', '-')}" for plate in plates],
        source=[f"sklearn.datasets.load_digits, {plate.image.name}" for plate in plates],
        split=[plate.part for plate in plates],
    )
    return _of_images("plates", rows, tuple(plate.image for plate in plates), _beside("plates", table, companions, {}))


def _stickers(companions: Companions) -> RawData:
    """16x16 digits, a sticker on most of one class, with a mask of it and the attribute `group`."""
    found = tuple(stickered_digits())
    table = pd.DataFrame({"group": [one.group for one in found]}, dtype="string")
    rows = make_rows(
        label=[one.label for one in found],
        identity=[f"stickers-{one.number}" for one in found],
        source=[f"sklearn.datasets.load_digits, image {one.number}" for one in found],
        split=[one.part for one in found],
    )
    return _of_images(
        "stickers",
        rows,
        tuple(one.image for one in found),
        _beside("stickers", table, companions, {"mask": tuple(one.mask for one in found)}),
    )


def _moving_digits(found: Iterable[Frame], companions: Companions) -> RawData:
    """Frames of 20x20 clips of moving digits, with clip, frame's number and mask; or those of the pool, unlabelled."""
    frames = tuple(found)
    table = pd.DataFrame(
        {"clip": [f"digit {one.number}" for one in frames], "frame": [str(one.frame) for one in frames]},
        dtype="string",
    )
    rows = make_rows(
        label=[one.label if one.part else "" for one in frames],
        identity=[f"moving_digits-{one.number}-{one.frame}" for one in frames],
        source=[f"sklearn.datasets.load_digits, image {one.number}, frame {one.frame}" for one in frames],
        split=[one.part for one in frames],
    )
    return _of_images(
        "moving_digits",
        rows,
        tuple(one.image for one in frames),
        _beside("moving_digits", table, companions, {"mask": tuple(one.mask for one in frames)}),
    )


def _of_images(
    demo: DemoName,
    rows: pd.DataFrame,
    images: tuple[ImageHandle, ...],
    beside: dict[Role, tuple[Beside, ...]],
    *,
    licence: str = _DIGITS,
) -> RawData:
    return RawData(demo, licence, rows, RawImages(images), entries=len(rows), companions=beside)


def _beside(
    demo: DemoName, table: pd.DataFrame, companions: Companions, drawn: Mapping[Role, tuple[Beside, ...]]
) -> dict[Role, tuple[Beside, ...]]:
    """Columns of `table`, and what is `drawn` beside each image as a column of its role's name; empty: none is."""
    own = {role: config for role, config in companions.items() if role in drawn}
    for role, config in own.items():
        known = pd.DataFrame(columns=[role] if drawn[role] else [], dtype="string")
        check_column(Path(demo), known, config.names[0], f"prepare.companions.{role}")
    others = {role: config for role, config in companions.items() if role not in own}
    return dict(_columns(demo, table, others)) | {role: drawn[role] for role in own}


def _columns(demo: DemoName, table: pd.DataFrame, companions: Companions) -> Iterator[tuple[Role, tuple[Beside, ...]]]:
    for role, config in companions.items():
        for name in config.names:
            check_column(Path(demo), table, name, f"prepare.companions.{role}")
        yield role, tuple(zip(*(table[name] for name in config.names), strict=True))


def _breast_cancer(_: Companions) -> RawData:
    """Breast cancer: 569 tumours, 30 numeric features, two classes."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    frame = pd.DataFrame(bunch.data, columns=names)
    rows = make_rows(
        label=[str(bunch.target_names[i]) for i in bunch.target],
        identity=[f"breast_cancer-{i}" for i in range(len(frame))],
        source=[f"sklearn.datasets.load_breast_cancer, row {i}" for i in range(len(frame))],
    )
    spec = TableSpec(columns=tuple(describe(frame[name]) for name in names), target="diagnosis")
    return RawData("breast_cancer", "CC BY 4.0 (UCI ML repository)", rows, RawTable(frame, spec), entries=len(rows))


def _penguins(split: SplitConfig) -> RawData:
    """Penguins: 344 rows, 6 features of mixed kinds with missing values, three species."""
    with resources.as_file(resources.files("gan_augment.data") / "demo") as folder:
        source = TableSource(path="penguins.csv", target="species")
        found = table.read(source, folder, split)
    return RawData("penguins", "CC0-1.0", found.rows, found.content, found.problems, entries=found.entries)


_READERS: dict[str, Callable[[Companions], RawData]] = {
    "digits": _digits,
    "breast_cancer": _breast_cancer,
    "colour_digits": _colour_digits,
    "characters": _characters,
    "two_domains": lambda companions: _two_domains(labelled_digits(), companions),
    "stickers": _stickers,
    "plates": lambda companions: _plates(labelled_plates(), companions),
    "moving_digits": lambda companions: _moving_digits(labelled_clips(), companions),
}
_POOL_READERS: dict[str, Callable[[Companions], RawData]] = {
    "two_domains": lambda companions: _two_domains(pooled_digits(), companions),
    "plates": lambda companions: _plates(pooled_plates(), companions),
    "moving_digits": lambda companions: _moving_digits(pooled_clips(), companions),
}
