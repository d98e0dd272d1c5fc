"""Networks that are given a class and a caption: a vector of the class and one of the caption's words, added up.

What is given is int64 [n, 1 + words]: the class, counted from 1 (0: not known), then the numbers of the caption's words
in their order; 0 is no word. Captions of any number of words go through the same weights.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["NO_WORD", "UNKNOWN_WORD", "CaptionEmbedding"]

NO_WORD = 0
UNKNOWN_WORD = 1
USUAL_WORDS = 8


class CaptionEmbedding(nn.Module):
    """Class and caption as one vector: int64 [n, 1 + words] to float32 [n, width].

    The vectors of the class and of all words are added up, so that words which never met in one caption can be read
    together: a network between words and their sum drew fewer combinations that no train row has. Of what is given as
    [n, k, 1 + words] the k vectors are averaged: the way from one caption to another (Reed et al. 2016, GAN-INT).

    Parameters
    ----------
    classes, words
        How many there are, `words` with the two numbers that mean none and an unknown one.
    deviation
        Of the entries of an untrained sum, about.
    longest
        Words of the longest caption: the more there are, the smaller their vectors start.
    neighbours
        Whether each word is also read with its two neighbours (a convolution over three words, which starts at zero):
        "red on black" is then not "black on red".
    """

    def __init__(
        self,
        classes: int,
        words: int,
        width: int,
        deviation: float = 1.0,
        *,
        longest: int = USUAL_WORDS,
        neighbours: bool = False,
    ) -> None:
        super().__init__()
        self.classes = nn.Embedding(classes + 1, width)
        nn.init.normal_(self.classes.weight, std=deviation / math.sqrt(2))
        self.words = nn.Embedding(words, width, padding_idx=NO_WORD)
        nn.init.normal_(self.words.weight, std=deviation * math.sqrt(2 / max(longest, USUAL_WORDS)))
        with torch.no_grad():
            self.words.weight[: UNKNOWN_WORD + 1] = 0.0  # where no train row has an unknown word it says nothing
        self.neighbours = nn.Conv1d(width, width, 3, padding=1, bias=False) if neighbours else None
        if self.neighbours is not None:
            nn.init.zeros_(self.neighbours.weight)

    def forward(self, told: Tensor) -> Tensor:
        """See the class."""
        if told.dim() == 3:
            pairs: Tensor = self(told.flatten(0, 1)).unflatten(0, told.shape[:2])
            return pairs.mean(1)
        there = (told[:, 1:] != NO_WORD).unsqueeze(2)
        words = self.words(told[:, 1:])
        if self.neighbours is not None:
            words = words + self.neighbours(words.transpose(1, 2)).transpose(1, 2)
        total: Tensor = self.classes(told[:, 0]) + (words * there).sum(1)
        return total
