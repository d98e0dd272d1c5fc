"""Settings of `curate`: the defaults are right, the bounds hold, and an unknown key is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gan_augment.curation.config import CurateConfig

FILTERS = ("copies", "duplicates", "density", "discriminator", "judge")


def test_without_a_word_copies_duplicates_and_wrong_labels_are_looked_for() -> None:
    config = CurateConfig.model_validate({})
    assert [name for name in FILTERS if getattr(config, name).enabled] == ["copies", "duplicates", "judge"]
    # What is more of a taste takes the worst rows away and never refuses a class.
    assert [name for name in FILTERS if getattr(config, name).over_budget == "keep"] == ["density", "discriminator"]
    assert config.copies.min_parent_ratio < config.copies.min_ratio
    assert config.weaknesses.require == ()


@pytest.mark.parametrize("section", [*FILTERS, "judged_by", "weaknesses"])
def test_an_unknown_key_is_refused_in_every_part(section: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        CurateConfig.model_validate({section: {"nonsense": 1}})
    with pytest.raises(ValidationError):
        CurateConfig.model_validate({f"{section}s": {}})


@pytest.mark.parametrize(
    ("section", "key", "right", "wrong"),
    [
        *((name, "real_rejection", (0, 0.99), (-0.01, 1, True, float("nan"))) for name in FILTERS),
        *((name, "budget", (0.01, 1), (0, 1.01)) for name in FILTERS),
        *((name, "over_budget", ("keep", "refuse"), ("drop",)) for name in FILTERS),
        ("copies", "min_ratio", (0, 2), (-1,)),
        ("copies", "min_parent_ratio", (0.01,), (0,)),
        ("judge", "min_probability", (0, 1), (-0.1, 1.1)),
        ("density", "neighbours", (1,), (0, 0.5)),
        ("judged_by", "members", (1, 20), (0, 21)),
        ("judged_by", "table_model", ("forest",), ("cnn",)),
        ("weaknesses", "checks", ([], ["counting"]), (["counting", "colour"],)),
    ],
)
def test_bounds(section: str, key: str, right: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    for value in right:
        given = getattr(getattr(CurateConfig.model_validate({section: {key: value}}), section), key)
        assert given == (tuple(value) if isinstance(value, list) else value)
    for value in wrong:
        with pytest.raises(ValidationError):
            CurateConfig.model_validate({section: {key: value}})


@pytest.mark.parametrize(
    ("key", "wrong"), [("neighbours", 0), ("evaluation_rows", 19), ("train_on_synthetic_seeds", -1)]
)
def test_bounds_of_the_section_itself(key: str, wrong: int) -> None:
    assert getattr(CurateConfig.model_validate({key: wrong + 1}), key) == wrong + 1
    with pytest.raises(ValidationError):
        CurateConfig.model_validate({key: wrong})
