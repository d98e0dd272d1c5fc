"""What the translator is taught with: pairs, a pool without pairs, or images with the object of a mask drawn anew.

A task gives batches of images moved and mirrored at random: alike in all that belongs together. A small set is
otherwise learnt by heart, and the translator ends as a copy of its input (the oldest complaint about such methods).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_augment.core.seeds import numpy_generator
from gan_augment.fidelity.distances import nearest
from gan_augment.fidelity.restoration import absolute_error
from gan_augment.synthesis.kit.edited_masks import has_object, inked, moved_mask, to_draw, without_object
from gan_augment.synthesis.translators.histogram_match import matched

__all__ = ["Batch", "Held", "Masked", "Pairs", "Task", "Unpaired", "Window", "encoded", "masked_inputs", "towards"]

Images = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

JUDGED = 256  # held-out images at most
_SHARE = 5  # one of so many pairs is held out, where no pair lies beside validation rows
_LEAST_HELD = 4
_SHARES = (0.5, 1.0)  # of the levels that are matched


@dataclass(frozen=True)
class Batch:
    """A batch, all float32 [n, ..., h, w] in [-1, 1].

    Attributes
    ----------
    inputs
        What the translator sees.
    truth
        Real images of the domain to imitate: of these inputs where the task is one of pairs, else any.
    shown
        What the critic sees beside an image, [n, 0, h, w] for nothing.
    kept
        [n, 1, h, w]: 1 where the truth stays as it is, 0 where the translator draws.
    told
        The class as a one-hot vector, [n, classes], or [n, 0].
    """

    inputs: Tensor
    truth: Tensor
    shown: Tensor
    kept: Tensor
    told: Tensor

    def to(self, device: str) -> Batch:
        """The same batch on another device."""
        return Batch(*(getattr(self, name).to(device) for name in ("inputs", "truth", "shown", "kept", "told")))


@dataclass(frozen=True)
class Held:
    """A batch that is never trained on, and the mean absolute error of what is known without a network.

    `rivals`: name -> float64 [n], in levels of [0, 1]. `matched`: whether the truth is that of the inputs.
    """

    batch: Batch
    rivals: dict[str, npt.NDArray[np.float64]]
    matched: bool


@dataclass(frozen=True)
class Window:
    """How far the part of an image that a batch shows may move, in px (down, right), and whether it may be mirrored.

    It keeps the size of the image, and beyond the edge the edge is repeated: the translator meets whole images later,
    and must know what lies at their borders.
    """

    margin: tuple[int, int]
    flips: bool

    def cut(self, stacks: Sequence[Tensor], rng: torch.Generator) -> list[Tensor]:
        """Each stack uint8 [n, h, w, c] as float32 [n, c, h, w] in [-1, 1]: row i of all moved and mirrored alike."""
        count, height, width = stacks[0].shape[:3]
        rows, columns = (
            (torch.randint(-most, most + 1, (count, 1), generator=rng) + torch.arange(side)).clamp(0, side - 1)
            for side, most in zip((height, width), self.margin, strict=True)
        )
        mirrored = torch.rand(count, 1, generator=rng) < (0.5 if self.flips else 0.0)
        columns = torch.where(mirrored, columns.flip(1), columns)
        which = torch.arange(count)[:, None, None]
        return [encoded(stack[which, rows[:, :, None], columns[:, None, :]]) for stack in stacks]


def encoded(pixels: Tensor) -> Tensor:
    """uint8 [n, h, w, c] as float32 [n, c, h, w] in [-1, 1]."""
    return pixels.permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1


class Task(Protocol):
    """What is learnt. `matched`: whether a batch's truth is that of its inputs.

    `inputs`, `shown` and `told` are the numbers of channels of a batch's parts.
    """

    inputs: int
    shown: int
    told: int
    matched: bool
    held: Held
    looks: Images  # real images of the domain to imitate

    def batch(self, size: int, rng: torch.Generator) -> Batch:
        """A batch of train rows."""
        ...


class Pairs:
    """Pairs: uint8 [n, h, w, c] each, row i of `sources` shows what row i of `targets` shows."""

    matched, told = True, 0

    def __init__(
        self, sources: Images, targets: Images, window: Window, *, seed: int, held: tuple[Images, Images] | None = None
    ) -> None:
        self.inputs = self.shown = sources.shape[3]
        self.window = window
        if held is None:
            order = numpy_generator(seed, "held-out pairs").permutation(len(sources))
            kept = min(max(_LEAST_HELD, len(order) // _SHARE), JUDGED)
            held = sources[order[:kept]], targets[order[:kept]]
            sources, targets = sources[order[kept:]], targets[order[kept:]]
        self.sources, self.targets, self.looks = torch.from_numpy(sources), torch.from_numpy(targets), targets
        asked, truth = (part[:JUDGED] for part in held)
        near = targets[nearest(_flat(asked), _flat(sources))[1]]
        self.held = Held(
            self._batch(encoded(torch.from_numpy(asked)), encoded(torch.from_numpy(truth))),
            {"copy": absolute_error(asked, truth), "nearest_pair": absolute_error(near, truth)},
            matched=True,
        )

    def batch(self, size: int, rng: torch.Generator) -> Batch:
        """See `Task`."""
        which = torch.randint(len(self.sources), (size,), generator=rng)
        source, target = self.window.cut([self.sources[which], self.targets[which]], rng)
        return self._batch(source, target)

    def _batch(self, source: Tensor, target: Tensor) -> Batch:
        return Batch(source, target, source, torch.zeros_like(source[:, :1]), source.new_zeros(len(source), 0))


class Unpaired:
    """Labelled images of one domain and a pool of another one, uint8 [n, h, w, c] each; nothing is the same in both.

    `matched_start`: a source first gets the levels of an image of the pool (`towards`), so that the translator has only
    the rest to learn.
    """

    matched, told, shown = False, 0, 0

    def __init__(self, sources: Images, pool: Images, window: Window, *, held: Images, matched_start: bool) -> None:
        self.inputs, self.window, self.matched_start = sources.shape[3], window, matched_start
        self.sources, self.looks, self.pool = sources, pool, torch.from_numpy(pool)
        count = min(JUDGED, len(held), len(pool))
        asked, truth = self._started(_spread(held, count), np.random.default_rng(0)), _spread(pool, count)
        self.held = Held(self._batch(encoded(asked), encoded(torch.from_numpy(truth))), {}, matched=False)

    def batch(self, size: int, rng: torch.Generator) -> Batch:
        """See `Task`."""
        which, other = (torch.randint(len(rows), (size,), generator=rng) for rows in (self.sources, self.pool))
        random = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
        (source,) = self.window.cut([self._started(self.sources[which.numpy()], random)], rng)
        (target,) = self.window.cut([self.pool[other]], rng)
        return self._batch(source, target)

    def _started(self, images: Images, random: np.random.Generator) -> Tensor:
        if not self.matched_start:
            return torch.from_numpy(images)
        looks = self.looks[random.integers(len(self.looks), size=len(images))]
        return torch.from_numpy(np.stack([towards(*pair, random) for pair in zip(images, looks, strict=True)]))

    def _batch(self, source: Tensor, target: Tensor) -> Batch:
        return Batch(source, target, source[:, :0], torch.zeros_like(source[:, :1]), source.new_zeros(len(source), 0))


def towards(image: Images, look: Images, random: np.random.Generator) -> Images:
    """The image [h, w, c] with the levels of `look`, as far as a random share says: what `histogram_match` draws."""
    return matched(image, look, random.uniform(*_SHARES))


class Masked:
    """Images with masks: the object is hidden and drawn again inside of its mask, and the ground where it is not.

    What is hidden is also the shape of another row's object, moved: so the translator learns to draw ground, too.
    """

    matched = True

    def __init__(
        self,
        images: Images,
        masks: Images,
        labels: Ints,
        classes: int,
        window: Window,
        *,
        held: tuple[Images, Images, Ints],
    ) -> None:
        self.window, self.told, self.top = window, classes, max(1, int(masks.max()))
        self.inputs, self.shown = images.shape[3] + masks.shape[3] + 1, masks.shape[3] + 1
        self.images, self.masks, self.looks = images, masks, images
        self.labels = torch.from_numpy(labels)
        self.objects = np.flatnonzero(has_object(masks))
        asked, own, told = held[0][:JUDGED], held[1][:JUDGED], held[2][:JUDGED]
        hidden = self._hidden(own, np.random.default_rng(0))
        guess = without_object(asked, hidden)
        batch = self._batch([asked, own, hidden[..., None]], torch.from_numpy(told))
        self.held = Held(batch, {"mean_of_the_rest": absolute_error(guess, asked)}, matched=True)

    def batch(self, size: int, rng: torch.Generator) -> Batch:
        """See `Task`."""
        which = torch.randint(len(self.images), (size,), generator=rng)
        random = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
        own = self.masks[which.numpy()]
        stacks = [self.images[which.numpy()], own, self._hidden(own, random)[..., None]]
        return self._batch(stacks, self.labels[which], rng)

    def _hidden(self, own: Images, random: np.random.Generator) -> npt.NDArray[np.bool_]:
        others = self.masks[random.choice(self.objects, len(own))]
        pairs = zip(own, others, strict=True)
        return np.stack([to_draw(inked(mask), inked(moved_mask(other, random))) for mask, other in pairs])

    def _batch(
        self, stacks: list[npt.NDArray[np.generic]], labels: Tensor, rng: torch.Generator | None = None
    ) -> Batch:
        bytes_of = [torch.from_numpy(np.ascontiguousarray(stack).astype(np.uint8)) for stack in stacks]
        if rng is None:
            image, mask, hidden = map(encoded, bytes_of)
        else:
            image, mask, hidden = self.window.cut(bytes_of, rng)
        told = torch.nn.functional.one_hot(labels, self.told).float()
        mask, hidden = (((part + 1) * 127.5).round() for part in (mask, hidden))
        return masked_inputs(image, mask, hidden, self.top, told)


def masked_inputs(image: Tensor, mask: Tensor, hidden: Tensor, top: int, told: Tensor) -> Batch:
    """The batch of images [n, c, h, w] in which what is `hidden` [n, 1, h, w] (0 or 1) is drawn around `mask`.

    Values of the mask are whole numbers up to `top`.
    """
    shown = torch.cat([2 * mask / top - 1, 2 * hidden - 1], dim=1)
    return Batch(torch.cat([image * (1 - hidden), shown], dim=1), image, shown, 1 - hidden, told)


def _flat(images: Images) -> npt.NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(np.float64)


def _spread(images: Images, count: int) -> Images:
    """So many of these images, spread over all."""
    chosen: Images = images[np.linspace(0, len(images) - 1, count).astype(int)]
    return chosen
