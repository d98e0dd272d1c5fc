"""The two parts by which a GAN becomes an InfoGAN: codes inside the generator's noise, and a head that reads them.

Chen et al. 2016, "InfoGAN", arXiv 1606.03657. The recognition network Q shares the discriminator's body.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["CodeLayout", "InfoDiscriminator", "information_loss", "invariance_loss"]


@dataclass(frozen=True)
class CodeLayout:
    """What a generator's input row is made of, in this order.

    `noise` normal numbers; a one-hot code of `categories`; `continuous` codes, uniform in [-1, 1].
    """

    noise: int
    categories: int
    continuous: int

    @property
    def width(self) -> int:
        """Length of a row."""
        return self.noise + self.categories + self.continuous

    def draw(self, count: int, rng: torch.Generator, codes: Tensor | None = None) -> Tensor:
        """float32 [count, width] on the CPU; `codes` int64 [count], or None: every code is equally likely."""
        noise = torch.randn(count, self.noise, generator=rng)
        drawn = torch.randint(self.categories, (count,), generator=rng)
        one_hot = F.one_hot(drawn if codes is None else codes, self.categories).float()
        continuous = 2 * torch.rand(count, self.continuous, generator=rng) - 1
        return torch.cat([noise, one_hot, continuous], dim=1)

    def codes_of(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(categorical int64 [n], continuous float32 [n, continuous]) of rows [n, width]."""
        end = self.noise + self.categories
        return rows[:, self.noise : end].argmax(1), rows[:, end:]


class InfoDiscriminator(nn.Module):
    """D(x) and Q(code | x) over one body, which maps images [n, c, h, w] to features [n, features].

    It is called as the other discriminators are; having one class, it looks at neither labels nor their scale.
    """

    def __init__(self, body: nn.Module, features: int, layout: CodeLayout) -> None:
        super().__init__()
        self.body = body
        self.layout = layout
        self.linear = nn.Linear(features, 1)
        hidden = max(features // 2, 16)
        outputs = layout.categories + layout.continuous
        self.recognition = nn.Sequential(nn.Linear(features, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, outputs))

    def forward(self, images: Tensor, labels: Tensor | None = None, label_scale: float = 1.0) -> Tensor:
        """float32 [n]; larger means more like a real image."""
        del labels, label_scale
        logits: Tensor = self.linear(self.body(images)).squeeze(1)
        return logits

    def judge(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(logits [n], code logits [n, categories], means of the continuous codes [n, continuous]) in one pass."""
        hidden = self.body(images)
        codes = self.recognition(hidden)
        split = self.layout.categories
        return self.linear(hidden).squeeze(1), codes[:, :split], codes[:, split:]

    def recognise(self, images: Tensor) -> Tensor:
        """Code logits float32 [n, categories]."""
        codes: Tensor = self.recognition(self.body(images))[:, : self.layout.categories]
        return codes


def information_loss(
    code_logits: Tensor, means: Tensor, codes: Tensor, continuous: Tensor, *, weight: float, continuous_weight: float
) -> Tensor:
    """-L_I less its constants, a scalar (Chen et al. 2016, eq. 5): what Q leaves unexplained of the codes.

    Q of a continuous code is normal with standard deviation 1, as in the authors' code; so its part is half the
    squared error, summed over the codes.
    """
    unexplained = weight * F.cross_entropy(code_logits, codes)
    return unexplained + continuous_weight * 0.5 * (means - continuous).square().sum(1).mean()


def invariance_loss(first: Tensor, second: Tensor) -> Tensor:
    """log k - I(c; c') of the codes c, c' that Q gives two views of one image, a scalar in [0, log k].

    Ji et al. 2019, "Invariant Information Clustering", arXiv 1807.06653, eq. 3. Both arguments are code logits [n, k]
    of the same n images, differently changed. Least where both views get the same code, and every code is as frequent.
    """
    joint = first.softmax(1).T @ second.softmax(1) / len(first)
    joint = ((joint + joint.T) / 2).clamp_min(1e-8)
    left, right = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    return math.log(len(joint)) - (joint * (joint.log() - left.log() - right.log())).sum()
