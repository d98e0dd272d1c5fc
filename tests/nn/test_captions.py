"""A caption's vector hangs on its words and their order, and on nothing that was put behind them."""

from __future__ import annotations

import torch

from gan_augment.nn.captions import NO_WORD, UNKNOWN_WORD, CaptionEmbedding

RED, ON, BLACK = 2, 3, 4


def embedding(neighbours: bool = False) -> CaptionEmbedding:
    torch.manual_seed(0)
    network = CaptionEmbedding(classes=2, words=5, width=16, deviation=0.5, neighbours=neighbours)
    if network.neighbours is not None:  # it starts at zero
        torch.nn.init.normal_(network.neighbours.weight)
    return network


def vector(network: CaptionEmbedding, *words: int, index: int = 1) -> torch.Tensor:
    return network(torch.tensor([[index, *words]]))[0]


def test_padding_says_nothing_and_the_order_counts_where_it_is_wanted() -> None:
    for network in (embedding(), embedding(neighbours=True)):
        padded = vector(network, RED, ON, BLACK, NO_WORD, NO_WORD)
        torch.testing.assert_close(padded, vector(network, RED, ON, BLACK))
    there, back = (RED, ON, BLACK), (BLACK, ON, RED)
    torch.testing.assert_close(vector(embedding(), *there), vector(embedding(), *back))
    network = embedding(neighbours=True)
    assert not torch.allclose(vector(network, *there), vector(network, *back), atol=1e-3)


def test_neighbours_start_without_a_say() -> None:
    torch.manual_seed(0)
    network = CaptionEmbedding(classes=2, words=5, width=16, neighbours=True)
    torch.testing.assert_close(vector(network, RED, BLACK), vector(network, BLACK, RED))


def test_class_and_words_are_added_up() -> None:
    network = embedding()
    differences = [vector(network, word, index=2) - vector(network, word, index=1) for word in (RED, BLACK)]
    torch.testing.assert_close(*differences)
    assert differences[0].abs().max() > 0.01


def test_without_words_the_class_alone_is_told() -> None:
    network = embedding()
    torch.testing.assert_close(vector(network, NO_WORD), network.classes.weight[1])


def test_an_untrained_unknown_word_says_nothing_of_its_own() -> None:
    network = embedding()
    assert not network.words.weight[UNKNOWN_WORD].any()


def test_between_captions_is_the_mean_of_their_vectors() -> None:
    network = embedding()
    first, second = torch.tensor([1, RED, ON]), torch.tensor([2, BLACK, NO_WORD])
    middle = network(torch.stack([first, second])[None])
    torch.testing.assert_close(middle[0], (network(first[None])[0] + network(second[None])[0]) / 2)


def test_an_untrained_sum_has_the_deviation_that_was_asked_for() -> None:
    torch.manual_seed(1)
    network = CaptionEmbedding(classes=50, words=200, width=64, deviation=0.5)
    told = torch.cat([torch.randint(1, 51, (400, 1)), torch.randint(2, 200, (400, 6))], dim=1)
    assert 0.3 < float(network(told).detach().std()) < 0.9
