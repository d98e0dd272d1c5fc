"""What a translator learns from, and what its samples start from: pairs, a pool, masks; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_augment.core.errors import MethodError
from gan_augment.core.fields import images_of, take
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Payload, Samples, TrainView, ValidationView
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.kit.checks import FEWEST_POOLED, check_pool, check_pool_rows
from gan_augment.synthesis.kit.edited_masks import has_object, inked, moved_mask, to_draw
from gan_augment.synthesis.kit.turns import stepped
from gan_augment.synthesis.translators.image_to_image.tasks import Masked, Pairs, Task, Unpaired, Window

__all__ = ["NAME", "MaskEdit", "Sources", "Start", "Way", "check_spec", "make_task", "started", "way_of_data"]

NAME = "image_to_image"
MaskEdit = Literal["as_is", "moved", "from_other_rows"]
Way = Literal["paired", "unpaired", "masks"]
Images = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

FEWEST_PAIRS = FEWEST_POOLED


def check_spec(spec: DatasetSpec, way: str, masks: MaskEdit) -> None:
    """Refuse data without what is to be learnt from. Raises MethodError."""
    pooled = spec.pool is not None and "pair" in spec.pool.companions
    has = spec.companions
    found = _way(way, masks, pairs="pair" in has or pooled, pool=spec.pool is not None, mask="mask" in has)
    if found == "unpaired":
        check_pool(spec, NAME)
    if found == "paired" and pooled and spec.pool is not None and "pair" not in spec.companions:
        _check_pairs(spec.pool.rows)


def way_of_data(data: TrainingData, way: str, masks: MaskEdit) -> Way:
    """What is learnt from these rows. Raises MethodError."""
    train = data.train.samples.companions
    pooled = data.pool is not None and "pair" in data.pool.samples.companions
    found = _way(way, masks, pairs="pair" in train or pooled, pool=data.pool is not None, mask="mask" in train)
    if found == "unpaired" and data.pool is not None:
        check_pool_rows(data.pool, data.train, NAME)
    return found


def _way(way: str, masks: MaskEdit, *, pairs: bool, pool: bool, mask: bool) -> Way:
    if masks != "as_is":
        if not mask:
            raise _lacking("Masks are to be edited, and rows have none", "masks", masks, "mask")
        return "masks"
    if way == "paired" and not pairs:
        raise _lacking("Pairs are to be learnt from, and there are none", "way", way, "pair")
    if way == "unpaired" and not pool:
        raise _lacking("A pool is to be learnt from, and there is none", "way", way, "pool")
    if not pairs and not pool:
        raise MethodError(
            f"{NAME!r} has nothing to learn another domain from",
            where="prepare in params.yaml",
            got="no pool, and no companion `pair`",
            expected="images of the other domain in prepare.pool, some of them with a pair; or a pair beside every row",
            remedy=f"name them; to draw objects in other masks instead, set masks: moved (needs {_LINES['mask']})",
        )
    return "paired" if pairs and way != "unpaired" else "unpaired"


_LINES = {
    "mask": "prepare.companions.mask",
    "pair": "prepare.pool.companions.pair or prepare.companions.pair",
    "pool": "prepare.pool",
}


def _lacking(problem: str, setting: str, got: str, what: str) -> MethodError:
    return MethodError(
        problem,
        where=f"synthesis.settings.{setting} in params.yaml",
        got=got,
        expected=f"{_LINES[what]} in params.yaml",
        remedy=f"name them there, or take `{setting}` out of the settings",
    )


def _check_pairs(pairs: int) -> None:
    if pairs < FEWEST_PAIRS:
        raise MethodError(
            f"There are too few pairs for {NAME!r} to learn from",
            where="prepare.pool.companions.pair in params.yaml",
            got=f"{pairs} pairs",
            expected=f"at least {FEWEST_PAIRS}: fewer are learnt by heart",
            remedy="add pairs, or learn from the pool without them: way: unpaired in synthesis.settings",
        )


def make_task(way: Way, data: TrainingData, window: Window, *, matched_start: bool, seed: int) -> Task:
    """The task of these rows. Raises MethodError."""
    train = data.train
    held = data.judged
    images = _copied(train.samples.payload)
    if way == "unpaired":
        assert data.pool is not None
        pool, asked = _copied(data.pool.samples.payload), _copied(held.samples.payload)
        return Unpaired(images, pool, window, held=asked, matched_start=matched_start)
    if way == "paired":
        return _pairs(data, held, window, seed)
    masks = _copied(train.samples.companions["mask"])
    if not has_object(masks).any():
        raise MethodError(
            "Masks are to be edited, and those of all train rows are empty",
            where="prepare.companions.mask in params.yaml",
            expected="0 where the ground is, and other values where the object is",
        )
    of_held = _copied(held.samples.payload), _copied(held.samples.companions["mask"]), held.labels
    return Masked(images, masks, train.labels, len(train.spec.classes), window, held=of_held)


def _pairs(data: TrainingData, held: TrainView | ValidationView, window: Window, seed: int) -> Pairs:
    """Pairs beside train rows lead away from them, those beside pool rows come from there."""
    sources, targets = list[Images](), list[Images]()
    channels, own = data.train.spec.images.channels, data.train.samples
    if "pair" in own.companions:
        sources.append(_copied(own.payload))
        targets.append(_with_channels(_copied(own.companions["pair"]), channels, "prepare.companions.pair"))
    if data.pool is not None and "pair" in data.pool.samples.companions:
        rows = data.pool.samples
        sources.append(_with_channels(_copied(rows.companions["pair"]), channels, "prepare.pool.companions.pair"))
        targets.append(_copied(rows.payload))
    _check_pairs(sum(map(len, sources)))
    kept = None
    if "pair" in own.companions and held is not data.train:
        pairs = _with_channels(_copied(held.samples.companions["pair"]), channels, "prepare.companions.pair")
        kept = _copied(held.samples.payload), pairs
    return Pairs(np.concatenate(sources), np.concatenate(targets), window, seed=seed, held=kept)


def _with_channels(pairs: Images, channels: int, where: str) -> Images:
    """Grey pairs of colour images in colour. Raises MethodError where grey images have pairs in colour."""
    if pairs.shape[3] > channels:
        raise MethodError(
            f"{NAME!r} was given grey images with pairs in colour",
            where=f"{where} in params.yaml",
            got=f"{pairs.shape[3]} channels",
            expected=f"{channels}, as the labelled images have",
            remedy="write the pairs in grey, or the labelled images in colour",
        )
    return pairs if pairs.shape[3] == channels else np.repeat(pairs, channels, axis=3)


def _copied(values: Payload) -> Images:
    """The images in memory of our own: those of a file are read-only, which torch does not like."""
    return np.array(images_of(values))


class Sources:
    """The train rows that samples start from, with what lies beside them, and the rows of each class that can serve."""

    def __init__(self, rows: Samples, labels: Ints, edit: MaskEdit) -> None:
        self.rows, self.labels, self.edit = rows, labels, edit
        self.pixels = images_of(rows.payload)
        self.masks = images_of(rows.companions["mask"]) if "mask" in rows.companions else None
        self.top = 1 if self.masks is None else max(1, int(self.masks.max(initial=0)))
        self.has_object = None if self.masks is None else has_object(self.masks)

    def of_class(self, index: int) -> Ints:
        """Places of the rows of a class."""
        return np.flatnonzero(self.labels == index)

    def mask_for(self, row: int, random: np.random.Generator) -> int:
        """The row whose mask a sample of `row` gets: to move it, its own where that is not empty; else another's."""
        assert self.has_object is not None
        if self.edit == "moved" and self.has_object[row]:
            return row
        others = np.flatnonzero((self.labels == self.labels[row]) & self.has_object)
        others = others[others != row]
        return int(random.choice(others)) if len(others) else row


