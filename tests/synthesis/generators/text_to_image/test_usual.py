"""Rare words are practised, and drawn rows are told what held-out rows are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gan_augment.nn.draws import Draws
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.generators.text_to_image.captions import Language
from gan_augment.synthesis.generators.text_to_image.usual import BalancedWords, UsualCaptions
from gan_augment.synthesis.kit.attributes import Attributes
from gan_augment.synthesis.kit.captions import captions_of
from tests.toys import caption_toy

TRAIN, VALIDATION = caption_toy()
TEXTS = captions_of(TRAIN, "")
LANGUAGE = Language.of(TEXTS, TRAIN.labels[:, None] + 1, Attributes(2, ()), 64, "text_to_image")
COMMON, RARE, UNKNOWN = 2, 3, 1


def test_a_rare_word_is_practised_and_a_common_or_unknown_one_is_no_reason() -> None:
    told = np.tile([1, COMMON, UNKNOWN, 0], (1000, 1))
    told[:10, 3] = RARE
    batches = BalancedWords(told, np.zeros(1000, dtype=np.int64))
    rows = batches.rows(8000, Draws(torch.Generator().manual_seed(0))).numpy()
    assert np.mean(rows < 10) == pytest.approx(0.5 + 0.5 * 0.01, abs=0.02)


def test_without_telling_words_classes_alone_are_balanced() -> None:
    labels = np.r_[np.zeros(90, np.int64), np.ones(10, np.int64)]
    batches = BalancedWords(np.tile([1, COMMON], (100, 1)), labels)
    rows = batches.rows(4000, Draws(torch.Generator().manual_seed(0))).numpy()
    assert np.mean(rows >= 90) == pytest.approx(0.5, abs=0.03)


def test_what_is_told_is_that_of_held_out_rows_and_the_same_each_time() -> None:
    usual = UsualCaptions(LANGUAGE, TrainingData(TRAIN, VALIDATION), "text_to_image", 3)
    labels = np.array([0, 1, 1, 0])
    told = usual.of_classes(labels)
    np.testing.assert_array_equal(told, usual.of_classes(labels))
    np.testing.assert_array_equal(told[:, 0], labels + 1)
    assert {tuple(row) for row in told} <= {tuple(row) for row in usual.held_out}
    assert usual.comparable(VALIDATION).all()


def test_of_a_class_without_held_out_rows_it_is_that_of_train_rows() -> None:
    usual = UsualCaptions(LANGUAGE, TrainingData(TRAIN, VALIDATION.of_class(0)), "text_to_image", 3)
    told = usual.of_classes(np.array([1, 1]))
    assert {tuple(row) for row in told} <= {tuple(row) for row in usual.train}
