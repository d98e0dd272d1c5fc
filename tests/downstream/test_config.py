"""The retrain section refuses what could not be compared."""

from __future__ import annotations

from typing import Any

import pytest

from gan_augment.downstream.config import ARMS, RetrainConfig


def test_defaults_hold_all_arms_and_five_seeds() -> None:
    config = RetrainConfig()
    assert config.arms == ARMS
    assert len(ARMS) == 6
    assert config.seeds == 5


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"seeds": 1}, "greater than or equal to 2"),
        ({"arms": ["real", "cheap"]}, "the gain is theirs"),
        ({"arms": ["cheap", "real_synthetic"]}, "baseline"),
        ({"arms": ["real", "real", "real_synthetic"]}, "twice"),
        ({"arms": ["real", "reel_synthetic"]}, "real_synthetic"),
        ({"classifier": {"kind": "cnn", "stepps": 3}}, "stepps"),
        ({"classifier": {"kind": "svm"}}, "svm"),
        ({"modes": ["fine_tuned"]}, "`pooled` must be among them"),
        ({"modes": ["pooled", "tuned"]}, "fine_tuned"),
        ({"classical": {"rotate": 400}}, "rotate"),
    ],
)
def test_mistakes_are_named(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RetrainConfig.model_validate(section)
