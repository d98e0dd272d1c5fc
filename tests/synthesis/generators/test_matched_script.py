"""Grey levels come from the pool, the string from the script."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.core.errors import MethodError
from gan_augment.core.records import PoolSpec
from gan_augment.synthesis.generators.matched_script import MatchedScriptConfig, matched_to
from gan_augment.synthesis.kit.script.randomising import CameraConfig
from tests.toys import text_toy

STILL = CameraConfig(perspective=0, blur=0, resize=1, contrast=0, shading=0, noise=0)


def test_levels_are_those_of_a_photograph_and_ink_stays_darker() -> None:
    picture = np.full((16, 40, 1), 255, np.uint8)
    picture[4:12, 10:30] = 0
    pool = np.random.default_rng(0).integers(90, 160, (5, 16, 40, 1)).astype(np.uint8)
    config = MatchedScriptConfig(camera=STILL, histogram=1, frequencies=0)
    found = matched_to(picture, pool, config, np.random.default_rng(0)).astype(int)
    assert found.min() >= 80
    assert found.max() <= 170
    assert found[5:11, 12:28].mean() < found[:3].mean() - 10


def test_a_small_pool_is_refused_before_training() -> None:
    with pytest.raises(MethodError, match="at least 20"):
        MatchedScriptConfig().check(text_toy(8)[0].spec.model_copy(update={"pool": PoolSpec(rows=7)}))
