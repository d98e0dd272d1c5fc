"""Every method for images learns from long, flat rectangles and makes such, whatever networks it chooses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.records import ArrayField, PoolSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import BUILT_IN, resolve_method
from tests.settings import METHODS
from tests.toys import image_toy, table_toy

TINY = {
    "kimg": 0.1,
    "specialise_kimg": 0.05,
    "l1_kimg": 0.05,
    "first_kimg": 0.05,
    "adversarial_kimg": 0.02,
    "judge_steps": 4,
}
IMAGES = [name for name in sorted(set(BUILT_IN) & set(METHODS)) if "image" in resolve_method(name).traits.makes]


def stretched(view: Any, repeats: int) -> Any:
    """The same rows, each picture so often beside itself."""
    image = view.spec.image.model_copy(update={"width": view.spec.image.width * repeats})
    samples = view.samples
    wide, changed, beside = _wide(samples.payload, repeats), {"image": image}, dict(samples.companions)
    if "mask" in beside:
        beside["mask"] = _wide(beside["mask"], repeats)
        shape = beside["mask"].shape[1:]
        changed["companions"] = {**view.spec.companions, "mask": ArrayField(shape=shape)}
    return type(view)(view.spec.model_copy(update=changed), Samples(samples.manifest, wide, beside))


def _wide(values: Any, repeats: int) -> Any:
    return np.concatenate([np.asarray(values)] * repeats, axis=2)


@pytest.mark.parametrize("name", [*IMAGES, "conditional conv"])  # the others build the same networks
def test_a_method_makes_rectangles(name: str) -> None:
    name, *architecture = name.split()
    row, method = METHODS[name], resolve_method(name)
    toy = image_toy if row.toy is table_toy else row.toy
    tiny = {} if name == "infogan" else {key: value for key, value in TINY.items() if key in row.settings}
    settings = row.settings | tiny | dict(zip(["architecture"], architecture, strict=False))
    views: tuple[TrainView, ValidationView] = tuple(stretched(view, 5) for view in toy())  # type: ignore[assignment]
    config = method.Config.model_validate(settings)
    pool = row.pool()
    pooled = None if pool is None else PoolSpec(rows=len(pool), channels=views[0].spec.images.channels)
    config.check(views[0].spec.model_copy(update={"pool": pooled}))
    data = TrainingData(*views, None if pool is None else stretched(pool, 5))
    fitted = method.fit(data.of_class(0) if method.traits.fitted == "per class" else data, config, Run(0))
    made = np.concatenate([np.asarray(b.payload) for b in fitted.sample(SampleRequest(index=0, count=5, seed=1))])
    image = views[0].spec.images
    assert image.width >= 5 * image.height
    assert made.shape == (5, image.height, image.width, image.channels)
