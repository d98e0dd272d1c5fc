"""Patch contrast: a patch of a translated image must be found by what the same place of its source shows.

CUT (Park et al. 2020, arXiv 2007.15651, equations 3 to 5): the features of a place in the output are to be nearer to
those of the same place in the source than to those of other places of the same source. So the content stays where it
is, without pairs and without a second translator back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.initialisation import LINEAR, keep_variance

__all__ = ["PatchContrast"]

_TEMPERATURE = 0.07


class PatchContrast(nn.Module):
    """Projection heads for layers of maps, and the contrast loss between two lists of such maps.

    Parameters
    ----------
    channels
        Of each layer, such as `UNet.channels`.
    width
        Length of a projected vector.
    patches
        Places at most that a layer is compared at in one call; all images of a batch are compared at the same ones.
    """

    def __init__(self, channels: Sequence[int], *, width: int = 64, patches: int = 64) -> None:
        super().__init__()
        self.patches = patches
        self.heads = nn.ModuleList(
            nn.Sequential(
                keep_variance(nn.Linear(size, width)), nn.ReLU(), keep_variance(nn.Linear(width, width), LINEAR)
            )
            for size in channels
        )

    def forward(self, found: Sequence[Tensor], source: Sequence[Tensor], rng: torch.Generator) -> Tensor:
        """Mean cross-entropy over layers, images and places, a scalar; log(places) where the answer is chance.

        Maps [n, channels, h, w] of outputs and of their sources, layer by layer. The source's side gets no gradient,
        as published: what the source shows is the question, and only the output may change for the answer.
        """
        each = [
            self._of_layer(head, own, other, rng) for head, own, other in zip(self.heads, found, source, strict=True)
        ]
        return torch.stack(each).mean()

    def _of_layer(self, head: nn.Module, found: Tensor, source: Tensor, rng: torch.Generator) -> Tensor:
        places = found.shape[2] * found.shape[3]
        chosen = torch.randperm(places, generator=rng)[: self.patches].to(found.device)
        queries = _projected(head, found, chosen)
        keys = _projected(head, source, chosen).detach()
        likeness = queries @ keys.transpose(1, 2) / _TEMPERATURE  # [n, places, places]
        wanted = torch.arange(len(chosen), device=found.device).expand(len(found), -1)
        return F.cross_entropy(likeness.flatten(0, 1), wanted.flatten())


def _projected(head: nn.Module, maps: Tensor, places: Tensor) -> Tensor:
    """float32 [n, places, width], each vector of length 1."""
    return F.normalize(head(maps.flatten(2)[:, :, places].transpose(1, 2)), dim=2)
