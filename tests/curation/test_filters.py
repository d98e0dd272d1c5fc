from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.curation import filters
from gan_augment.curation.config import DensityFilter, FilterConfig
from gan_augment.curation.filters import (
    REFUSED,
    Computed,
    Gauge,
    Labelled,
    Sieve,
    class_scale,
    density_gauge,
    discriminator_gauge,
    earlier_duplicates,
    nearness_gauge,
    places_of,
)

Floats = npt.NDArray[np.float64]


def _labelled(rows: Floats, label: int = 0) -> Labelled:
    return Labelled(rows.astype(np.float32), np.full(len(rows), label))


def _sieve(gauge: Gauge, config: FilterConfig) -> Sieve:
    count = len(gauge.candidates[0:1000])
    sieve = Sieve(np.zeros(count, int), np.zeros(len(gauge.heldout), int), classes=1)
    sieve.apply("test", gauge, config)
    return sieve


def test_the_bound_rejects_what_held_out_rows_do_not_do() -> None:
    gauge = Gauge(np.array([0.1, 0.4, 0.6, 0.9]), np.linspace(0, 0.2, 50), bound=0.5)
    np.testing.assert_array_equal(_sieve(gauge, FilterConfig()).left, [True, True, False, False])


def test_a_limit_gives_way_until_few_enough_real_rows_are_lost() -> None:
    heldout = np.linspace(0, 1, 100)  # half of the real rows exceed the bound
    gauge = Gauge(np.array([0.6, 0.94, 0.99]), heldout, bound=0.5)
    sieve = _sieve(gauge, FilterConfig(real_rejection=0.05))
    np.testing.assert_array_equal(sieve.left, [True, True, False])
    assert sieve.real_rejected["test"] <= 0.05


def test_with_few_held_out_rows_nothing_is_rejected_that_one_of_them_outdoes() -> None:
    gauge = Gauge(np.array([0.6, 0.8]), np.array([0.1, 0.7]), bound=0.5)
    np.testing.assert_array_equal(_sieve(gauge, FilterConfig()).left, [True, False])


def test_without_held_out_rows_the_bound_alone_decides_and_other_classes_help_first() -> None:
    none = np.array([], dtype=bool)
    assert Gauge(np.zeros(1), np.array([]), 0.5).limit(none, 0.05) == 0.5
    others = Gauge(np.zeros(1), np.array([0.8, 0.9]), 0.5)
    assert others.limit(np.array([False, False]), 0.05) == 0.9


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), share=st.floats(0.02, 0.5), count=st.integers(1, 80))
def test_no_filter_loses_more_real_rows_than_allowed(seed: int, share: float, count: int) -> None:
    heldout = np.random.default_rng(seed).normal(size=count)
    gauge = Gauge(np.zeros(3), heldout, bound=-np.inf)
    assert _sieve(gauge, FilterConfig(real_rejection=share)).real_rejected["test"] <= share


def test_fresh_real_rows_are_rejected_at_no_more_than_the_nominal_rate() -> None:
    rng = np.random.default_rng(0)
    lost = []
    for _ in range(300):
        limit = Gauge(np.zeros(1), rng.normal(size=40), -np.inf).limit(np.ones(40, bool), 0.05)
        lost.append((rng.normal(size=200) > limit).mean())
    assert np.mean(lost) < 0.055


@pytest.mark.parametrize(("policy", "left"), [("refuse", 0), ("keep", 6)])
def test_beyond_its_budget_a_filter_refuses_the_class_or_takes_only_the_worst(policy: str, left: int) -> None:
    gauge = Gauge(np.arange(10) / 10, np.zeros(50), bound=0.15)  # eight of ten exceed the bound
    sieve = _sieve(gauge, FilterConfig.model_validate({"budget": 0.4, "over_budget": policy}))
    assert sieve.left.sum() == left
    if policy == "keep":
        np.testing.assert_array_equal(np.flatnonzero(~sieve.left), [6, 7, 8, 9])
    else:
        assert sieve.refusals == {0: "test"}
        assert (sieve.rejected_by == REFUSED).sum() == 2


