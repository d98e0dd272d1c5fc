"""Settings of `report`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gan_augment.reporting.config import ReportConfig


def test_the_defaults_are_right_and_an_unknown_key_is_told() -> None:
    default = ReportConfig()
    assert default.title is None  # the data set's name
    assert ReportConfig.model_validate(default.model_dump(mode="json")) == default
    with pytest.raises(ValidationError, match="Extra inputs"):
        ReportConfig.model_validate({"picture": 3})


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("pictures", (0, 500), (-1, 501, 2.5)),
        ("rejected", (0, 500), (-1, 501)),
        ("neighbours", (0, 10), (-1, 11)),
        ("features", (0, 500), (-1, 501, True)),
        ("megabytes", (0.5, 100), (0.4, 101)),
        ("title", (None, "", "Röntgen"), (3,)),
    ],
)
def test_bounds(key: str, right: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    for value in right:
        assert getattr(ReportConfig.model_validate({key: value}), key) == value
    for value in wrong:
        with pytest.raises(ValidationError, match=key):
            ReportConfig.model_validate({key: value})
