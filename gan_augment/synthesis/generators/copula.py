"""`copula`: per class, a kernel-smoothed Gaussian copula with shrunk covariance. It fits in milliseconds.

What it is made of is in `_class_copulas.py`; `tabular_gan` starts from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.table import TableCodec
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.generators._blocks import BLOCK, sample_in_blocks
from gan_augment.synthesis.generators._checks import JointOnly, check_label, table_rows
from gan_augment.synthesis.generators._class_copulas import ClassCopulas, fit_copulas
from gan_augment.synthesis.generators._files import (
    read_about,
    read_arrays,
    read_codec,
    write_about,
    write_arrays,
    write_codec,
)
from gan_augment.synthesis.generators._row_limit import MAX_ROWS, row_limit

__all__ = ["Copula", "CopulaConfig", "FittedCopula", "describe_copulas", "read_copulas"]


class CopulaConfig(MethodConfig):
    """Settings of the copula."""

    max_levels: int = Field(default=32, ge=2, description="levels of a column with a state of their own")
    max_rows: int = Field(
        default=MAX_ROWS, ge=100, description="train rows that the distribution is estimated from; levels come from all"
    )
    shrinkage: float | None = Field(
        default=None, ge=0, le=1, description="share of the classes' common covariance in each class's; null: estimated"
    )
    smoothing: float | None = Field(
        default=None, gt=0, le=1, description="1: a plain Gaussian copula, near 0: real rows again; null: estimated"
    )


@dataclass
class FittedCopula:
    """Learnt Gaussians and the codec that turns their draws into rows."""

    spec: DatasetSpec
    config: CopulaConfig
    codec: TableCodec
    copulas: ClassCopulas
    rows_used: int | None = None
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The matrix's width, how many train rows were used, and each class's shrinkage and smoothing."""
        return {"width": self.codec.width, "rows_used": self.rows_used, **describe_copulas(self.copulas, self.spec)}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Rows of the class. Raises MethodError for a class it has not learnt."""
        place = check_label(request.label, self.copulas.classes, self.spec, Copula.name)

        def draw(generator: np.random.Generator) -> tuple[Payload, None]:
            return self.codec.decode(self.copulas.draw(place, BLOCK, generator), generator), None

        return sample_in_blocks(request, draw)

    def save(self, directory: Path) -> None:
        """model.json, codec.json and copulas.safetensors."""
        write_about(directory, Copula.name, config=self.config.model_dump(mode="json"), summary=self.summary)
        write_codec(directory, self.codec)
        write_arrays(directory / "copulas.safetensors", self.copulas.arrays())


class Copula(JointOnly):
    """The shrunk Gaussian copula of each class."""

    name: ClassVar[str] = "copula"
    traits: ClassVar[Traits] = Traits(modality=frozenset({"table"}), label_from="condition")
    Config: ClassVar[type[MethodConfig]] = CopulaConfig

    def fit(
        self,
        train: TrainView,
        config: CopulaConfig,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedCopula:
        """Estimate the codec and one Gaussian a class; some milliseconds."""
        del device, validation, progress, checkpoint
        frame, table = table_rows(train, self.name)
        codec = TableCodec.fit(frame, table, max_levels=config.max_levels)
        generator = numpy_generator(seed, "copula")
        used = row_limit(train.labels, config.max_rows, seed)
        matrix = codec.encode(frame.iloc[used], generator)
        copulas = fit_copulas(
            matrix,
            train.labels[used],
            codec.blocks,
            generator,
            shrinkage=config.shrinkage,
            smoothing=config.smoothing,
        )
        return FittedCopula(train.spec, config, codec, copulas, len(used))

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedCopula:
        """Read a saved model. Raises ModelError."""
        del device
        about = read_about(directory, self.name)
        config = CopulaConfig.model_validate(about["config"])
        used = about["summary"].get("rows_used")
        return FittedCopula(spec, config, read_codec(directory), read_copulas(directory), used)


def describe_copulas(copulas: ClassCopulas, spec: DatasetSpec) -> dict[str, dict[str, float]]:
    """Each class's share of the common covariance, and its smoothing."""
    names = [spec.labels[c] for c in copulas.classes]
    return {
        "shrinkage": {name: round(float(share), 4) for name, share in zip(names, copulas.shrinkages, strict=True)},
        "smoothing": {name: round(float(h), 4) for name, h in zip(names, copulas.smoothings, strict=True)},
    }


def read_copulas(directory: Path) -> ClassCopulas:
    """copulas.safetensors of a saved model. Raises ModelError."""
    names = tuple(ClassCopulas.__dataclass_fields__)
    arrays = read_arrays(directory / "copulas.safetensors", names)
    return ClassCopulas(**{name: arrays[name] for name in names})
