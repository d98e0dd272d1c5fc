"""Networks of table rows: one-hot blocks that pass a gradient, and packs that are judged together."""

from __future__ import annotations

import torch

from gan_augment.nn.table_networks import ChoiceBlocks, PackedDiscriminator


def test_choice_blocks_are_one_hot_and_pass_a_gradient() -> None:
    shape = ChoiceBlocks(7, [(0, 2), (3, 6)], [(2, 0)], temperature=0.5, bound=3.0)
    scores = torch.randn(20, 7, generator=torch.Generator().manual_seed(0), requires_grad=True)
    rows = shape(scores)
    torch.testing.assert_close(rows[:, :2].sum(1), torch.ones(20))
    torch.testing.assert_close(rows[:, 3:6].sum(1), torch.ones(20))
    assert set(rows[:, [0, 1, 3, 4, 5]].detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    off = rows[:, 0] == 0
    torch.testing.assert_close(rows[off, 2], torch.zeros(int(off.sum())))
    torch.testing.assert_close(rows[~off, 2], scores[~off, 2].clamp(-3, 3))
    torch.testing.assert_close(shape(scores.detach()), rows.detach())  # the same where no gradient is asked for
    rows[:, 3].sum().backward()
    assert (scores.grad[:, 3:6] != 0).any()  # type: ignore[index]


def test_a_pack_is_judged_together() -> None:
    judge = PackedDiscriminator(width=3, classes=2, hidden=8, pack=4)
    rows = torch.randn(8, 3)
    labels = torch.zeros(8, dtype=torch.long)
    logits = judge(rows, labels)
    assert logits.shape == (2,)
    rows[1] += 1
    changed = judge(rows, labels) != logits
    assert changed.tolist() == [True, False]
