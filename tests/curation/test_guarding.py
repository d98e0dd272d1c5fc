"""What curation hands to the guard: sources by their ids, attributes by their texts, and columns that can be judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.samples import PoolView, Samples, ValidationView
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.guarding import guard_candidates, guard_json
from gan_augment.curation.judge import Judge
from gan_augment.curation.spaces import Space
from gan_augment.fidelity.guard import Guard
from tests.toys import attribute_toy

TRAIN, VALIDATION = attribute_toy(200)
HELD_OUT = ValidationView(TRAIN.spec, TRAIN.samples.take(slice(100, 200)).relabelled(split="validation"))
LEARNT = replace(TRAIN, samples=TRAIN.samples.take(slice(0, 100)))
SPACE = Space("pixels", lambda rows: images_of(rows).reshape(len(rows), 8 * 8 * 3).astype(np.float32) / 50)


def read(payload: object) -> np.ndarray:
    """The half that differs most from the other is inked; which one is on the left cannot be known, so half of them."""
    return np.tile(np.array([[0.6, 0.4]], dtype=np.float32), (len(payload), 1))  # type: ignore[arg-type]


def guarded(made: Samples, train: object = LEARNT, pool: PoolView | None = None) -> tuple[Guard, dict[str, list[str]]]:
    config = JudgeConfig(members=1, steps=60)
    found, values = guard_candidates(
        train,
        HELD_OUT,
        made,
        Judge((read,)),
        SPACE,
        config,
        seed=0,
        device="cpu",
        pool=pool,  # type: ignore[arg-type]
    )
    return found, dict(values)


def candidates(samples: Samples, **columns: object) -> Samples:
    return samples.relabelled(
        split="train", origin="synthetic", id=[f"made-{n}" for n in range(len(samples))], **columns
    )


def test_attributes_that_are_drawn_as_told_are_kept_and_others_are_found_by_value() -> None:
    made = candidates(HELD_OUT.samples)
    found, values = guarded(made)
    assert values == {"ink": ["blue", "green", "red"], "paper": ["black", "white"]}
    kept = found.columns["ink"].kept
    assert kept is not None
    assert kept.problem is None
    wrong = frame_of(made.companions["attributes"]).assign(ink=pd.Series(["red"] * len(made), dtype="string"))
    ignored, _ = guarded(replace(made, companions={"attributes": wrong}))
    told = guard_json(ignored, [record.key for record in TRAIN.spec.classes], values)
    assert told["columns"]["ink"]["values"]["red"]["problem"].startswith("not kept: ")
    assert set(told) == {"classes", "columns", "mixed"}


def test_a_source_is_the_first_parent_that_is_a_train_row() -> None:
    own = LEARNT.samples
    parents = [f"of-the-pool {name}" for name in own.manifest["id"]]
    found, _ = guarded(candidates(own, parents=parents).with_roles(()))
    assert {figures["moved"].value for figures in found.classes.values()} == {0.0}
    strangers, _ = guarded(candidates(own, parents="of-the-pool").with_roles(()))
    assert all("moved" not in figures for figures in strangers.classes.values())


@pytest.mark.parametrize("values", [["same"] * 100, [str(number) for number in range(100)] + ["x"]])
def test_columns_that_are_no_groups_are_left_out(values: list[str]) -> None:
    """One value, and 101 of them."""
    rows = LEARNT.samples.take(np.arange(len(values)) % len(LEARNT))
    odd = pd.DataFrame({"serial": values}, dtype="string")
    train = replace(LEARNT, samples=replace(rows, companions={"attributes": odd}))
    found, named = guarded(replace(candidates(rows), companions={"attributes": odd}), train)
    assert named == {}
    assert found.columns == {}


def test_without_candidates_there_is_nothing_to_say() -> None:
    found, _ = guarded(candidates(LEARNT.samples.take(slice(0, 0))))
    assert found.classes == {}
    assert found.mixed is None