def test_a_class_is_not_refused_for_what_three_real_rows_may_do_by_chance() -> None:
    """Eight in ten candidates exceed the bound; of rows like the three held-out ones eight in ten may, too."""
    gauge = Gauge(np.arange(10) / 10, np.zeros(2), bound=0.15)
    sieve = _sieve(gauge, FilterConfig(budget=0.4))
    assert sieve.refusals == {}
    np.testing.assert_array_equal(np.flatnonzero(~sieve.left), [6, 7, 8, 9])  # the worst, as many as the budget allows
    certain = _sieve(Gauge(np.arange(10) / 10, np.zeros(50), bound=0.15), FilterConfig(budget=0.4))
    assert certain.refusals == {0: "test"}
    assert certain.because[0] == "too many rejected by test: 80% of its candidates fail it, of real rows at most 9%"


def test_real_rows_of_a_gauges_own_set_its_limit() -> None:
    """A class of one held-out row goes by train rows that its judge had not seen."""
    sieve = Sieve(np.zeros(4, int), np.array([0]), classes=1)
    gauge = Gauge(np.array([0.5, 0.7, 0.9, 1.0]), np.linspace(0, 0.8, 40), 0.1, np.zeros(40, int))
    sieve.apply("test", gauge, FilterConfig())
    np.testing.assert_array_equal(sieve.left, [True, True, False, False])
    assert sieve.real_rejected["test"] <= 0.05


def test_a_refused_class_leaves_the_others_alone() -> None:
    labels = np.array([0, 0, 1, 1])
    sieve = Sieve(labels, np.array([0, 1]), classes=2)
    sieve.apply("test", Gauge(np.array([1.0, 1.0, 0.0, 0.0]), np.zeros(2), 0.5), FilterConfig())
    np.testing.assert_array_equal(sieve.left, [False, False, True, True])


def test_a_disabled_filter_does_nothing() -> None:
    sieve = _sieve(Gauge(np.ones(3), np.zeros(3), 0.5), FilterConfig(enabled=False))
    assert sieve.left.all()
    assert sieve.real_rejected == {}


def test_counts_are_those_of_all_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    sieve = Sieve(np.zeros(23, np.int8), np.zeros(0, int), classes=1)
    sieve.reject(np.arange(3, 17), "some")
    sieve.reject(np.array([0, 22]), "others")
    monkeypatch.setattr(filters, "_READ", 5)
    chosen = np.arange(23) % 2 == 0
    assert sieve.counts(chosen) == {"": 3, REFUSED: 0, "some": 7, "others": 2}
    np.testing.assert_array_equal(places_of(chosen), np.arange(0, 23, 2))
    assert places_of(chosen).dtype == np.int32


def test_a_row_counts_for_the_first_filter_that_rejects_it() -> None:
    sieve = Sieve(np.zeros(4, int), np.zeros(1, int), classes=1)
    sieve.apply("first", Gauge(np.array([1.0, 0, 0, 0]), np.zeros(1), 0.5), FilterConfig())
    sieve.apply("second", Gauge(np.array([1.0, 1, 0, 0]), np.zeros(1), 0.5), FilterConfig())
    assert list(sieve.rejected_by) == ["first", "second", "", ""]


def test_of_a_knot_of_duplicates_the_first_stays() -> None:
    rows = np.array([[0.0], [0.05], [5.0], [0.01], [5.01], [9.0]])
    places, gaps = earlier_duplicates(_labelled(rows), np.ones(6, bool), np.array([0.1]))
    np.testing.assert_array_equal(places, [1, 3, 4])
    np.testing.assert_allclose(gaps, [0.01, 0.01, 0.01], atol=0.041)


def test_a_chain_is_broken_where_its_link_is_gone() -> None:
    chain = np.array([[0.0], [0.09], [0.18]])  # the third is near the second only, which does not stay
    places, _ = earlier_duplicates(_labelled(chain), np.ones(3, bool), np.array([0.1]))
    np.testing.assert_array_equal(places, [1])


