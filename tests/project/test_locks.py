"""Which locks a command takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_augment.core.locks import running
from gan_augment.params import Params
from gan_augment.project.locks import READS, lock_folder, stage_locks

PARAMS = Params.model_validate(
    {
        "classes": {"a": {"label": "0"}, "b": {"label": "1"}},
        "prepare": {"source": {"kind": "demo", "name": "digits"}},
        "synthesis": {"method": "oversample"},
        "retrain": {"arms": ["real", "real_synthetic"]},
    }
)


@pytest.mark.parametrize(
    ("command", "key", "writes", "reads"),
    [
        ("prepare", None, ("prepare",), ()),
        ("generate", "a", ("generate@a",), ("prepare", "train_gan@a")),  # the own class alone
        ("curate", None, ("curate",), ("prepare", "generate@a", "generate@b")),  # all classes
        ("retrain", "real", ("retrain@real",), ("prepare", "mix")),
        ("learning_curve", None, ("learning_curve",), ("prepare", "retrain@real", "retrain@real_synthetic")),
    ],
)
def test_a_command_holds_its_own_output_and_what_it_reads(
    tmp_path: Path, command: str, key: str | None, writes: tuple[str, ...], reads: tuple[str, ...]
) -> None:
    with stage_locks(tmp_path, PARAMS, command, key):
        (holder,) = running(lock_folder(tmp_path))
    assert (holder.writes, holder.reads) == (writes, reads)
    assert running(lock_folder(tmp_path)) == []


def test_every_command_names_its_reads_in_the_order_of_the_stages() -> None:
    order = list(READS)
    for command, reads in READS.items():
        places = [order.index(name.rstrip("@*")) for name in reads]
        assert places == sorted(places)
        assert all(place < order.index(command) for place in places)
