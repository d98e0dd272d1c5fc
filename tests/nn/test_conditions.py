"""Sums of embeddings, and heads that read a condition: against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from gan_augment.nn.conditions import ConditionEmbedding, ConditionReader, condition_loss

SIZES = (3, 2, 4)


def test_a_condition_is_the_sum_of_its_values_and_each_group_counts_from_its_own_start() -> None:
    embed = ConditionEmbedding(SIZES, 5)
    found = embed(torch.tensor([[2, 1, 3], [0, 0, 0]]))
    table = embed.table.weight
    torch.testing.assert_close(found, torch.stack([table[2] + table[4] + table[8], table[0] + table[3] + table[5]]))


def test_a_new_combination_is_what_the_values_add_up_to() -> None:
    embed = ConditionEmbedding(SIZES, 5)
    seen = embed(torch.tensor([[1, 0, 1], [2, 1, 1], [1, 1, 1], [2, 0, 1]]))
    torch.testing.assert_close(seen[0] + seen[1], seen[2] + seen[3])


@pytest.mark.parametrize("sizes", [(4,), (4, 4, 4, 4, 4, 4, 4, 4)])
def test_an_untrained_sum_has_the_deviation_asked_for_however_many_groups(sizes: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    embed = ConditionEmbedding(sizes, 4000, deviation=0.5)
    assert embed(torch.ones(1, len(sizes), dtype=torch.int64)).std().item() == pytest.approx(0.5, rel=0.1)


def test_the_starts_are_no_weights() -> None:
    assert set(ConditionEmbedding(SIZES, 5).state_dict()) == {"table.weight"}


def test_the_loss_is_the_mean_of_the_groups_cross_entropies() -> None:
    read, conditions = torch.randn(6, sum(SIZES)), torch.tensor([[1, 1, 3]] * 6)
    parts = [F.cross_entropy(read[:, :3], conditions[:, 0]), F.cross_entropy(read[:, 3:5], conditions[:, 1])]
    parts.append(F.cross_entropy(read[:, 5:], conditions[:, 2]))
    torch.testing.assert_close(condition_loss(read, conditions, SIZES), torch.stack(parts).mean())


def test_unknown_values_count_for_nothing_even_where_all_are() -> None:
    read, conditions = torch.randn(6, sum(SIZES)), torch.tensor([[1, 0, 0]] * 6)
    found = condition_loss(read, conditions, SIZES)
    torch.testing.assert_close(found, F.cross_entropy(read[:, :3], conditions[:, 0]) / 3)
    assert math.isfinite(float(condition_loss(read, torch.zeros_like(conditions), SIZES)))


def test_the_reader_is_told_nothing_and_reads_every_group() -> None:
    reader = ConditionReader(torch.nn.Flatten(), 12, SIZES)
    images = torch.randn(4, 3, 2, 2)
    logits, read = reader.judge(images)
    assert (logits.shape, read.shape) == ((4,), (4, sum(SIZES)))
    assert torch.equal(reader(images, torch.ones(4, 3, dtype=torch.int64), 0.5), logits)
