"""The pictures in the verdict: decodable, with everything in them, small, and absent where there is nothing to draw."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_augment.core.atomic import read_json
from gan_augment.core.png import decode_png
from pipelines.pictures import contact_sheet, gain_plot, markdown_image
from tests.finished_project import write_project

ARM = {"arm": "real", "rows_synthetic": 0, "balanced_accuracy": {"mean": 0.8, "low": 0.7, "high": 0.9}}


def colours(png: bytes) -> set[tuple[int, ...]]:
    return {colour for _, colour in Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24) or []}  # type: ignore[misc]


def test_the_plot_has_a_row_an_arm_and_two_colours() -> None:
    synthetic = ARM | {"arm": "real_synthetic", "rows_synthetic": 9}
    one, two = gain_plot({"arms": [ARM]}), gain_plot({"arms": [ARM, synthetic]})
    assert one is not None
    assert two is not None
    assert Image.open(io.BytesIO(two)).height == 1.5 * Image.open(io.BytesIO(one)).height
    assert (59, 111, 182) in colours(one)
    assert (200, 85, 61) not in colours(one)
    assert (200, 85, 61) in colours(two)


@pytest.mark.parametrize("arms", [[], [{"arm": "real"}], [{"arm": "real", "balanced_accuracy": {"mean": None}}]])
def test_without_figures_there_is_no_plot(arms: list[Any]) -> None:
    assert gain_plot({"arms": arms}) is None


def test_an_arm_without_an_interval_is_a_point() -> None:
    assert gain_plot({"arms": [ARM | {"balanced_accuracy": {"mean": 1.0, "low": None, "high": None}}]}) is not None


@pytest.mark.parametrize("recipe", [{"channels": 1}, {"channels": 3, "size": 12}, {"size": 160}])
def test_the_sheet_shows_the_samples_themselves(tmp_path: Path, recipe: dict[str, Any]) -> None:
    project = write_project(tmp_path, **recipe)
    png = contact_sheet(tmp_path)
    assert png is not None
    assert len(png) < 1_500_000
    sheet, spec = decode_png(png), project.spec()
    first = np.asarray(project.class_train_view(spec.classes[0].key).samples.payload)[0]
    side = sheet.shape[0] // len(spec.classes) - 2
    if first.shape[0] <= side:
        scale = side // first.shape[0]
        assert np.array_equal(sheet[:side:scale, :side:scale], first)
    assert (sheet[:, sheet.shape[1] // 2 + 10 :] != 255).any()  # and synthetic ones on the right


def test_no_sheet_for_tables_or_where_nothing_is(tmp_path: Path) -> None:
    assert contact_sheet(tmp_path) is None
    write_project(tmp_path / "table", modality="table")
    assert contact_sheet(tmp_path / "table") is None


def test_the_finished_projects_verdict_fits_in_an_artifact(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    plot = gain_plot(read_json(project.layout.measure_report))
    assert plot is not None
    assert markdown_image(plot, "x").startswith("![x](data:image/png;base64,iVBOR")
