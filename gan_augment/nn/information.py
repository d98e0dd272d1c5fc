"""The two parts that turn a GAN into an InfoGAN: codes inside the generator's noise, and a head that reads them.

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
    """Layout of a generator's input row, in this order.

    `noise` normal numbers; a one-hot code of `categories`; `continuous` codes, uniform in [-1, 1].
    """

    noise: int
    categories: int
    continuous: int

    @property
    def width(self) -> int:
        """Length of an input row."""
        return self.noise + self.categories + self.continuous

    def draw(self, count: int, rng: torch.Generator, codes: Tensor | None = None) -> Tensor:
        """Input rows float32 [count, width] on the CPU; `codes` int64 [count], None: all codes are equally likely."""
        noise = torch.randn(count, self.noise, generator=rng)
        drawn = torch.randint(self.categories, (count,), generator=rng)
        one_hot = F.one_hot(drawn if codes is None else codes, self.categories).float()
        continuous = 2 * torch.rand(count, self.continuous, generator=rng) - 1
        return torch.cat([noise, one_hot, continuous], dim=1)

    def codes_of(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of rows [n, width]: categorical int64 [n], continuous float32 [n, continuous]."""
        end = self.noise + self.categories
        return rows[:, self.noise : end].argmax(1), rows[:, end:]


class InfoDiscriminator(nn.Module):
    """Heads D(x) and Q(code | x) on one body, which maps images [n, c, h, w] to features [n, features].

    Its call has the signature of the other discriminators. There is one class, so it ignores labels and their scale.
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
        """Logits float32 [n]; larger means more like a real image."""
        del labels, label_scale
        logits: Tensor = self.linear(self.body(images)).squeeze(1)
        return logits

    def judge(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits [n], code logits [n, categories] and means of the continuous codes [n, continuous], in one pass."""
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
    """-L_I less its constants, a scalar (Chen et al. 2016, eq. 5): the part of the codes that Q does not explain.

    Q of a continuous code is normal with standard deviation 1, as in the authors' code; its term is half the squared
    error, summed over the codes.
    """
    unexplained = weight * F.cross_entropy(code_logits, codes)
    return unexplained + continuous_weight * 0.5 * (means - continuous).square().sum(1).mean()


def invariance_loss(first: Tensor, second: Tensor) -> Tensor:
    """Value of log k - I(c; c') of the codes c, c' that Q gives two views of one image, a scalar in [0, log k].

    Ji et al. 2019, "Invariant Information Clustering", arXiv 1807.06653, eq. 3. Both arguments are code logits [n, k]
    of two views of the same n images. The loss is least where both views get the same code and all codes are equally
    frequent.
    """
    joint = first.softmax(1).T @ second.softmax(1) / len(first)
    joint = ((joint + joint.T) / 2).clamp_min(1e-8)
    left, right = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    return math.log(len(joint)) - (joint * (joint.log() - left.log() - right.log())).sum()
