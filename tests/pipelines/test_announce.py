"""The event that says there is new data, and the trigger that waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gan_augment.core.errors import MissingInputError, SetupError
from pipelines.announce import EVENT, announce_new_data, dataset_resource
from tests.pipelines.test_deployment import rendered


def test_announcing_without_a_server_or_a_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingInputError, match=r"prefect\.yaml"):
        announce_new_data(tmp_path)
    (tmp_path / "prefect.yaml").write_text(rendered("x-rays"))
    with pytest.raises(SetupError, match="PREFECT_API_URL"):
        announce_new_data(tmp_path)


def test_the_trigger_waits_for_what_announce_emits(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text(rendered("x-rays"))
    (trigger,) = yaml.safe_load(rendered("x-rays"))["deployments"][0]["triggers"]
    assert trigger["match"] == {"prefect.resource.id": dataset_resource(tmp_path)}
    assert trigger["expect"] == [EVENT]


@pytest.mark.parametrize("text", ["", "- a\n", "directory: /d\n"])
def test_a_file_without_a_name_has_no_resource(tmp_path: Path, text: str) -> None:
    (tmp_path / "prefect.yaml").write_text(text)
    with pytest.raises(MissingInputError, match="gan-augment init"):
        dataset_resource(tmp_path)
