"""The two ways from content and style to an image: by optimisation as published, and by statistics in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gan_augment.nn.texture_statistics import content_distances, frequency_bands, gram, style_distances
from gan_augment.synthesis.translators.style_transfer.features import Features

__all__ = ["by_optimisation", "by_statistics", "content_units", "distances_left"]

_HISTORY = 20  # steps that L-BFGS remembers
_OUTSIDE = 10.0  # weight of the squares of what lies outside of [-1, 1]
_GRAIN = 0.1  # deviation of the noise that an optimisation starts with: where the content is flat, a texture must begin
_TINY = 1e-6


def content_units(features: Features, images: Tensor) -> list[float]:
    """The mean distance of the maps of two of these images, layer by layer; the unit of content distances."""
    with torch.no_grad():
        maps = features(images)
        apart = [((own - own.roll(1, 0)) ** 2).mean() for own in maps]
    return [max(float(one), _TINY) for one in apart]


def by_optimisation(
    content: Tensor,
    style: Tensor,
    noise: Tensor,
    features: Features,
    units: Sequence[float],
    *,
    strength: float,
    steps: int,
    start: Tensor | None = None,
) -> Tensor:
    """Images float32 [n, c, h, w] in [-1, 1] with the maps of `content` and the Gram matrices of `style`.

    The loss is (1 - strength) x content distance + strength x style distance, both relative (`texture_statistics`), by
    L-BFGS over all images at once, as published. The images themselves are a layer of the style alone. `start`: instead
    of the content with `noise` (standard normal) on it.
    """
    with torch.no_grad():
        wanted, grams = features(content)[1:], [gram(maps) for maps in features(style)]
        first = content + _GRAIN * strength * noise if start is None else start
    images = first.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [images],
        max_iter=steps,
        max_eval=2 * steps,
        history_size=_HISTORY,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        maps = features(images)
        found = strength * style_distances(maps, grams) + (1 - strength) * content_distances(
            maps[1:], wanted, units[1:]
        )
        whole = found.sum() + _OUTSIDE * ((images.abs() - 1).clamp(min=0) ** 2).sum()
        optimiser.zero_grad()
        whole.backward()  # type: ignore[no-untyped-call]
        return whole

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return images.detach().clamp(-1, 1)


def by_statistics(content: Tensor, style: Tensor, noise: Tensor, *, strength: float) -> Tensor:
    """Images with the mean of `style`, and in every frequency band and channel its energy, in closed form.

    As in AdaIN (Huang and Belongie 2017, arXiv 1703.06868) the content is scaled where its energy exceeds the style's.
    Where it has less it stays as it is, and the rest comes as the style's own spectrum with random phases (a texture
    without motif; Galerne et al. 2011): a plain ground has nothing that could be scaled. `strength` is the share of the
    result; the rest is the content.
    """
    bands = frequency_bands(*content.shape[2:]).to(content.device)
    own, other = torch.fft.fft2(content), torch.fft.fft2(style)
    phases = torch.fft.fft2(noise[:, :1])  # the same in all channels, so that colours stay together
    grain = other * phases / phases.abs().clamp(min=_TINY)
    have, wanted = (torch.einsum("nchw,bhw->ncb", one.abs() ** 2, bands) for one in (own, other))
    scale = (wanted / have.clamp(min=_TINY)).sqrt().clamp(max=1)
    missing = (1 - scale**2 * have / wanted.clamp(min=_TINY)).clamp(min=0).sqrt()
    kept, filled = (torch.einsum("ncb,bhw->nchw", one, bands) for one in (scale, missing))
    mixed = torch.fft.ifft2(kept * own + filled * grain).real + style.mean((2, 3), keepdim=True)
    restyled: Tensor = (content + strength * (mixed - content)).clamp(-1, 1)
    return restyled


def distances_left(
    found: Tensor, content: Tensor, style: Tensor, features: Features, units: Sequence[float]
) -> tuple[float, float]:
    """The style distance to `style` as a share of the content's own, and the content distance (1: another image's)."""
    with torch.no_grad():
        maps, wanted = features(found), features(content)
        grams = [gram(one) for one in features(style)]
        before = style_distances(wanted, grams).mean().clamp(min=_TINY)
        left = style_distances(maps, grams).mean() / before
        return float(left), float(content_distances(maps[1:], wanted[1:], units[1:]).mean())
