"""Which attribute values a generator may claim: those that a judge of real rows reads from its images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from gan_augment.core.fields import images_of
from gan_augment.core.quantities import Steps
from gan_augment.core.seeds import derive_seed
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.health.attribute_judge import AttributeJudge
from gan_augment.synthesis.kit.balanced_batches import UsualConditions
from gan_augment.synthesis.kit.blocks import BLOCK

__all__ = ["Draw", "JudgeSteps", "LeastPrecision", "claimed_values"]

JUDGED = 64  # drawn images of a value

# Settings of a method that reads values; its values are the method's own.
LeastPrecision = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="where there are attributes: a value that is read from fewer drawn images than this share of what "
        "held-out real ones show is written as missing",
    ),
]
JudgeSteps = Annotated[Steps, Field(ge=1, description="length of the training of the networks that read values")]

Images = npt.NDArray[np.uint8]
Draw = Callable[[Tensor, torch.Generator], Images]  # conditions int64 [n, groups] -> images that should show them


def claimed_values(
    draw: Draw, data: TrainingData, usual: UsualConditions, run: Run, *, least: float, steps: int
) -> dict[str, Any]:
    """What a judge of real rows reads from drawn images, by column and value; and what it does not find there.

    `least`: of what held-out real rows show; `steps`: of the judge's training. `draw` is asked for combinations that
    train rows have.
    """
    attributes = usual.attributes
    columns, sizes = attributes.columns, attributes.sizes
    judge = AttributeJudge(
        images_of(data.train.samples.payload),
        usual.train[:, 1:],
        sizes[1:],
        seed=run.seed,
        steps=steps,
        device=run.device,
    )
    real, rng = _held_out(data, usual), torch.Generator().manual_seed(derive_seed(run.seed, "attribute precision"))
    figures, unknown = dict[str, Any](), dict[str, dict[str, str]]()
    for group, column in enumerate(columns):
        wanted = np.concatenate([usual.of_value(group + 1, value, JUDGED) for value in range(1, sizes[group + 1])])
        images = [draw(part, rng) for part in torch.split(torch.from_numpy(wanted), BLOCK)]
        judged = judge.precisions((np.concatenate(images), wanted[:, 1:]), real, group)
        found = {column.texts[value - 1]: one for value, one in judged.items()}
        problems = {text: one.problem(least) for text, one in found.items()}
        figures[column.name] = {text: one.to_json() for text, one in found.items()}
        unknown[column.name] = {text: problem for text, problem in problems.items() if problem}
    return {"precision": figures, "unknown_values": {name: values for name, values in unknown.items() if values}}


def _held_out(data: TrainingData, usual: UsualConditions) -> tuple[Images, npt.NDArray[np.int64]] | None:
    """Real images with attributes that train rows combine too, and these attributes, int64 [m, columns]."""
    if data.validation is None:
        return None
    rows = np.flatnonzero(usual.comparable(data.validation))
    return images_of(data.validation.samples.payload)[rows], usual.held_out[rows, 1:]
