"""Methods that write strings themselves: the label of a sample is the string, exactly, and no real row is its source.

A method is a `Config` and one function, `finished`: what becomes of the script's picture. What every method promises
(numbered samples, strings beside them, saving, loading, errors) is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import MethodError, MissingInputError, ModelError
from gan_augment.core.fields import frame_of, images_of
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, TrainView, read_samples, write_samples
from gan_augment.core.seeds import numpy_generator
from gan_augment.synthesis.api import Run, SampleRequest, Synthetic, TrainingData, Traits
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.kit.checks import JointOnly, check_index, check_pool_rows, check_train
from gan_augment.synthesis.kit.files import REMEDY, read_about, write_about
from gan_augment.synthesis.kit.script.settings import facts, formats_from
from gan_augment.synthesis.kit.script.writing import ScriptedConfig, Writer

__all__ = [
    "OF_A_SCRIPT",
    "FittedScript",
    "Pixels",
    "ScriptedMethod",
    "check_class",
    "pool_of",
    "strings_of",
    "text_frame",
    "writer_for",
    "writer_from",
]

Pixels = npt.NDArray[np.uint8]

# Needs strings beside train rows: they say what may be written.
OF_A_SCRIPT = Traits(
    makes=frozenset({"image"}),
    label_from="script",
    trainable=False,
    needs=frozenset({"text"}),
    emits=frozenset({"text"}),
)


class ScriptedMethod(JointOnly):
    """Base of such methods where nothing is learnt. A subclass sets `name` and `Config`, and defines `finished`."""

    name: ClassVar[str]
    traits: ClassVar[Traits] = OF_A_SCRIPT
    Config: ClassVar[type[ScriptedConfig]]

    def finished(self, picture: Pixels, pool: Pixels | None, config: Any, random: np.random.Generator) -> Pixels:
        """The sample uint8 [h, w, c] from the script's picture, and from the pool's images for a method of the pool."""
        raise NotImplementedError

    def fit(self, data: TrainingData, config: Any, run: Run) -> FittedScript:
        """Read off the train rows which strings there are, and keep the pool where it is used. Raises MethodError."""
        del run
        return FittedScript(self, config, writer_for(data.train, config, self.name), pool_of(data, self))

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedScript:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        del device
        about = read_about(directory, self.name)
        try:
            config = self.Config.model_validate(about["config"])
            pool = read_samples(directory / "pool", mmap=True) if self.traits.pool == "must" else None
            return FittedScript(self, config, writer_from(about, config, spec), pool)
        except (MissingInputError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError("A saved model cannot be read", where=directory, got=str(error), remedy=REMEDY) from None


def pool_of(data: TrainingData, method: Any) -> Samples | None:
    """The pool, for a method that must have one. Raises MethodError where it has none, or one that does not do."""
    if method.traits.pool != "must":
        return None
    if data.pool is None:
        raise MethodError(f"{method.name!r} was given no pool", remedy="name one in prepare.pool")
    check_pool_rows(data.pool, data.train, method.name)
    return data.pool.samples.with_roles(())


def writer_for(train: TrainView, config: ScriptedConfig, method: str) -> Writer:
    """The script over the classes of these rows; a class without any writes nothing. Raises MethodError."""
    check_train(train, method)
    config.check(train.spec)
    strings, labels = strings_of(train.samples), train.labels
    by_class = {int(index): [strings[row] for row in np.flatnonzero(labels == index)] for index in np.unique(labels)}
    writer = Writer.of(config.script, train.spec, by_class)
    for index in by_class:
        if not writer.formats[index]:
            raise MethodError(
                "No string of a class can be written with the script's alphabet",
                where=f"synthesis.settings.script.alphabet in params.yaml, class {train.spec.labels[index]!r}",
                got=f"{config.script.alphabet!r}, and strings such as {by_class[index][0]!r:.80}",
                expected="an alphabet that some of its strings are made of",
            )
    formats = tuple(own if index in by_class else () for index, own in enumerate(writer.formats))
    return Writer(writer.script, writer.spec, writer.alphabet, formats)


def strings_of(rows: Samples) -> list[str]:
    """The string of each row."""
    return [str(text) for text in frame_of(rows.companions["text"])["text"]]


def writer_from(about: Mapping[str, Any], config: ScriptedConfig, spec: DatasetSpec) -> Writer:
    """The script of a saved model. Raises KeyError, ValueError, TypeError."""
    return Writer(config.script, spec, str(about["alphabet"]), formats_from(about["formats"]))


def text_frame(strings: Sequence[str]) -> pd.DataFrame:
    """The companion `text` of rows."""
    return pd.DataFrame({"text": pd.array(list(strings), dtype="string")})


@dataclass
class FittedScript:
    """A script, what is done to its pictures, and the pool where the method takes after it."""

    method: ScriptedMethod
    config: Any
    writer: Writer
    pool: Samples | None = None
    stats: list[dict[str, float]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """How many strings there can be, at least; the number of pool images."""
        strings = sum(one.strings for own in self.writer.formats for one in own)
        return {"strings": min(strings, 10**15)} | ({} if self.pool is None else {"pool": len(self.pool)})

    def sample(self, request: SampleRequest) -> Iterator[Synthetic]:
        """Strings of the class and their pictures, the n-th from (seed, index, n) alone. Raises MethodError."""
        check_class(self.writer, request.index, self.method.name)
        for first in range(request.start, request.start + request.count, BLOCK):
            numbers = range(first, min(first + BLOCK, request.start + request.count))
            drawn = [self._drawn(numpy_generator(request.seed, request.index, number), request) for number in numbers]
            strings, pictures = zip(*drawn, strict=True)
            yield Synthetic(np.stack(pictures), companions={"text": text_frame(strings)})

    def _drawn(self, random: np.random.Generator, request: SampleRequest) -> tuple[str, Pixels]:
        string = self.writer.string(request.index, random)
        picture = self.writer.picture(string, random)
        pool = None if self.pool is None else images_of(self.pool.payload)
        return string, self.method.finished(picture, pool, self.config, random)

    def save(self, directory: Path) -> None:
        """model.json, and the pool as a samples folder."""
        write_about(
            directory, self.method.name, config=self.config.model_dump(mode="json"),
            alphabet=self.writer.alphabet, formats=facts(self.writer.formats), summary=self.summary,
        )  # fmt: skip
        if self.pool is not None:
            (directory / "pool").mkdir()
            write_samples(directory / "pool", self.pool)


def check_class(writer: Writer, index: int, method: str) -> None:
    """Refuse a class of which no string was learnt. Raises MethodError."""
    known = [place for place, own in enumerate(writer.formats) if own]
    check_index(index, np.array(known, dtype=np.int64), writer.spec, method)
