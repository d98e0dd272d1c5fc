"""What several processes draw is what one would have drawn, dealt out row by row."""

from __future__ import annotations

import torch

from gan_augment.nn.draws import Draws


def test_shares_of_a_draw_are_the_whole_draw() -> None:
    def draws(rank: int, count: int) -> Draws:
        return Draws(torch.Generator().manual_seed(3), rank, count)

    whole = draws(0, 1).randn(6, 2)
    shares = [draws(rank, 3).randn(2, 2) for rank in range(3)]
    assert torch.equal(torch.stack(shares, 1).reshape(6, 2), whole)
    assert torch.equal(draws(0, 1).rand(4), torch.rand(4, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(draws(1, 2).randint(0, 9, 3), draws(0, 1).randint(0, 9, 6)[1::2])
