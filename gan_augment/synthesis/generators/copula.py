"""`copula`: per class, a Gaussian over the codec's matrix, its covariance shrunk toward the one the classes share.

Every number is on the quantile-normal scale, so what remains to learn is how columns move together: a Gaussian copula.
With few rows a class's own covariance is mostly noise; the share of the common one is estimated as in Ledoit & Wolf
2004 (J. Multivariate Analysis 88, 365-411), with the within-class covariance of all classes as the target. Categories
and missing entries are the largest of correlated Gaussian scores (a multinomial probit); the scores are shifted until
each level comes out as often as it does in the class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.special import ndtri

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.table import Block, TableCodec, fill_unobserved
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.generators._blocks import BLOCK, sample_in_blocks
from gan_augment.synthesis.generators._checks import JointOnly, check_label, table_rows
from gan_augment.synthesis.generators._files import (
    read_about,
    read_arrays,
    read_codec,
    write_about,
    write_arrays,
    write_codec,
)

__all__ = ["ClassCopulas", "Copula", "CopulaConfig", "FittedCopula", "fit_copulas", "read_copulas"]

Matrix = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

SHIFT_DRAWS = 2048
SHIFT_ROUNDS = 12
UNSEEN_WEIGHT = 0.5  # a class's level shares count this many rows of all classes' shares in


class CopulaConfig(MethodConfig):
    """Settings of the copula."""

    max_levels: int = Field(default=32, ge=2, description="levels of a column with a state of their own")
    shrinkage: float | None = Field(
        default=None, ge=0, le=1, description="share of the classes' common covariance in each class's; null: estimated"
    )


@dataclass(frozen=True)
class ClassCopulas:
    """One Gaussian a class over a codec's matrix of width d.

    Attributes
    ----------
    classes
        int64 [k]: the class indices that were learnt, ascending.
    means, factors
        float32 [k, d] and [k, d, d]: a sample is mean + factor @ (standard normal noise).
    shifts
        float32 [k, d]: added to the scores of choice blocks.
    shrinkages
        float32 [k]: the share of the common covariance in each class's.
    """

    classes: npt.NDArray[np.int64]
    means: Matrix
    factors: Matrix
    shifts: Matrix
    shrinkages: npt.NDArray[np.float32]

    def draw(self, place: int, count: int, generator: np.random.Generator) -> Matrix:
        """float32 [count, d] of class `classes[place]`: scores in choice blocks, the normal scale in value blocks."""
        noise = generator.standard_normal((count, self.means.shape[1]), dtype=np.float32)
        drawn: Matrix = noise @ self.factors[place].T + self.means[place] + self.shifts[place]
        return drawn

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What a safetensors file holds."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def fit_copulas(
    matrix: Matrix,
    labels: npt.NDArray[np.int64],
    blocks: Sequence[Block],
    generator: np.random.Generator,
    shrinkage: float | None = None,
) -> ClassCopulas:
    """From an encoded matrix [n, d] (ties spread, see `TableCodec.encode`) and class indices [n]."""
    filled = fill_unobserved(matrix, labels, blocks, generator)
    classes = np.unique(labels)
    means: Floats = np.stack([filled[labels == c].mean(axis=0) for c in classes])
    centred = filled - means[np.searchsorted(classes, labels)]
    common = _shrunk(centred, np.diag(np.var(centred, axis=0)), None)[0]
    shrunk = [_shrunk(centred[labels == c], common, shrinkage) for c in classes]
    draft = ClassCopulas(
        classes=classes,
        means=means.astype(np.float32),
        factors=np.stack([_factor(covariance) for covariance, _ in shrunk]).astype(np.float32),
        shifts=np.zeros(means.shape, dtype=np.float32),
        shrinkages=np.array([share for _, share in shrunk], dtype=np.float32),
    )
    shares = _level_shares(matrix, labels, classes)
    for place in range(len(classes)):
        drawn = draft.draw(place, SHIFT_DRAWS, generator)
        for block in blocks:
            if block.kind == "choice":
                own = slice(block.start, block.stop)
                draft.shifts[place, own] = _shift(drawn[:, own], shares[place, own])
    return draft


def _shrunk(centred: Floats, target: Floats, share: float | None) -> tuple[Floats, float]:
    """The covariance of centred rows [n, d] mixed with `target`, and the target's share (estimated where None)."""
    count = len(centred)
    if count < 2:
        return target, 1.0
    covariance = centred.T @ centred / count
    if share is None:
        noise = (np.square(np.square(centred).sum(axis=1)).mean() - np.square(covariance).sum()) / count
        distance = np.square(covariance - target).sum()
        # The estimate itself is unreliable below some ten rows (with two rows it is always 0).
        share = float(np.clip(noise / max(distance, 1e-12), 1 / (count - 1), 1))
    return (1 - share) * covariance * count / (count - 1) + share * target, share


def _factor(covariance: Floats) -> Floats:
    # A one-hot block's covariance is singular, as its columns add up to 1.
    return np.asarray(np.linalg.cholesky(covariance + 1e-6 * np.eye(len(covariance))), dtype=np.float64)


def _level_shares(matrix: Matrix, labels: npt.NDArray[np.int64], classes: npt.NDArray[np.int64]) -> Floats:
    every = matrix.mean(axis=0, dtype=np.float64)
    shares = [
        (matrix[labels == c].sum(axis=0, dtype=np.float64) + UNSEEN_WEIGHT * every)
        / ((labels == c).sum() + UNSEEN_WEIGHT)
        for c in classes
    ]
    return np.stack(shares)


def _shift(scores: Matrix, shares: Floats) -> Floats:
    """What to add to scores [n, levels] so that each level is the largest in its share of the rows."""
    floor = 0.25 / len(scores)
    wanted = ndtri(np.clip(shares, floor, 1 - floor))
    spread = np.maximum(scores.std(axis=0), 0.05)
    shift = np.zeros(len(shares))
    for _ in range(SHIFT_ROUNDS):
        won = np.bincount((scores + shift).argmax(axis=1), minlength=len(shares)) / len(scores)
        shift += 0.7 * spread * (wanted - ndtri(np.clip(won, floor, 1 - floor)))
    return shift


@dataclass
class FittedCopula:
    """Learnt Gaussians and the codec that turns their draws into rows."""

    spec: DatasetSpec
    config: CopulaConfig
    codec: TableCodec
    copulas: ClassCopulas
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The matrix's width, and each class's share of the common covariance."""
        names = [self.spec.labels[c] for c in self.copulas.classes]
        shares = [round(float(share), 4) for share in self.copulas.shrinkages]
        return {"width": self.codec.width, "shrinkage": dict(zip(names, shares, strict=True))}

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
        matrix = codec.encode(frame, generator)
        copulas = fit_copulas(matrix, train.labels, codec.blocks, generator, config.shrinkage)
        return FittedCopula(train.spec, config, codec, copulas)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedCopula:
        """Read a saved model. Raises ModelError."""
        del device
        about = read_about(directory, self.name)
        config = CopulaConfig.model_validate(about["config"])
        return FittedCopula(spec, config, read_codec(directory), read_copulas(directory))


def read_copulas(directory: Path) -> ClassCopulas:
    """copulas.safetensors of a saved model. Raises ModelError."""
    names = tuple(ClassCopulas.__dataclass_fields__)
    arrays = read_arrays(directory / "copulas.safetensors", names)
    return ClassCopulas(**{name: arrays[name] for name in names})
