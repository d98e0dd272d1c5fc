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

from gan_augment.core.quantities import Samples
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly, check_label
from gan_augment.synthesis.kit.class_copulas import ClassCopulas, fit_copulas
from gan_augment.synthesis.kit.files import read_arrays, write_arrays
from gan_augment.synthesis.kit.row_limit import MAX_ROWS, row_limit
from gan_augment.synthesis.kit.table_model import FittedTable, TableConfig, read_head, table_head

__all__ = ["Copula", "CopulaConfig", "FittedCopula", "describe_copulas", "read_copulas"]


class CopulaConfig(TableConfig):
    """Settings of the copula."""

    max_rows: Samples = Field(
        default=MAX_ROWS, ge=100, description="train rows that the distribution is estimated from; levels come from all"
    )
    shrinkage: float | None = Field(
        default=None, ge=0, le=1, description="share of the classes' common covariance in each class's; null: estimated"
    )
    smoothing: float | None = Field(
        default=None, gt=0, le=1, description="1: a plain Gaussian copula, near 0: real rows again; null: estimated"
    )


@dataclass
class FittedCopula(FittedTable):
    """Learnt Gaussians and the codec that turns their draws into rows."""

    name: ClassVar[str] = "copula"

    copulas: ClassCopulas
    rows_used: int
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The matrix's width, how many train rows were used, and each class's shrinkage and smoothing."""
        about = describe_copulas(self.copulas, self.spec)
        return {"width": self.codec.width, "rows_used": self.rows_used, **about, **self.dependencies}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Rows of the class. Raises MethodError for a class it has not learnt."""
        place = check_label(request.label, self.copulas.classes, self.spec, self.name)

        def draw(generator: np.random.Generator) -> tuple[Payload, None]:
            return self.codec.decode(self.copulas.draw(place, BLOCK, generator), generator), None

        return self.in_blocks(request, draw)

    def save(self, directory: Path) -> None:
        """The head and copulas.safetensors."""
        self.save_head(directory, summary=self.summary)
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
        frame, head = table_head(train, config, self.name)
        generator = numpy_generator(seed, "copula")
        used = row_limit(train.labels, config.max_rows, seed)
        matrix = head.codec.encode(frame.iloc[used], generator)
        copulas = fit_copulas(
            matrix,
            train.labels[used],
            head.codec.blocks,
            generator,
            shrinkage=config.shrinkage,
            smoothing=config.smoothing,
        )
        return FittedCopula(*head, copulas, len(used))

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedCopula:
        """Read a saved model. Raises ModelError."""
        del device
        about, head = read_head(directory, spec, self.name, CopulaConfig)
        return FittedCopula(*head, read_copulas(directory), about["summary"]["rows_used"])


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
