"""`matched_script`: a script with the grey levels and the low frequencies of photographs, which need no label.

The matching of statistics in closed form: `histogram_match`, then `fda`, towards one pool image of a random draw, after
the steps of a random camera that no matching of levels can make. It is also where `script_to_photo` starts from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gan_augment.core.records import DatasetSpec
from gan_augment.synthesis.api import Traits
from gan_augment.synthesis.kit.checks import check_pool
from gan_augment.synthesis.kit.script.method import OF_A_SCRIPT, Pixels, ScriptedMethod
from gan_augment.synthesis.kit.script.randomising import CameraConfig, in_place, noisy
from gan_augment.synthesis.kit.script.writing import ScriptedConfig
from gan_augment.synthesis.translators.fda import exchanged
from gan_augment.synthesis.translators.histogram_match import matched

__all__ = ["MatchedScript", "MatchedScriptConfig", "matched_to"]


class MatchedScriptConfig(ScriptedConfig):
    """Settings of the script, of the camera before the matching, and of the matching."""

    camera: CameraConfig = Field(
        default_factory=CameraConfig,
        description="perspective, blur, resize before the matching, noise after it; the rest is the pool's",
    )
    histogram: float = Field(default=0.5, ge=0, le=1, description="least share of the matched levels; the most is 1")
    frequencies: float = Field(
        default=0.1, ge=0, le=0.5, description="largest share of the shorter side that is exchanged; see fda"
    )

    def check(self, spec: DatasetSpec) -> None:
        """Raises MethodError, of the script or of a pool that is too small or of other channels."""
        super().check(spec)
        check_pool(spec, MatchedScript.name)


def matched_to(picture: Pixels, pool: Pixels, config: Any, random: np.random.Generator) -> Pixels:
    """The picture uint8 [h, w, c] with the levels and low frequencies of one of the pool's images [k, h, w, c].

    `config` has the settings of `MatchedScriptConfig`.
    """
    style = np.asarray(pool[int(random.integers(len(pool)))])
    seen = matched(in_place(picture, config.camera, random), style, random.uniform(config.histogram, 1))
    seen = exchanged(seen, style, random.uniform(0, config.frequencies))
    return noisy(seen, config.camera.noise, random)


class MatchedScript(ScriptedMethod):
    """A written string with the levels and the low frequencies of a photograph."""

    name: ClassVar[str] = "matched_script"
    traits: ClassVar[Traits] = replace(OF_A_SCRIPT, pool="must")
    Config: ClassVar[type[ScriptedConfig]] = MatchedScriptConfig

    def finished(self, picture: Pixels, pool: Pixels | None, config: Any, random: np.random.Generator) -> Pixels:
        """The picture matched to a pool image."""
        assert pool is not None
        return matched_to(picture, pool, config, random)
