"""The one interface behind which every synthesizer stands: read this file first.

A *synthesizer* learns from real train rows and gives synthetic ones. A *generator* turns noise (and a class) into
a sample; a *translator* turns a real sample into another one. Both look the same from here. A class is called by its
`index` in dataset.json; `label` is the user's word for it.

    fitted = Conditional().fit(TrainingData(train, validation), config, Run(seed=1))
    for batch in fitted.sample(SampleRequest(index=3, count=100, seed=7)):
        ...                                     # batch.payload, batch.parents
    fitted.save(directory); Conditional().load(directory, spec)

To add one: a file in generators/ or translators/, a row in registry.py, a row in tests/settings.py, a card in
docs/methods/. The tests name whichever is missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import LeakError
from gan_augment.core.progress import silent
from gan_augment.core.records import DatasetSpec, Modality, Record, Role
from gan_augment.core.samples import Payload, PoolView, TrainView, ValidationView
from gan_augment.core.seeds import derive_seed

__all__ = [
    "AskedCaption",
    "Captioned",
    "Fitted",
    "MethodConfig",
    "Progress",
    "Run",
    "SampleRequest",
    "Synthesizer",
    "Synthetic",
    "TickReport",
    "TrainingData",
    "Traits",
]


class MethodConfig(Record):
    """Base of every method's settings: `synthesis.settings` in params.yaml. Defaults must be good ones.

    `shared` names those that its rivals take over where they have them too: what is to be made, not how.
    """

    shared: ClassVar[tuple[str, ...]] = ()

    def check(self, spec: DatasetSpec) -> None:
        """Raise MethodError where these settings and this data set cannot go together; `params check` asks."""


@dataclass(frozen=True)
class Traits:
    """What a method can do, so that `params check` refuses the impossible before any training minute."""

    makes: frozenset[Modality]
    label_from: Literal["condition", "source", "code", "script"]  # whose label a synthetic sample carries
    fitted: Literal["jointly", "per class"] = "jointly"  # once, in `pretrain`, or once a class, in `train_gan@CLASS`
    trainable: bool = True  # False: nothing to learn (oversampling, interpolation)
    specialises: bool = False  # `specialise` gives a model of one class from the joint one
    data_parallel: bool = False  # `fit` may run in several processes at once, which share its batches
    needs: frozenset[Role] = frozenset()  # companions that every train row must have
    uses: frozenset[Role] = frozenset()  # companions that it takes where they are there
    emits: frozenset[Role] = (
        frozenset()
    )  # companions that its synthetic rows carry; those in `uses` where data has them
    pool: Literal["no", "may", "must"] = "no"  # rows that only synthesizers see
    captioned: bool = False  # draws what a user's own captions ask for, see `Captioned`
    rivals: tuple[str, ...] = ()  # untrained methods that it has to beat: they run as arms beside it (see `rivals`)


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


@dataclass(frozen=True)
class Run:
    """How to fit, whatever is fitted: the seed of all randomness, the device, and what becomes of a long training.

    A method whose training lasts longer than a minute saves its state to the file `checkpoint` now and then, and
    resumes from it if it is there; a quick one may ignore it. The caller removes it after success.
    """

    seed: int
    device: str = "cpu"
    progress: Progress = silent
    checkpoint: Path | None = None

    def derive(self, *names: str | int) -> Run:
        """The same run under a seed of its own, derived from this one's and `names`."""
        return replace(self, seed=derive_seed(self.seed, *names))


@dataclass(frozen=True)
class TrainingData:
    """The rows that a synthesizer may see. They are checked once, here, so that no method can leak.

    Attributes
    ----------
    train
        What is learnt from.
    validation
        For choosing among snapshots only; no gradient ever comes from it.
    pool
        More real rows of the same form, with labels or without, that only synthesizers see.

    Raises
    ------
    LeakError
        A part is not the view that its name says, describes another data set, or shares a row with another part.
    """

    train: TrainView
    validation: ValidationView | None = None
    pool: PoolView | None = None

    def __post_init__(self) -> None:
        wanted = {"train": TrainView, "validation": ValidationView, "pool": PoolView}
        parts = {name: part for name in wanted if (part := getattr(self, name)) is not None or name == "train"}
        for name, part in parts.items():
            if not isinstance(part, wanted[name]):
                raise LeakError(
                    f"A synthesizer was given something other than {name} rows as its {name} part",
                    got=type(part).__name__,
                    expected=wanted[name].__name__,
                )
        if any(part.spec != self.train.spec for part in parts.values()):
            raise LeakError("A synthesizer was given parts of different data sets", expected="one dataset.json for all")
        _refuse_shared_rows({name: part.samples.manifest["id"] for name, part in parts.items()})

    @property
    def judged(self) -> TrainView | ValidationView:
        """What snapshots are judged on: the validation rows, without any the train rows."""
        return self.validation if self.validation is not None and len(self.validation) else self.train

    def of_class(self, index: int) -> TrainingData:
        """The train and validation rows of one class; the pool, whose rows may have no label, as it is."""
        validation = None if self.validation is None else self.validation.of_class(index)
        return replace(self, train=self.train.of_class(index), validation=validation)


def _refuse_shared_rows(ids: dict[str, pd.Series]) -> None:
    for one, other in itertools.combinations(ids, 2):
        shared = ids[one][ids[one].isin(ids[other])]
        if len(shared):
            raise LeakError(
                f"A synthesizer was given the same row as a {one} row and as a {other} row",
                got=f"{len(shared)} rows, the first with id {shared.iloc[0]!r}",
                expected="no row in two parts",
            )


@dataclass(frozen=True)
class SampleRequest:
    """`count` samples of the class with number `index`, numbered from `start`.

    The n-th sample depends on (model, index, seed, n) alone: asking for 100 at once, or for 10 ten times with
    `start` moved, gives the same bytes, so shards can be remade alone and on any number of workers.
    """

    index: int
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


@dataclass(frozen=True)
class AskedCaption:
    """A caption of the user's own; beside it, where it is said, the label of its class and attributes by column."""

    text: str
    label: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class Captioned(Fitted, Protocol):
    """A synthesizer that has learned to draw what captions ask for (`traits.captioned`)."""

    def classes_of(self, captions: Sequence[AskedCaption]) -> list[int]:
        """The class index of each caption. Raises MethodError, which names a caption that tells none."""

    def asked_for(self, captions: Sequence[AskedCaption]) -> Captioned:
        """The same model, which draws of each class what its captions here ask for, each equally often.

        Of a class without one it draws what it drew before. Raises MethodError for a caption that it cannot read.
        """


class Synthesizer(Protocol):
    """A method: stateless, so that one object can fit many models."""

    name: ClassVar[str]
    traits: ClassVar[Traits]
    Config: ClassVar[type[MethodConfig]]

    def fit(self, data: TrainingData, config: Any, run: Run) -> Fitted:
        """Learn from the train rows. Raises MethodError where there are none."""

    def specialise(self, joint: Any, train: TrainView, config: Any, index: int, run: Run) -> Fitted:
        """From the joint model, a model of the one class `index` (`train` holds that class's rows only).

        Raises MethodError where `traits.specialises` is False.
        """

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> Fitted:
        """Read what `Fitted.save` wrote. Raises ModelError where it is damaged or another method's."""
