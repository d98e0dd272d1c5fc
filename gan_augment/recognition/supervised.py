"""Training of a small classifier: a fixed number of steps, one learning-rate schedule, rows drawn by a stated rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.encoding.image import decode_images, encode_images
from gan_augment.nn.adam import Adam
from gan_augment.recognition.classifier import SmallCnn

__all__ = [
    "PixelAugment",
    "Sampling",
    "draw_rows",
    "fit_classifier",
    "pixels",
    "predict_probabilities",
    "real_rows_last",
    "train_network",
]

Sampling = Literal["natural", "balanced"]
Network = TypeVar("Network", bound=nn.Module)
PixelAugment = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]  # [n, h, w, c] -> the same shape

_WARM_UP = 0.05  # share of the steps over which the learning rate rises linearly; then it falls as a cosine to zero
_WEIGHT_DECAY = 0.01


def pixels(images: npt.NDArray[np.uint8]) -> Tensor:
    """Pixels uint8 [n, h, w, c] as float32 [n, c, h, w] in [-1, 1]."""
    return torch.from_numpy(encode_images(np.asarray(images), channels_last=True))


def _as_uint8(images: Tensor) -> npt.NDArray[np.uint8]:
    return decode_images(images.cpu().numpy())


def draw_rows(
    labels: npt.NDArray[np.int64], count: int, sampling: Sampling, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Rows to show, int64 [count], in order.

    "natural" walks through shuffled copies of all rows, so that after any number of steps no row was shown more than
    once more often than another. "balanced" does the same with the classes that have rows, and within each class
    with its rows: every class is shown equally often, however few rows it has.
    """
    if sampling == "natural":
        return _shuffled_walk(np.arange(len(labels)), count, generator)
    classes = np.unique(labels)
    order = _shuffled_walk(classes, count, generator)
    drawn = np.empty(count, dtype=np.int64)
    for index in classes:
        places = np.flatnonzero(order == index)
        drawn[places] = _shuffled_walk(np.flatnonzero(labels == index), len(places), generator)
    return drawn


