"""Seeds depend on every part and on nothing else."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from gan_augment.core.seeds import derive_seed, numpy_generator

PARTS = st.lists(st.one_of(st.integers(), st.text(max_size=5)), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_different_parts_give_different_seeds(a: list[int | str], b: list[int | str]) -> None:
    assert (derive_seed(*a) == derive_seed(*b)) == ([(type(x), x) for x in a] == [(type(x), x) for x in b])


@given(PARTS)
def test_a_seed_fits_into_63_bits(parts: list[int | str]) -> None:
    assert 0 <= derive_seed(*parts) < 2**63


def test_a_seed_is_the_same_in_another_process() -> None:
    code = "from gan_augment.core.seeds import derive_seed; print(derive_seed(7, 'split', 'cat'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(other) == derive_seed(7, "split", "cat")


def test_generators_are_independent_of_each_other() -> None:
    first, second = numpy_generator(0, "a"), numpy_generator(0, "a")
    first.random(100)
    assert second.random() == numpy_generator(0, "a").random()
