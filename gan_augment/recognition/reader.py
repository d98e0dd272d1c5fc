"""A small network that reads a string: frame by frame (CTC), or for strings of one length with a head a place.

Graves et al. 2006, "Connectionist temporal classification". Either way the answer is a row of frames with a probability
for every character and for none (`scoring.reading`), so that both are read and scored alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_augment.compute.layout import channels_last
from gan_augment.core.records import TextSpec
from gan_augment.core.seeds import derive_seed
from gan_augment.recognition.supervised import PixelAugment, Sampling, train_network
from gan_augment.scoring.reading import EMPTY, Reader, frames_of, frames_per_column

__all__ = ["TextReader", "fit_reader", "read_frames", "string_losses"]

_WIDEST = 4  # channels grow to this multiple of `width`
_LEAST_BLOCKS = 3
_LOWEST = 2  # px: a lower map keeps its rows
_FEATURES = 64


def _block(inputs: int, outputs: int, pooled: tuple[int, int]) -> nn.Sequential:
    pool = [nn.MaxPool2d(pooled, ceil_mode=True)] if pooled != (1, 1) else []
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, *pool, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class TextReader(nn.Module):
    """3 x 3 convolutions that halve the rows until two are left, and the columns only as often as characters allow.

    Parameters
    ----------
    channels, height, width_px
        Of the images.
    text
        Their alphabet and longest length.
    reader
        `ctc`: every column that is left is a frame. `places`: every place of the string has a head of its own on all
        columns together.
    width
        Channels of the first convolution; later ones grow to four times as many.
    generator
        Source of the initial weights (He et al. 2015). The global generator's state has no influence.
    """

    def __init__(
        self,
        channels: int,
        height: int,
        width_px: int,
        text: TextSpec,
        *,
        reader: Reader,
        width: int = 16,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.reader, self.symbols, self.longest = reader, len(text.alphabet) + 1, text.longest
        self.frames = frames_of(width_px, text.longest)
        halvings, columns = frames_per_column(width_px, text.longest)
        blocks: list[nn.Module] = []
        inputs, outputs = channels, width
        while height > _LOWEST or len(blocks) < max(_LEAST_BLOCKS, halvings):
            pooled = (2 if height > _LOWEST else 1, 2 if len(blocks) < halvings else 1)
            blocks.append(_block(inputs, outputs, pooled))
            height = -(-height // pooled[0])
            inputs, outputs = outputs, min(2 * outputs, _WIDEST * width)
        self.trunk = nn.Sequential(*blocks)
        self.columns = nn.Sequential(
            nn.Conv1d(inputs * height, _FEATURES, 3, padding=1, bias=False), nn.BatchNorm1d(_FEATURES), nn.ReLU()
        )
        answers = self.symbols if reader == "ctc" else self.symbols * self.longest
        self.head = nn.Linear(_FEATURES if reader == "ctc" else _FEATURES * columns, answers)
        self._initialise(generator)
        channels_last(self)
        self.train()

    def _initialise(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv1d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Logits float32 [n, frames or places, symbols] of images float32 [n, channels, h, w] in [-1, 1]."""
        found = self.trunk(images)
        seen = self.columns(found.flatten(1, 2))  # rows and channels of a column together
        if self.reader == "ctc":
            logits: Tensor = self.head(seen.transpose(1, 2))
            return logits
        return self.head(seen.flatten(1)).reshape(len(images), self.longest, self.symbols)  # type: ignore[no-any-return]


def fit_reader(
    images: Tensor,
    labels: Tensor,
    targets: Tensor,
    text: TextSpec,
    *,
    reader: Reader,
    seed: int,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 5e-3,
    sampling: Sampling = "natural",
    class_weight: Tensor | None = None,
    finish_on: npt.NDArray[np.bool_] | None = None,
    augment: PixelAugment | None = None,
    show: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]] | None = None,
    width: int = 16,
    device: str = "cpu",
) -> TextReader:
    """Train a `TextReader` from scratch, with the arguments of `fit_classifier`.

    `targets` are the strings, int64 [n, longest]. The loss of a string is divided by its length. In evaluation mode.
    """
    model = TextReader(
        images.shape[1], images.shape[2], images.shape[3], text,
        reader=reader, width=width, generator=torch.Generator().manual_seed(derive_seed(seed, "weights")),
    ).to(device)  # fmt: skip
    targets, own = targets.to(device), (targets >= 0).sum(1).to(device)
    weights = None if class_weight is None else class_weight.to(device)[labels.to(device)]
    each = _ctc_loss if reader == "ctc" else _loss_of_places

    def loss_of(logits: Tensor, chosen: Tensor) -> Tensor:
        losses = each(logits, targets[chosen], own[chosen]) / own[chosen]
        if weights is None:
            return losses.mean()
        return (losses * weights[chosen]).sum() / weights[chosen].sum()

    return train_network(
        model, images, labels, loss_of, seed=seed, steps=steps, batch_size=batch_size, learning_rate=learning_rate,
        sampling=sampling, finish_on=finish_on, augment=augment, show=show, device=device,
    )  # fmt: skip


def string_losses(model: TextReader, images: Tensor, strings: Tensor) -> Tensor:
    """Minus the log probability of each row's string, a character, float32 [n]; `strings` int64 [n, longest].

    With a gradient back to the images float32 [n, c, h, w] in [-1, 1].
    """
    own = (strings >= 0).sum(1)
    each = _ctc_loss if model.reader == "ctc" else _loss_of_places
    return each(model(images), strings, own) / own.clamp(min=1)


def _ctc_loss(logits: Tensor, targets: Tensor, own: Tensor) -> Tensor:
    """Float32 [n]. A string that has more characters than there are frames for them counts as nothing to learn."""
    frames = torch.full((len(logits),), logits.shape[1], dtype=torch.int64)
    chances = functional.log_softmax(logits, dim=2).transpose(0, 1)
    return functional.ctc_loss(
        chances, (targets + 1).clamp(min=1), frames, own, blank=EMPTY, reduction="none", zero_infinity=True
    )


def _loss_of_places(logits: Tensor, targets: Tensor, _own: Tensor) -> Tensor:
    """Float32 [n]."""
    each = functional.cross_entropy(logits.flatten(0, 1), (targets + 1).flatten(), reduction="none")
    return each.reshape(targets.shape).sum(1)


@torch.inference_mode()
def read_frames(model: TextReader, images: Tensor, *, batch_size: int = 512) -> npt.NDArray[np.float32]:
    """float32 [n, frames x symbols] of images float32 [n, c, h, w] in [-1, 1]: frame after frame, each summing to one.

    Between the places of a recogniser with heads, and behind everything, are frames that are certainly empty.
    """
    device = next(model.parameters()).device
    frames = np.zeros((len(images), model.frames, model.symbols), dtype=np.float32)
    frames[..., EMPTY] = 1
    for start in range(0, len(images), batch_size):
        chances = functional.softmax(model(images[start : start + batch_size].to(device)), dim=2).cpu().numpy()
        step = 1 if model.reader == "ctc" else 2
        frames[start : start + batch_size, : step * chances.shape[1] : step][:, : chances.shape[1]] = chances
    return frames.reshape(len(images), model.frames * model.symbols)