def test_rejected_rows_and_other_classes_make_no_duplicates() -> None:
    two = Labelled(np.zeros((3, 2), np.float32), np.array([0, 1, 0]))
    places, _ = earlier_duplicates(two, np.array([False, True, True]), np.array([1.0, 1.0]))
    assert not len(places)


def test_duplicates_of_mixed_classes_come_in_the_rows_order() -> None:
    rows = Labelled(np.array([[0.0], [5.0], [0.01], [5.02], [0.02]], np.float32), np.array([1, 0, 1, 0, 1]))
    places, gaps = earlier_duplicates(rows, np.ones(5, bool), np.array([0.1, 0.1]))
    np.testing.assert_array_equal(places, [2, 3, 4])
    np.testing.assert_allclose(gaps, [0.01, 0.02, 0.01], atol=0.011)


def test_readings_are_compared_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    readings, labels = rng.random(500), rng.integers(0, 3, 500)
    heldout, heldout_labels = rng.random(60) * 0.9, np.repeat([0, 1, 2], 20)
    config = FilterConfig.model_validate({"budget": 0.1, "over_budget": "keep"})
    sieves = []
    for piece in (65_536, 7):
        monkeypatch.setattr(filters, "_READ", piece)
        sieve = Sieve(labels, heldout_labels, classes=3)
        sieve.apply("test", Gauge(Computed(readings.__getitem__), heldout, 0.2), config)
        sieves.append(sieve)
    np.testing.assert_array_equal(sieves[0].left, sieves[1].left)
    for index in range(3):
        own = labels == index
        limit = max(0.2, np.sort(heldout[heldout_labels == index])[-1])
        allowed = min(int(own.sum() * 0.1), int((readings[own] > limit).sum()))
        worst = np.flatnonzero(own)[np.argsort(-readings[own])[:allowed]]
        np.testing.assert_array_equal(np.flatnonzero(own & ~sieves[0].left), np.sort(worst))


def test_nearness_gauge_where_real_rows_coincide_too() -> None:
    heldout = np.array([0.0] * 10 + [1.0] * 10)  # half of the real rows repeat a train row
    gauge = nearness_gauge(np.array([0.0, 0.2, 1.0]), heldout, min_ratio=0.3)
    assert _sieve(gauge, FilterConfig()).left.all()


def test_density_gauge_flags_what_lies_outside_its_own_class() -> None:
    rng = np.random.default_rng(0)
    train, heldout = (_labelled(rng.normal(size=(60, 3))) for _ in range(2))
    candidates = _labelled(np.concatenate([rng.normal(size=(50, 3)), rng.normal(9, 1, (10, 3))]))
    gauge = density_gauge(candidates, heldout, train, neighbours=3)
    sieve = _sieve(gauge, DensityFilter(enabled=True))
    assert not sieve.left[50:].any()
    assert sieve.left[:50].mean() > 0.85


def test_discriminator_gauge_knows_noise_from_real_and_not_real_from_real() -> None:
    rng = np.random.default_rng(0)
    train, heldout, fresh = (_labelled(rng.normal(size=(80, 3))) for _ in range(3))
    told = discriminator_gauge(_labelled(rng.normal(4, 1, (80, 3))), heldout, train, 1, seed=0)
    assert np.median(told.candidates) > 0.9
    assert np.median(told.heldout) < 0.2
    same = discriminator_gauge(fresh, heldout, train, 1, seed=0)
    # Were a candidate judged by a forest that saw it, it would read .06 to .09 higher.
    assert abs(same.candidates.mean() - same.heldout.mean()) < 0.04


def test_class_scale_falls_back_on_all_classes() -> None:
    scale = class_scale(np.array([1.0, 3.0, 10.0]), np.array([0, 0, 1]), classes=3)
    np.testing.assert_array_equal(scale, [2, 10, 3])
    np.testing.assert_array_equal(class_scale(np.array([]), np.array([], int), 2), [0, 0])
