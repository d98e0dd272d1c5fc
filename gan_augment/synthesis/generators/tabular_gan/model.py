"""What a `tabular_gan` has learned: the codec, the copulas that starts are drawn from, and two networks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from gan_augment.core.quantities import Batch, Rate, Samples, Steps, Units, Weight
from gan_augment.core.samples import Payload
from gan_augment.encoding.scales import BOUND
from gan_augment.nn.table_networks import ChoiceBlocks, PackedDiscriminator, ResidualGenerator
from gan_augment.synthesis.api import SampleRequest, Synthetic
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import check_index
from gan_augment.synthesis.kit.class_copulas import ClassCopulas
from gan_augment.synthesis.kit.files import write_arrays
from gan_augment.synthesis.kit.row_limit import MAX_ROWS
from gan_augment.synthesis.kit.table_model import FittedTable, TableConfig, TableHead
from gan_augment.training.checkpoint import save_module

__all__ = ["FittedTabularGan", "TabularGanConfig", "fresh_model", "one_thread"]

Matrix = npt.NDArray[np.float32]


class TabularGanConfig(TableConfig):
    """Settings of the tabular GAN."""

    steps: Steps | None = Field(
        default=None, ge=0, description="of the joint training; null: 250 up to 1,000 rows, growing with their root"
    )
    specialise_steps: Steps = Field(default=60, ge=0, description="of a class's own training after it")
    batch_size: Batch = Field(default=128, ge=2)
    width: Units = Field(default=128, ge=8, description="units of each hidden layer")
    pack: int = Field(default=1, ge=1, le=16, description="rows that the discriminator judges together")
    trust_rows: Weight = Field(
        default=200, ge=0, description="a class of this many rows gets half of the learnt correction; 0: all of it"
    )
    rate_g: Rate = Field(default=2e-3, gt=0, description="the generator's learning rate at the start")
    rate_d: Rate = Field(default=2e-3, gt=0, description="the discriminator's learning rate at the start")
    gamma: Weight = Field(default=0.1, ge=0, description="weight of the R1 and R2 penalties")
    penalty_interval: Steps = Field(default=4, ge=1, description="every how many steps they are computed")
    noise: Weight = Field(default=0.2, ge=0, description="on real numbers, where a column's own deviation is about 1")
    temperature: Weight = Field(default=0.5, gt=0, description="of the softmax that carries the categories' gradient")
    max_rows: Samples = Field(
        default=MAX_ROWS, ge=100, description="train rows that it is trained on; levels come from all"
    )
    shrinkage: float | None = Field(
        default=None, ge=0, le=1, description="share of the classes' common covariance in each class's; null: estimated"
    )
    smoothing: float | None = Field(
        default=None, gt=0, le=1, description="of the copula that starts are drawn from; null: estimated"
    )

    def steps_for(self, rows: int) -> int:
        """How many steps the joint training takes."""
        return min(5000, round(250 * max(1.0, rows / 1000) ** 0.5)) if self.steps is None else self.steps


@dataclass
class FittedTabularGan(FittedTable):
    """The codec, the copulas that starts are drawn from, and the networks. `generator` is the EMA.

    `index` is the class that the model is specialised on; None for the joint one.
    """

    name: ClassVar[str] = "tabular_gan"

    config: TabularGanConfig
    copulas: ClassCopulas
    generator: ResidualGenerator
    discriminator: PackedDiscriminator
    device: str = "cpu"
    index: int | None = None
    stats: list[dict[str, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        blocks = self.codec.blocks
        self.shape = ChoiceBlocks(
            self.codec.width,
            [(block.start, block.stop) for block in blocks if block.kind == "choice"],
            [(block.start, block.switch) for block in blocks if block.switch is not None],
            self.config.temperature,
            BOUND,
        ).to(self.device)

    @property
    def known(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """int64 [k]: the class indices that can be asked for."""
        return self.copulas.classes if self.index is None else np.array([self.index])

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Rows of the class. Raises MethodError for a class this model has not learnt."""
        check_index(request.index, self.known, self.spec, self.name)
        place = int(np.searchsorted(self.copulas.classes, request.index))

        def draw(generator: np.random.Generator) -> tuple[Payload, None]:
            start = self.copulas.draw(place, BLOCK, generator)
            return self.codec.decode(self._moved(start, place), generator), None

        return self.in_blocks(request, draw)

    @torch.inference_mode()
    def _moved(self, start: Matrix, place: int) -> Matrix:
        rows = torch.from_numpy(start).to(self.device)
        labels = torch.full((len(start),), place, device=self.device)
        count = float(self.copulas.counts[place])
        trust = count / (count + self.config.trust_rows)
        with one_thread():
            moved: Matrix = rows.lerp(self.generator(rows, labels), trust).float().cpu().numpy()
        return moved

    def save(self, directory: Path) -> None:
        """The head, copulas.safetensors, generator.safetensors and discriminator.safetensors."""
        self.save_head(directory, label=self.index, summary=self.summary, stats=self.stats)
        write_arrays(directory / "copulas.safetensors", self.copulas.arrays())
        save_module(directory / "generator.safetensors", self.generator)
        save_module(directory / "discriminator.safetensors", self.discriminator)


def fresh_model(head: TableHead, copulas: ClassCopulas, seed: int, device: str) -> FittedTabularGan:
    """A model that has learned nothing: its samples are draws of the copulas."""
    config, width, classes = head.config, head.codec.width, len(copulas.classes)
    # Initial weights come from a seed of their own: torch's global generator is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = ResidualGenerator(width, classes, config.width)
        discriminator = PackedDiscriminator(width, classes, config.width, config.pack)
    return FittedTabularGan(*head, copulas, generator.to(device), discriminator.to(device), device)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Networks of this size run twice as fast on one thread as on two; several classes then run side by side."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
