"""Every method for images learns from long, flat rectangles and makes such, whatever networks it chooses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gan_augment.core.samples import Samples, TrainView, ValidationView
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import BUILT_IN, resolve_method
from tests.settings import METHODS
from tests.toys import image_toy, table_toy

TINY = {"kimg": 0.1, "specialise_kimg": 0.05, "l1_kimg": 0.05, "adversarial_kimg": 0.02, "judge_steps": 4}
IMAGES = [name for name in sorted(set(BUILT_IN) & set(METHODS)) if "image" in resolve_method(name).traits.makes]


def stretched(view: Any, repeats: int) -> Any:
    """The same rows, each picture so often beside itself."""
    image = view.spec.image.model_copy(update={"width": view.spec.image.width * repeats})
    samples = view.samples
    wide = np.concatenate([np.asarray(samples.payload)] * repeats, axis=2)
    return type(view)(
        view.spec.model_copy(update={"image": image}), Samples(samples.manifest, wide, samples.companions)
    )


@pytest.mark.parametrize("name", [*IMAGES, "conditional conv"])  # the others build the same networks
def test_a_method_makes_rectangles(name: str) -> None:
    name, *architecture = name.split()
    row, method = METHODS[name], resolve_method(name)
    toy = image_toy if row.toy is table_toy else row.toy
    tiny = {} if name == "infogan" else {key: value for key, value in TINY.items() if key in row.settings}
    settings = row.settings | tiny | dict(zip(["architecture"], architecture, strict=False))
    views: tuple[TrainView, ValidationView] = tuple(stretched(view, 5) for view in toy())  # type: ignore[assignment]
    config = method.Config.model_validate(settings)
    config.check(views[0].spec)
    pool = row.pool()
    data = TrainingData(*views, None if pool is None else stretched(pool, 5))
    fitted = method.fit(data.of_class(0) if method.traits.fitted == "per class" else data, config, Run(0))
    made = np.concatenate([np.asarray(b.payload) for b in fitted.sample(SampleRequest(index=0, count=5, seed=1))])
    assert made.shape == (5, 8, 40, views[0].spec.images.channels)
