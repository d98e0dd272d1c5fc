"""What a method draws beside its samples arrives with them in the class's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gan_augment.core.records import ArrayField
from gan_augment.core.samples import read_samples, roles_in
from gan_augment.synthesis import drawing
from gan_augment.synthesis.api import SampleRequest, Synthetic
from gan_augment.synthesis.drawing import Drawing, draw_parts, join_parts
from tests.toys import image_toy


class Masked:
    """Gives images that show their number, and a mask that shows it too."""

    def load(self, *_: object, **__: object) -> Masked:
        return self

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        for number in range(request.start, request.start + request.count):
            pixels = np.full((1, 8, 8, 1), number, np.uint8)
            yield Synthetic(pixels, companions={"mask": pixels[:, :, :, :1] + np.uint8(1)})


@pytest.mark.parametrize("count", [0, 3, 10])
def test_companions_are_drawn_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(drawing, "resolve_method", lambda _: Masked())
    spec = image_toy()[0].spec.model_copy(update={"companions": {"mask": ArrayField(shape=(8, 8, 1))}})
    (tmp_path / "model").mkdir()
    (tmp_path / "out").mkdir()
    asked = Drawing("masked", tmp_path / "model", "hash", spec, 0, count, 7, 4, tmp_path / "work")
    draw_parts(asked, device="cpu", workers=1, advance=lambda _: None)
    join_parts(asked, tmp_path / "out")
    found = read_samples(tmp_path / "out", companions=roles_in(tmp_path / "out"))
    assert np.asarray(found.payload)[:, 0, 0, 0].tolist() == list(range(count))
    if count:
        assert np.asarray(found.companions["mask"])[:, 0, 0, 0].tolist() == list(range(1, count + 1))
