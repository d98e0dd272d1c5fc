"""The one interface behind which every synthesizer stands: read this file first.

A *synthesizer* learns from real train rows and gives synthetic ones. A *generator* turns noise (and a class) into
a sample; a *translator* turns a real sample into another one. Both look the same from here:

    fitted = Conditional().fit(train, config, seed=1)
    for batch in fitted.sample(SampleRequest(label=3, count=100, seed=7)):
        ...                                     # batch.payload, batch.parents
    fitted.save(directory); Conditional().load(directory, spec)

To add one: a file in generators/ or translators/, a row in registry.py, a row in tests/settings.py, a card in
docs/methods/. The tests name whichever is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import DatasetSpec, Modality, Record, Role
from gan_augment.core.samples import Payload, TrainView, ValidationView

__all__ = ["Fitted", "MethodConfig", "Progress", "SampleRequest", "Synthesizer", "Synthetic", "TickReport", "Traits"]

LabelFrom = Literal["condition", "source", "per_class_model", "code"]


class MethodConfig(Record):
    """Base of every method's settings: `synthesis.settings` in params.yaml. Defaults must be good ones."""

    def check(self, spec: DatasetSpec) -> None:
        """Raise MethodError where these settings and this data set cannot go together; `params check` asks."""


@dataclass(frozen=True)
class Traits:
    """What a method can do, so that `params check` refuses the impossible before any training minute."""

    modality: frozenset[Modality]
    label_from: LabelFrom  # whose label a synthetic sample carries
    trainable: bool = True  # False: nothing to learn (oversampling, interpolation)
    specialises: bool = False  # `specialise` gives a model of one class from the joint one
    data_parallel: bool = False  # `fit` may run in several processes at once, which share its batches


@dataclass(frozen=True)
class TickReport:
    """One progress report: `done` of `total` (thousands of images or rows seen) and figures worth showing.

    At a check also the new `row` of the training curve, and `pictures`: samples as they are now, uint8
    [rows, columns, h, w, c], a class a row.
    """

    done: float
    total: float
    figures: dict[str, float] = field(default_factory=dict)
    row: dict[str, float] | None = None
    pictures: npt.NDArray[np.uint8] | None = None


Progress = Callable[[TickReport], None]


def _silent(_: TickReport) -> None:
    return None


@dataclass(frozen=True)
class SampleRequest:
    """`count` samples of class index `label`, numbered from `start`.

    The n-th sample depends on (model, label, seed, n) alone: asking for 100 at once, or for 10 ten times with
    `start` moved, gives the same bytes, so shards can be remade alone and on any number of workers.
    """

    label: int
    count: int
    seed: int
    start: int = 0


@dataclass(frozen=True)
class Synthetic:
    """A batch of synthetic samples of one class: pixels uint8 [n, h, w, c] or table rows in the source's dtypes."""

    payload: Payload
    parents: tuple[str, ...] | None = None  # translators: the id of the real sample behind each row
    copies: int = 0  # rows that repeat a train row, where drawing again found no new ones
    companions: Mapping[Role, Payload] = field(default_factory=dict)  # what lies beside every row


class Fitted(Protocol):
    """A synthesizer that has learned."""

    @property
    def stats(self) -> list[dict[str, float]]:
        """The training curve: one row a check, columns named as the field names them. May be empty."""

    @property
    def summary(self) -> dict[str, Any]:
        """JSON-able facts about the fit: steps, seconds, parameters, why it stopped."""

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Yield batches that together hold exactly `request.count` samples, at constant memory."""

    def save(self, directory: Path) -> None:
        """Write safetensors + JSON into an existing directory. The same model gives the same bytes."""


class Synthesizer(Protocol):
    """A method: stateless, so that one object can fit many models."""

    name: ClassVar[str]
    traits: ClassVar[Traits]
    Config: ClassVar[type[MethodConfig]]

    def fit(
        self,
        train: TrainView,
        config: Any,
        *,
        seed: int,
        device: str = "cpu",
        validation: ValidationView | None = None,
        progress: Progress = _silent,
        checkpoint: Path | None = None,
    ) -> Fitted:
        """Learn from train rows. `validation` only chooses among snapshots; no gradient ever comes from it.

        A method whose training lasts longer than a minute saves its state to the file `checkpoint` now and then, and
        resumes from it if it is there; a quick one may ignore it. The caller removes it after success.
        """

    def specialise(
        self,
        joint: Any,
        train: TrainView,
        config: Any,
        *,
        label: int,
        seed: int,
        device: str = "cpu",
        progress: Progress = _silent,
        checkpoint: Path | None = None,
    ) -> Fitted:
        """From the joint model, a model of the one class `label` (`train` holds that class's rows only).

        Raises MethodError where `traits.specialises` is False.
        """

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> Fitted:
        """Read what `Fitted.save` wrote. Raises ModelError where it is damaged or another method's."""
