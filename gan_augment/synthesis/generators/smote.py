"""`smote`: points between a real row and one of its nearest neighbours of the same class.

SMOTE and, with categories, SMOTENC (Chawla et al. 2002, JAIR 16, 321-357, sections 4.2 and 6.1), on standardised
numbers: distances in the columns' own units would follow whichever column has the largest numbers. It is written here,
and not called from imbalanced-learn, because the neighbours are then searched once and the n-th sample can be made
without the ones before it; a test holds it to imbalanced-learn's result. Missing entries count as a category.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from sklearn.neighbors import NearestNeighbors

from gan_augment.core.errors import MethodError
from gan_augment.core.quantities import Neighbours
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Payload, TrainView, ValidationView
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.table import Block, TableCodec, fill_unobserved
from gan_augment.synthesis.api import MethodConfig, Progress, SampleRequest, Synthetic, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly
from gan_augment.synthesis.kit.table_model import FittedRows, TableConfig, read_head, table_head

__all__ = ["FittedSmote", "Smote", "SmoteConfig"]

Matrix = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


class SmoteConfig(TableConfig):
    """Settings of SMOTE."""

    neighbours: Neighbours = Field(
        default=5, ge=1, description="at most this many; a class of n rows has n - 1 to choose from"
    )


@dataclass
class FittedSmote(FittedRows):
    """The encoded train rows, and each one's neighbours int64 [n, k].

    Neighbours are row numbers, nearest first; where a class has fewer than k, the rest are -1.
    """

    name: ClassVar[str] = "smote"

    neighbours: Indices
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """How many rows there are to draw from, and how many neighbours were used at most."""
        return {"rows": len(self.matrix), "neighbours": self.neighbours.shape[1], **self.dependencies}

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Rows of the class; `parents` names the two real rows that each one lies between. Raises MethodError."""
        own = self.places(request.label)
        reach = int((self.neighbours[own[0]] >= 0).sum())

        def draw(generator: np.random.Generator) -> tuple[Payload, tuple[str, ...]]:
            first = generator.choice(own, size=BLOCK)
            second = self.neighbours[first, generator.integers(reach, size=BLOCK)]
            rows = self._between(first, second, reach, generator)
            parents = tuple(f"{self.ids[a]} {self.ids[b]}" for a, b in zip(first, second, strict=True))
            return self.codec.decode(rows, generator), parents

        return self.in_blocks(request, draw)

    def _between(self, first: Indices, second: Indices, reach: int, generator: np.random.Generator) -> Matrix:
        """Numbers at a random place on the segment; categories by the vote of the first row's neighbours."""
        share = generator.random((len(first), 1), dtype=np.float32)
        rows = self.matrix[first] + share * (self.matrix[second] - self.matrix[first])
        nearer = np.where(share[:, 0] < 0.5, first, second)
        circle = self.neighbours[first, :reach]
        for block in self.codec.blocks:
            if block.kind == "choice":
                rows[:, block.start : block.stop] = self._voted(block, circle, nearer, generator)
        return rows

    def _voted(self, block: Block, circle: Indices, nearer: Indices, generator: np.random.Generator) -> Matrix:
        votes: Matrix = self.matrix[circle, block.start : block.stop].sum(axis=1)
        own = self.matrix[nearer, block.start : block.stop]
        if block.missing is not None:
            # A majority of neighbours is hardly ever missing: whether an entry is missing is the nearer row's.
            place = block.missing - block.start
            votes[:, place] = len(circle[0]) * (2 * own[:, place] - 1)
        # A tie goes to the nearer row's own state, and else to chance.
        tie_break = 0.5 * own + 0.4 * generator.random(votes.shape, dtype=np.float32)
        return np.asarray(votes + tie_break, dtype=np.float32)

    def save(self, directory: Path) -> None:
        """The head and rows.safetensors."""
        self.save_rows(directory, self.summary, neighbours=self.neighbours)


class Smote(JointOnly):
    """SMOTE for numbers, SMOTENC for tables with categories."""

    name: ClassVar[str] = "smote"
    traits: ClassVar[Traits] = Traits(modality=frozenset({"table"}), label_from="source", trainable=False)
    Config: ClassVar[type[MethodConfig]] = SmoteConfig

    def fit(
        self,
        train: TrainView,
        config: SmoteConfig,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = lambda _: None,
        checkpoint: Path | None = None,
    ) -> FittedSmote:
        """Encode the rows and search each one's neighbours. Raises MethodError for a class of one row."""
        del device, validation, progress, checkpoint
        frame, head = table_head(train, config, self.name, scale="standard")
        codec, labels = head.codec, train.labels
        _check_pairs(labels, train.spec)
        encoded = codec.encode(frame)
        matrix = fill_unobserved(encoded, labels, codec.blocks, numpy_generator(seed, "smote")).astype(np.float32)
        neighbours = _neighbours(matrix, labels, codec, config.neighbours)
        return FittedSmote(*head, matrix, labels, tuple(train.samples.manifest["id"]), neighbours)

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedSmote:
        """Read a saved model. Raises ModelError."""
        del device
        about, head = read_head(directory, spec, self.name, SmoteConfig)
        rows = FittedSmote.read_rows(directory, "neighbours")
        return FittedSmote(*head, rows["matrix"], rows["labels"], tuple(about["ids"]), rows["neighbours"])


def _check_pairs(labels: Indices, spec: DatasetSpec) -> None:
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        if count < 2:
            raise MethodError(
                "SMOTE needs two rows of a class to lie between",
                where=f"class {spec.labels[label]!r}",
                got=f"{count} train row",
                remedy="set synthesis.method to copula or oversample, or give the class more rows",
            )


def _neighbours(matrix: Matrix, labels: Indices, codec: TableCodec, wanted: int) -> Indices:
    classes, counts = np.unique(labels, return_counts=True)
    neighbours = np.full((len(matrix), min(wanted, int(counts.max()) - 1)), -1, dtype=np.int64)
    for label, count in zip(classes, counts, strict=True):
        own = np.flatnonzero(labels == label)
        reach = min(wanted, int(count) - 1)
        points = _distance_scale(matrix[own], codec)
        # Without an argument, a row is not its own neighbour, even where it has a twin.
        found = NearestNeighbors(n_neighbors=reach).fit(points).kneighbors(return_distance=False)
        neighbours[own, :reach] = own[found]
    return neighbours


def _distance_scale(rows: Matrix, codec: TableCodec) -> Matrix:
    """Two rows with different categories are as far apart as the median deviation of the numbers (SMOTENC)."""
    numbers = [block.start for block in codec.blocks if block.kind == "value"]
    typical = float(np.median(rows[:, numbers].std(axis=0))) if numbers else 1.0
    scale = np.full(rows.shape[1], (typical or 1.0) / np.sqrt(2), dtype=np.float32)
    scale[numbers] = 1
    return rows * scale
