"""Digits on plain paper and on textures: who is where, that no digit is used twice, and that the domains differ."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.core.errors import DataError
from gan_augment.data.config import CompanionSource, DemoSource, PoolDemo, SplitConfig
from gan_augment.data.sources import demo
from gan_augment.data.sources.demo_domains import PLAIN, TEXTURED, Drawing, labelled_digits, pooled_digits


@functools.cache
def labelled() -> tuple[Drawing, ...]:
    return tuple(labelled_digits())


@functools.cache
def pooled() -> tuple[Drawing, ...]:
    return tuple(pooled_digits())


def roughness(image: np.ndarray) -> float:
    """How much neighbours differ at the left edge, where hardly any ink is."""
    return float(np.abs(np.diff(image[:, 0].astype(float), axis=0)).mean())


def test_train_rows_are_plain_and_the_test_part_has_both_domains() -> None:
    counts = Counter((one.label, one.part, one.domain) for one in labelled())
    for label in map(str, range(10)):
        assert counts[label, "train", PLAIN] == 20
        assert counts[label, "validation", PLAIN] == 20
        assert counts[label, "test", PLAIN] == 20
        assert counts[label, "test", TEXTURED] == 40
    assert len(counts) == 40


def test_the_pool_is_textured_and_some_of_it_has_a_pair() -> None:
    assert {one.domain for one in pooled()} == {TEXTURED}
    assert Counter(one.label for one in pooled() if one.pair) == dict.fromkeys(map(str, range(10)), 20)
    assert len(pooled()) == 500


def test_no_digit_is_drawn_twice() -> None:
    numbers = [one.number for one in (*labelled(), *pooled())]
    assert len(set(numbers)) == len(numbers)


def test_a_pair_is_the_same_digit_in_the_same_ink_on_plain_paper() -> None:
    for one in [one for one in pooled() if one.pair][:40]:
        assert one.pair is not None
        own, plain = one.image.pixels.astype(float), one.pair.pixels.astype(float)
        assert own.shape == plain.shape == (16, 16, 3)
        inked = plain.mean(2) < plain.mean(2).min() + 25
        assert np.abs(own[inked] - plain[inked]).mean() < 25


def test_the_ground_tells_the_domains_apart() -> None:
    rough = {domain: np.median([roughness(o.image.pixels) for o in labelled() if o.domain == domain])
             for domain in (PLAIN, TEXTURED)}  # fmt: skip
    assert rough[TEXTURED] > 2 * rough[PLAIN]


def read(config: Any, **companions: CompanionSource) -> Any:
    return demo.read(config, Path(), SplitConfig(), companions)  # type: ignore[arg-type]


def test_the_source_and_its_pool_are_read_as_any_other() -> None:
    raw = read(DemoSource(name="two_domains"), attributes=CompanionSource(columns=("domain",)))
    assert Counter(raw.companions["attributes"]) == {(PLAIN,): 600, (TEXTURED,): 400}
    assert set(raw.rows["split"]) == {"train", "validation", "test"}
    pool = read(PoolDemo())
    assert set(pool.rows["label"]) == set(pool.rows["split"]) == {""}
    pairs = read(PoolDemo(), pair=CompanionSource(column="pair", missing="leave_out")).companions["pair"]
    assert sum(pair is not None for pair in pairs) == 200
    assert not set(raw.rows["identity"]) & set(pool.rows["identity"])


def test_what_the_demo_does_not_have_beside_its_rows_is_refused() -> None:
    with pytest.raises(DataError, match="pair"):
        read(DemoSource(name="two_domains"), pair=CompanionSource(column="pair"))
    with pytest.raises(DataError):
        read(PoolDemo(), pair=CompanionSource(column="twin"))