def real_rows_last(
    rows: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    real: npt.NDArray[np.bool_],
    sampling: Sampling,
    generator: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Drawn `rows` in two phases, a mixture and then real rows alone, with the same total and share of real showings.

    Every second showing of a real row is removed from the mixture; as many real rows are drawn by the same rule for the
    end. `real` bool [n] marks the real rows; nothing changes where none is real, or all are.
    """
    if real.all() or not real.any():
        return rows
    taken, own = np.flatnonzero(real[rows])[1::2], np.flatnonzero(real)
    last = own[draw_rows(labels[own], len(taken), sampling, generator)]
    return np.concatenate([np.delete(rows, taken), last])


def _shuffled_walk(values: npt.NDArray[np.int64], count: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    rounds = [generator.permutation(values) for _ in range(math.ceil(count / len(values)))]
    return np.concatenate(rounds)[:count] if rounds else np.empty(0, dtype=np.int64)


def _learning_rate_factor(step: int, steps: int) -> float:
    warm_up = max(1, round(_WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def fit_classifier(
    images: Tensor,
    labels: Tensor,
    classes: int,
    *,
    seed: int,
    steps: int = 300,
    batch_size: int = 64,
    learning_rate: float = 5e-3,
    sampling: Sampling = "natural",
    class_weight: Tensor | None = None,
    heads: Sequence[int] = (),
    targets: Tensor | None = None,
    finish_on: npt.NDArray[np.bool_] | None = None,
    augment: PixelAugment | None = None,
    show: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]] | None = None,
    width: int = 16,
    device: str = "cpu",
) -> SmallCnn:
    """Train a `SmallCnn` from scratch with AdamW for exactly `steps` steps of exactly `batch_size` rows.

    The same arguments give the same weights on one machine and number of threads. The seed sets the initial weights and
    the order of the rows; `augment` has randomness of its own, so pass a freshly seeded one.

    Parameters
    ----------
    images
        float32 [n, c, h, w] in [-1, 1].
    labels
        int64 [n] in 0 .. classes - 1. A class without rows is allowed: its output learns to stay low.
    sampling
        "natural" shows every row equally often, "balanced" every class.
    class_weight
        float32 [classes]: factors of the loss of each class's rows; None: all one.
    heads, targets
        For several questions instead of the class: the number of answers of each, and int64 [n, questions],
        -1 where an answer is unknown. Each question has a head of its own on the same features; its mean loss over the
        rows of a batch with an answer has the weight of any other. Rows are still drawn by class.
    finish_on
        bool [n]: the real rows, if training ends with them alone (`real_rows_last`).
    augment
        Called with each batch as uint8 [n, h, w, c]; its result is trained on, with the same labels.
    show
        Called with the row numbers of each batch, int64 [n]; the uint8 [n, h, w, c] it returns is trained on instead
        of `images`. For augmentations that store their results.

    Returns
    -------
    SmallCnn
        In evaluation mode, on `device`.
    """
    model = SmallCnn(
        images.shape[1], images.shape[2], images.shape[3], sum(heads) or classes,
        width=width, generator=torch.Generator().manual_seed(derive_seed(seed, "weights")),
    ).to(device)  # fmt: skip
    classes_of_rows, labels = labels, labels.to(device)
    targets = None if targets is None else targets.to(device)
    class_weight = None if class_weight is None else class_weight.to(device)

    def loss_of(logits: Tensor, chosen: Tensor) -> Tensor:
        if targets is None:
            return functional.cross_entropy(logits, labels[chosen], weight=class_weight)
        weight = None if class_weight is None else class_weight[labels[chosen]]
        return _loss_of_heads(logits, targets[chosen], heads, weight)

    return train_network(
        model, images, classes_of_rows, loss_of, seed=seed, steps=steps, batch_size=batch_size,
        learning_rate=learning_rate, sampling=sampling, finish_on=finish_on, augment=augment, show=show, device=device,
    )  # fmt: skip


def train_network(
    model: Network,
    images: Tensor,
    labels: Tensor,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    *,
    seed: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    sampling: Sampling = "natural",
    finish_on: npt.NDArray[np.bool_] | None = None,
    augment: PixelAugment | None = None,
    show: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]] | None = None,
    device: str = "cpu",
) -> Network:
    """Train any network of images, which is on `device`, as `fit_classifier` says.

    `loss_of` gives the loss of a batch by what the network says of it, and the numbers of its rows, int64 [batch].
    """
    optimiser = Adam(model.parameters(), lr=learning_rate, decay=_WEIGHT_DECAY)
    classes_of_rows, generator = labels.cpu().numpy(), numpy_generator(seed, "rows")
    rows = draw_rows(classes_of_rows, steps * batch_size, sampling, generator)
    if finish_on is not None:
        rows = real_rows_last(rows, classes_of_rows, finish_on, sampling, generator)
    images = images.to(device)
    for step, chosen in enumerate(torch.from_numpy(rows).view(steps, batch_size)):
        batch = images[chosen] if show is None else pixels(show(chosen.numpy())).to(device)
        if augment is not None:
            batch = pixels(augment(_as_uint8(batch))).to(device)
        loss = loss_of(model(batch), chosen)
        optimiser.param_groups[0]["lr"] = learning_rate * _learning_rate_factor(step, steps)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()


def _loss_of_heads(logits: Tensor, targets: Tensor, heads: Sequence[int], weight: Tensor | None) -> Tensor:
    """Mean over the heads of the mean cross entropy of the rows with an answer, weighted by `weight` [n]."""
    losses = []
    for own, answers in zip(torch.split(logits, list(heads), dim=1), targets.T, strict=True):
        known = (answers >= 0).float() if weight is None else (answers >= 0) * weight
        each = functional.cross_entropy(own, answers.clamp(min=0), reduction="none")
        losses.append((each * known).sum() / known.sum().clamp(min=1e-12))
    return torch.stack(losses).mean()


@torch.inference_mode()
def predict_probabilities(
    model: SmallCnn, images: Tensor, *, batch_size: int = 1024, heads: Sequence[int] = ()
) -> npt.NDArray[np.float32]:
    """Probabilities float32 [n, classes], summing to one, of images float32 [n, c, h, w] in [-1, 1], in their order.

    With `heads` the answers of each question sum to one, and the questions follow one another.
    """
    device = next(model.parameters()).device
    batches = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    widths = list(heads) or [model.classes]
    parts = [
        torch.cat(
            [functional.softmax(one, dim=1) for one in torch.split(model(batch.to(device)), widths, dim=1)], dim=1
        ).cpu()
        for batch in batches
    ]
    stacked: npt.NDArray[np.float32] = torch.cat(parts).numpy() if parts else np.empty((0, model.classes), np.float32)
    return stacked
