"""The candidates of a class in parts: each is drawn alone, by any process, and is complete on disk or not there."""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import pandas as pd

from gan_augment.core import fields, scratch
from gan_augment.core.checksums import check_folder, is_whole, replacing_output
from gan_augment.core.fields import Payload
from gan_augment.core.orphans import end_with
from gan_augment.core.progress import silent
from gan_augment.core.records import DatasetSpec, Role
from gan_augment.core.samples import Samples, make_manifest, read_samples, write_samples
from gan_augment.core.streams import SamplesWriter, StoredSamples
from gan_augment.synthesis.api import AskedCaption, Captioned, Fitted, SampleRequest, Synthetic
from gan_augment.synthesis.kit.blocks import BLOCK
from gan_augment.synthesis.registry import resolve_method

__all__ = ["Drawing", "draw_parts", "join_parts", "part_rows"]

_PART_BYTES = 8 << 20  # what a kill loses, and what a process holds
_MOST_ROWS = 32_768
_READ_ROWS = 8_192  # together, when parts are joined
_LOOK_EVERY_SECONDS = 0.5


def part_rows(spec: DatasetSpec) -> int:
    """How many rows a part has. The bytes of the joined parts do not depend on it."""
    # Whole blocks of what generators draw together: a part that cut one would draw it twice.
    return max(1, min(_MOST_ROWS, _PART_BYTES // fields.bytes_per_row(spec.payload)) // BLOCK) * BLOCK


@dataclass(frozen=True)
class Drawing:
    """What decides a class's candidates, and the class's folder `work`, in which parts wait for the others.

    `model` is a folder that the method saved, `model_hash` what is written beside every row, `captions` what a user
    asks for in their own words.
    """

    method: str
    model: Path
    model_hash: str
    spec: DatasetSpec
    index: int
    count: int
    seed: int
    rows: int
    work: Path
    captions: tuple[AskedCaption, ...] = ()
    parents: Path | None = None  # the class's train rows: their targets go to rows that are made from them

    @property
    def parts(self) -> int:
        """How many parts."""
        return -(-self.count // self.rows)

    @functools.cached_property
    def fingerprint(self) -> str:
        """What decides the parts' bytes: parts of another model, seed or count are never found."""
        facts = [self.method, self.model_hash, self.spec.model_dump(mode="json"), self.index, self.count, self.seed]
        facts += [asdict(caption) for caption in self.captions]
        return scratch.fingerprint(self.rows, *facts)

    def folder(self, number: int) -> Path:
        """A part's samples folder."""
        return self.work / self.fingerprint / f"{number:06d}"

    def finished(self) -> list[int]:
        """The parts that are there, whole: what a power cut left of the others is drawn again."""
        return [number for number in range(self.parts) if is_whole(self.folder(number))]


def draw_parts(drawing: Drawing, *, device: str, workers: int, advance: Callable[[int], None]) -> None:
    """Draw the parts that are not there yet, in `workers` processes; `advance` gets the number of rows done."""
    scratch.keep_only(drawing.folder(0).parent)
    missing = sorted(set(range(drawing.parts)) - set(drawing.finished()))
    if min(workers, len(missing)) <= 1:
        _draw(drawing, missing, device, advance)
        return
    # Spawned, not forked: neither torch's threads nor a GPU's context survive a fork.
    spawn, own = multiprocessing.get_context("spawn"), os.getpid()
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=end_with, initargs=(own,)) as pool:
        jobs = [pool.submit(_draw_share, drawing, missing[n::workers], device) for n in range(workers)]
        running = set(jobs)
        while running:
            finished, running = wait(running, _LOOK_EVERY_SECONDS)
            advance(min(drawing.count, len(drawing.finished()) * drawing.rows))
            for job in finished:
                job.result()


def _draw_share(drawing: Drawing, numbers: Sequence[int], device: str) -> None:
    _draw(drawing, numbers, device, silent)


def _draw(drawing: Drawing, numbers: Sequence[int], device: str, advance: Callable[[int], None]) -> None:
    if not numbers:
        return
    check_folder(drawing.model)
    fitted = resolve_method(drawing.method).load(drawing.model, drawing.spec, device=device)
    if drawing.captions:
        fitted = cast(Captioned, fitted).asked_for(drawing.captions)
    done = drawing.count - sum(_count(drawing, number) for number in numbers)
    for number in numbers:
        batches = []
        for batch in _batches(drawing, fitted, number):
            batches.append(batch)
            done += len(batch.payload)
            advance(done)
        with replacing_output(drawing.folder(number)) as folder:
            write_samples(folder, _samples(drawing, number, batches))


def _count(drawing: Drawing, number: int) -> int:
    return min(drawing.rows, drawing.count - number * drawing.rows)


def _batches(drawing: Drawing, fitted: Fitted, number: int) -> Iterator[Synthetic]:
    start, count = number * drawing.rows, _count(drawing, number)
    return fitted.sample(SampleRequest(index=drawing.index, count=count, seed=drawing.seed, start=start))


def _samples(drawing: Drawing, number: int, batches: Sequence[Synthetic]) -> Samples:
    payload = fields.concat([batch.payload for batch in batches])
    companions = {role: fields.concat([b.companions[role] for b in batches]) for role in batches[0].companions}
    companions |= _of_parents(drawing, [parent for batch in batches for parent in batch.parents or ()])
    key, start = drawing.spec.classes[drawing.index].key, number * drawing.rows
    manifest = make_manifest(
        len(payload),
        id=[f"{drawing.method}-{key}-{drawing.seed}-{start + place}" for place in range(len(payload))],
        label=drawing.spec.labels[drawing.index],
        split="train",
        origin="synthetic",
        method=drawing.method,
        model_hash=drawing.model_hash,
        seed=drawing.seed,
        parents=[parent for batch in batches for parent in batch.parents or [""] * len(batch.payload)],
    )
    return Samples(manifest, payload, companions)


def _of_parents(drawing: Drawing, parents: Sequence[str]) -> dict[Role, Payload]:
    """The target of the real row that each row comes from (the first, of several); none where the method makes it."""
    role = drawing.spec.target
    if role == "label" or drawing.parents is None:
        return {}
    real = read_samples(drawing.parents, companions=(role,))
    places = pd.Index(real.manifest["id"]).get_indexer(pd.Index([parent.split()[0] for parent in parents]))
    return {role: fields.take(real.companions[role], places)}


def join_parts(drawing: Drawing, directory: Path) -> None:
    """Write all rows, which are all there, as one samples folder into the existing `directory`."""
    with SamplesWriter(directory) as writer:
        if not drawing.parts:
            writer.append(Samples(make_manifest(0), fields.empty(drawing.spec.payload)))
            return
        parts = StoredSamples(tuple(map(drawing.folder, range(drawing.parts)))).with_companions()
        for chunk in parts.chunks(_READ_ROWS):
            writer.append(chunk)
