"""`flow_warp`: the frame after a real one by optical flow: what moved goes on moving, and so does its mask.

The rival of `next_frame`. The motion from the frame before to a real one is measured and extrapolated; nothing is
learnt from other clips, so what bounces, turns or stops is not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, ValidationError

from gan_augment.core.errors import MissingInputError, ModelError
from gan_augment.core.records import DatasetSpec
from gan_augment.synthesis.api import MethodConfig, Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.checks import JointOnly, check_images
from gan_augment.synthesis.kit.clip_starts import ClipConfig, ClipStarts, Drawn, Images, read_starts, starts_of
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.optical_flow import Flow, FlowKind, backward_flow, warped

__all__ = ["FittedFlowWarp", "FlowWarp", "FlowWarpConfig"]


class FlowWarpConfig(ClipConfig):
    """Settings of the flow, and of where it starts; these are those of `next_frame`."""

    flow: FlowKind = Field(default="farneback", description="farneback, or dis (Kroeger et al. 2016)")


@dataclass
class FittedFlowWarp:
    """The frames that samples start from."""

    config: FlowWarpConfig
    starts: ClipStarts
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """How many rows there are, and which classes have none to start from."""
        return {"rows": len(self.starts.rows), "refused_classes": self.starts.refused}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Frames after real rows of the class, with their place in the clip; `parents` names the row.

        Raises MethodError.
        """
        for _, drawn in self.starts.blocks(request, FlowWarp.name):
            images, masks = self._warped(drawn)
            yield self.starts.synthetic(drawn, images, masks)

    def _warped(self, drawn: Drawn) -> tuple[Images, Images | None]:
        """Images and masks uint8 [n, h, w, c] of the wanted part of a block."""
        starts, places, steps = self.starts, drawn.places[drawn.wanted], drawn.steps[drawn.wanted].tolist()
        flows = {place: self._flow(place) for place in set(places.tolist())}
        ways = [(flows[place], step) for place, step in zip(places.tolist(), steps, strict=True)]
        images = [warped(image, *way) for image, way in zip(starts.images[places], ways, strict=True)]
        masks = starts.masks(places)
        if masks is None:
            return np.stack(images), None
        return np.stack(images), np.stack([warped(one, *way, mask=True) for one, way in zip(masks, ways, strict=True)])

    def _flow(self, place: int) -> Flow:
        images, before = self.starts.images, self.starts.clips.before
        return backward_flow(images[before[place]], images[place], self.config.flow)

    def save(self, directory: Path) -> None:
        """model.json, and the frames to start from as samples folders."""
        config, starts = self.config.model_dump(mode="json"), self.starts.about
        write_about(directory, FlowWarp.name, config=config, starts=starts, summary=self.summary)
        self.starts.save(directory)


class FlowWarp(JointOnly):
    """Goes on with the motion between a real image and the frame before it."""

    name: ClassVar[str] = "flow_warp"
    traits: ClassVar[Traits] = Traits(
        makes=frozenset({"image"}),
        label_from="source",
        trainable=False,
        needs=frozenset({"sequence"}),
        uses=frozenset({"mask"}),
        emits=frozenset({"sequence", "mask"}),
        pool="may",
    )
    Config: ClassVar[type[MethodConfig]] = FlowWarpConfig

    def fit(self, data: TrainingData, config: FlowWarpConfig, run: Run) -> FittedFlowWarp:
        """Keep the rows to start from and the frames before them. Raises MethodError."""
        del run
        check_images(data.train, self.name)
        config.check(data.train.spec)
        return FittedFlowWarp(
            config,
            starts_of(data.train, data.pool, config, history=2),
        )

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedFlowWarp:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        del device
        about = read_about(directory, self.name)
        try:
            config = FlowWarpConfig.model_validate(about["config"])
            starts = read_starts(directory, spec, about["starts"], config)
        except (ValidationError, KeyError, MissingInputError, OSError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None
        return FittedFlowWarp(config, starts)
