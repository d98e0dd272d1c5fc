"""Rectangles leave in every format as they are, come back by `load`, and are read as a source again."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import gan_augment
from gan_augment.core.samples import Samples, read_samples, write_samples
from gan_augment.data.config import PrepareConfig
from gan_augment.data.loading import load_data
from gan_augment.data.problems import raise_errors
from gan_augment.sharding.export import export
from tests.finished_project import write_project
from tests.sharding.test_export import IMAGE, task_of

sides = st.integers(1, 9).map(lambda fourth: 4 * fourth)


@settings(max_examples=3, deadline=None)
@given(sides, sides, st.sampled_from([1, 3]))
def test_a_rectangle_survives_every_format(height: int, width: int, channels: Literal[1, 3]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        project = write_project(root / "project", size=(height, width), channels=channels)
        wanted = {}
        folders = [*(project.layout.train(c.key) for c in project.spec().classes), project.layout.mixed / "synthetic"]
        for number, folder in enumerate(folders):
            samples = read_samples(folder)
            mask = np.random.default_rng(number).integers(0, 256, (len(samples), height, width, 1), np.uint8)
            write_samples(folder, Samples(samples.manifest, samples.payload, {"mask": mask}))
            wanted |= dict(zip(samples.manifest["id"], zip(samples.payload, mask, strict=True), strict=True))
        export(task_of(project, IMAGE), root / "export")
        ids = pd.read_parquet(root / "export/manifest.parquet")["id"]
        for name in IMAGE.formats or ():
            found = gan_augment.load(root / "export", "numpy", format=name, companions=["mask"])
            assert found.x.shape == (len(ids), height, width, channels)
            for identifier, pixels, own in zip(ids, found.x, found.companions["mask"], strict=True):
                assert (pixels == wanted[identifier][0]).all()
                assert (own == wanted[identifier][1]).all()
        again = {"kind": "webdataset", "path": "export/webdataset"}, {"kind": "image_folder", "path": "export/folder"}
        for source in again:
            data = load_data(PrepareConfig.model_validate({"source": source, "image_size": [height, width]}), root)
            raise_errors(data.problems)
            assert {one.tobytes() for one in np.asarray(data.payload)} == {
                np.asarray(pixels).tobytes() for pixels, _ in wanted.values()
            }
