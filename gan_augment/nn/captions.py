"""Networks that are told a class and a caption: a vector of the class and one of the caption's words, added up.

What is told is int64 [n, 1 + words]: the class, counted from 1 (0: not known), then the numbers of the caption's words
in their order; 0 is no word. Captions of any number of words go through the same weights.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_augment.nn.initialisation import LEAK

__all__ = ["NO_WORD", "UNKNOWN_WORD", "CaptionEmbedding"]

NO_WORD = 0
UNKNOWN_WORD = 1
WORD_WIDTH = 32


class CaptionEmbedding(nn.Module):
    """Class and caption as one vector: int64 [n, 1 + words] to float32 [n, width].

    Each word is seen with its two neighbours (a convolution over three words), so that "red on black" is not "black on
    red"; then words are added up, so that words which never met in one caption can be read together. Of what is told as
    [n, k, 1 + words] the k vectors are averaged: the way from one caption to another (Reed et al. 2016, GAN-INT).

    Parameters
    ----------
    classes, words
        How many there are, `words` with the two numbers that mean none and an unknown one.
    deviation
        Of the entries of an untrained sum.
    """

    def __init__(self, classes: int, words: int, width: int, deviation: float = 1.0) -> None:
        super().__init__()
        self.classes = nn.Embedding(classes + 1, width)
        nn.init.normal_(self.classes.weight, std=deviation / math.sqrt(2))
        self.words = nn.Embedding(words, WORD_WIDTH, padding_idx=NO_WORD)
        with torch.no_grad():
            self.words.weight[UNKNOWN_WORD] = 0.0  # where no train row has one it says nothing
        self.neighbours = nn.Conv1d(WORD_WIDTH, WORD_WIDTH, 3, padding=1)
        self.out = nn.Linear(WORD_WIDTH, width, bias=False)
        nn.init.normal_(self.out.weight, std=deviation / math.sqrt(WORD_WIDTH))

    def forward(self, told: Tensor) -> Tensor:
        """See the class."""
        if told.dim() == 3:
            return self(told.flatten(0, 1)).unflatten(0, told.shape[:2]).mean(1)
        total: Tensor = self.classes(told[:, 0]) + self.out(self.read(told[:, 1:]))
        return total

    def read(self, captions: Tensor) -> Tensor:
        """float32 [n, WORD_WIDTH] of the words alone."""
        there = (captions != NO_WORD).unsqueeze(2)
        words = self.words(captions)
        seen = words + F.leaky_relu(self.neighbours(words.transpose(1, 2)), LEAK).transpose(1, 2)
        # Divided by the root of their number: long captions shout no louder than short ones.
        return (seen * there).sum(1) / there.sum(1).clamp(min=1).sqrt()
