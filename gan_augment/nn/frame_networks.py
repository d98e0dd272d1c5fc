"""A network that predicts the next frame of a clip from earlier ones: where each pixel comes from, not what it is.

For each pixel a U-Net over the stacked frames gives weights of the pixels around it in the last frame, which sum to 1
(dynamic filters: De Brabandere et al. 2016, arXiv 1605.09673; Finn et al. 2016, arXiv 1605.07157), and a gated residue
for what no earlier pixel shows. The weights move a mask of the last frame as they move the frame.

The weights start where soft optical flow puts them: what seems to have moved moves on. Without that start the squared
error soon teaches to erase what moves, for nothing is nearer to a thing in the right place than a thing in a wrong one,
and from there no way leads back.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.translation_networks import UNet

__all__ = ["FramePredictor", "Motion", "arrivals", "moved", "moved_mask"]

_CLOSED = -3.0  # the gate's first logit: a residue of 5 %
_PATCH = 5  # px a side that are compared to see a motion
_SURE = 8.0  # how much the best motion is preferred
_STILL = 1.0  # added for no motion, which decides where nothing is seen to move
_FLAT = 0.005  # squared difference that means nothing: some levels of noise
_UNSEEN = 1e-3  # share of a motion that nothing speaks for


class Motion(NamedTuple):
    """The next frames [n, c, h, w] in [-1, 1], and the weights [n, kernel * kernel, h, w] that made them."""

    frames: Tensor
    weights: Tensor


class FramePredictor(nn.Module):
    """Frames [n, history * c, h, w] in [-1, 1], the oldest first, to the next frames; of any size.

    Parameters
    ----------
    kernel
        Odd side in px of the neighbourhood that a pixel may come from: motion of (kernel - 1) / 2 px a frame.
    """

    def __init__(self, channels: int, *, history: int, kernel: int, width: int, levels: int) -> None:
        super().__init__()
        self.channels, self.history, self.kernel = channels, history, kernel
        self.body = UNet(history * channels + kernel**2, width, width=width, levels=levels)
        self.head = nn.Conv2d(width, kernel**2 + 1 + channels, 1)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            assert self.head.bias is not None
            self.head.bias.zero_()
            self.head.bias[kernel**2] = _CLOSED

    def forward(self, past: Tensor) -> Motion:
        """The motion after `past`."""
        before, last = past[:, -2 * self.channels :].chunk(2, dim=1)
        flow = (arrivals(before, last, self.kernel) + _UNSEEN).log()
        found = self.head(self.body(torch.cat([past, flow / 4], dim=1)))
        logits, gate, residue = found.split([self.kernel**2, 1, self.channels], dim=1)
        weights, open_ = (flow + logits).softmax(dim=1), gate.sigmoid()
        frames = (1 - open_) * moved(last, weights) + open_ * residue.tanh()
        return Motion(frames, weights)

    def follow(self, past: Tensor, frames: Tensor) -> Tensor:
        """The past of the step after next: `frames` in the place of the oldest."""
        return torch.cat([past[:, self.channels :], frames], dim=1)


def arrivals(before: Tensor, last: Tensor, kernel: int) -> Tensor:
    """How likely the content of each place around a pixel of `last` moves to that pixel: [n, kernel * kernel, h, w].

    The motion of a place is that by which the patch around it is found in `before`, spread over all motions that are as
    likely; so what has a pattern tells where it goes, and what has none goes nowhere in particular.
    """
    height, width = last.shape[2:]
    gaps = (last[:, :, None] - _around(before, kernel)).square().mean(dim=1)
    gaps = F.avg_pool2d(gaps, _PATCH, stride=1, padding=_PATCH // 2, count_include_pad=False)
    likely = -_SURE * gaps / (gaps.mean(dim=1, keepdim=True) + _FLAT)
    likely[:, kernel**2 // 2] += _STILL
    # The motion that leads away from a place is the opposite of where it was found.
    wide = F.pad(likely.softmax(dim=1), (kernel // 2,) * 4)
    places = [divmod(number, kernel) for number in range(kernel**2)]
    return torch.stack(
        [wide[:, number, down : down + height, right : right + width] for number, (down, right) in enumerate(places)],
        dim=1,
    )


def moved(images: Tensor, weights: Tensor) -> Tensor:
    """Each pixel as the weighted mean of those around it: [n, c, h, w] by weights [n, kernel * kernel, h, w]."""
    return (_around(images, round(weights.shape[1] ** 0.5)) * weights[:, None]).sum(dim=2)


def _around(images: Tensor, kernel: int) -> Tensor:
    """The pixels around each pixel, [n, c, kernel * kernel, h, w]; beyond the edge the edge's are repeated."""
    count, channels, height, width = images.shape
    wide = F.pad(images, (kernel // 2,) * 4, mode="replicate")
    return F.unfold(wide, kernel).view(count, channels, kernel**2, height, width)


def moved_mask(masks: Tensor, weights: Tensor) -> Tensor:
    """Masks uint8 [n, h, w, c], moved: each pixel has the value (of all channels) with the most weight around it.

    No value is mixed, so a class index stays one. Of two equal shares the lower value wins.
    """
    flat = masks.reshape(-1, masks.shape[3])
    values, place = torch.unique(flat, dim=0, return_inverse=True)
    places = place.view(masks.shape[:3])
    best = torch.full_like(weights[:, :1], -1.0)
    found = torch.zeros_like(places)
    for number in range(len(values)):
        share = moved((places == number)[:, None].to(weights.dtype), weights)
        found = torch.where(share[:, 0] > best[:, 0], number, found)
        best = torch.maximum(best, share)
    chosen: Tensor = values[found]
    return chosen
