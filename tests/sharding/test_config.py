from __future__ import annotations

import pytest
from pydantic import ValidationError

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality
from gan_augment.sharding.config import ExportConfig, FormatName
from gan_augment.sharding.formats import WRITERS, chosen_formats


def test_null_means_by_modality() -> None:
    assert chosen_formats(ExportConfig(), "image") == ("webdataset",)
    assert chosen_formats(ExportConfig(), "table") == ("table",)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_for_exactly_one_modality(name: FormatName) -> None:
    home: Modality = "table" if name == "table" else "image"
    other: Modality = "image" if name == "table" else "table"
    config = ExportConfig(formats=(name,))
    assert chosen_formats(config, home) == (name,)
    with pytest.raises(ParamsError, match=name):
        chosen_formats(config, other)


@pytest.mark.parametrize("bad", [{"formats": []}, {"formats": ["folder", "folder"]}, {"formats": ["zip"]}])
def test_impossible_formats_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExportConfig.model_validate(bad)