@dataclass(frozen=True)
class Start:
    """What samples start from.

    Attributes
    ----------
    images
        uint8 [n, h, w, c].
    beside
        What lies beside each sample, by role.
    parents
        The places of the rows that each comes from, the image's own first.
    hidden
        With edited masks, bool [n, h, w]: where the image is to be drawn.
    """

    images: Images
    beside: dict[Role, Payload]
    parents: list[tuple[int, ...]]
    hidden: npt.NDArray[np.bool_] | None = None


def started(sources: Sources, chosen: Ints, used: Ints, shift: int, randoms: Sequence[np.random.Generator]) -> Start:
    """The rows `chosen`; one that is `used` again moves by up to `shift` px, its mask with it.

    With edited masks the images stay as they are, and the masks are new.
    """
    images = sources.pixels[chosen]
    beside = {role: take(values, chosen) for role, values in sources.rows.companions.items()}
    if sources.edit != "as_is":
        return _in_other_masks(sources, chosen, randoms, images, beside)
    arrays = [images] if sources.masks is None else [images, images_of(beside["mask"])]
    for place, random in enumerate(randoms):
        if used[place] and shift:
            down, right = random.integers(-shift, shift + 1, 2).tolist()
            for array in arrays:
                array[place] = stepped(array[place], down, right)
    return Start(images, beside, [(place,) for place in chosen.tolist()])


def _in_other_masks(
    sources: Sources,
    chosen: Ints,
    randoms: Sequence[np.random.Generator],
    images: Images,
    beside: dict[Role, Payload],
) -> Start:
    assert sources.masks is not None
    own, new, parents = sources.masks[chosen], list[Images](), list[tuple[int, ...]]()
    for row, random in zip(chosen.tolist(), randoms, strict=True):
        other = sources.mask_for(row, random)
        mask = sources.masks[other]
        new.append(moved_mask(mask, random) if sources.edit == "moved" else mask)
        parents.append((row, other))
    hidden = np.stack([to_draw(inked(one), inked(two)) for one, two in zip(own, new, strict=True)])
    return Start(images, {**beside, "mask": np.stack(new)}, parents, hidden)
