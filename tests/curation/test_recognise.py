"""One recogniser serves the judge, train-on-synthetic and the spaces, and fits the codec of a table once."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.records import DatasetSpec
from gan_augment.curation.config import JudgeConfig
from gan_augment.curation.curate import CurateConfig, curate
from gan_augment.curation.recognise import recogniser_of
from gan_augment.encoding.table import TableCodec
from tests.curation.toys import IMAGES, TABLE, views

QUICK = JudgeConfig(members=2, steps=25)


@pytest.mark.parametrize("spec", [IMAGES, TABLE], ids=["images", "table"])
def test_it_recognises_held_out_rows_and_gives_two_spaces(spec: DatasetSpec) -> None:
    train, validation = views(spec)
    recogniser = recogniser_of(train, QUICK, "cpu")
    found = recogniser.fit(train.samples.payload, train.labels, seed=1)(validation.samples.payload)
    assert (found.argmax(axis=1) == validation.labels).mean() > 0.9
    copies, quality = recogniser.spaces(train, seed=1)
    assert len(copies.rows(validation.samples.payload)) == len(quality.rows(validation.samples.payload))
    assert copies.parents_apart is (spec is IMAGES)


def test_curation_fits_the_codec_of_a_table_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    fit = TableCodec.fit.__func__  # type: ignore[attr-defined]

    def counted(kind: type[TableCodec], frame: object, *rest: object, **more: object) -> TableCodec:
        fits.append(len(frame))  # type: ignore[arg-type]
        return fit(kind, frame, *rest, **more)  # type: ignore[no-any-return]

    monkeypatch.setattr(TableCodec, "fit", classmethod(counted))
    train, validation = views(TABLE)
    candidates = train.samples.take(np.arange(10)).relabelled(origin="synthetic")
    curate(train, validation, candidates, CurateConfig(), seed=0)
    assert fits.count(len(train)) == 1
