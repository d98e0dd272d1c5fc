"""What is training data for a recogniser worth with 0, 50, 100 or 400 labelled photographs?

    OMP_NUM_THREADS=1 nice python benchmarks/plates.py --labelled 0 --seeds 1
    OMP_NUM_THREADS=1 nice python benchmarks/plates.py --labelled 0 50 100 400 --seeds 3 --kimg 24
    OMP_NUM_THREADS=1 nice python benchmarks/plates.py --camera FOLDER --labelled 0   # pip install -t FOLDER captcha

The photographs are those of `gan-augment init --demo plates`: five real handwritten digits under a simulated camera,
which the methods do not know; or pictures of PyPI's `captcha`, of a version installed into a folder of its own. The
script is in Pillow's font. The pool is 500 photographs whose strings are not used.

Every arm trains the same recogniser for the same number of steps (`Schedule`). Where there are labelled rows, every arm
also sees the same number of them: half of the pictures shown. An arm without rows of its own shows labelled ones
(`real`: all of them, once more as many); another one shows its own rows in the first part and labelled ones in the
second, which is pre-training and fine-tuning. At 0 labelled rows all pictures are the arm's own.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, FrameField, ImageSpec, TextSpec
from gan_augment.core.samples import PoolView, Samples, TrainView, make_manifest
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.data.sources.demo_plates import CHARACTERS, HEIGHT, WIDTH, Plates
from gan_augment.nn.adam import Adam
from gan_augment.recognition.reader import TextReader, read_frames, string_losses
from gan_augment.recognition.supervised import pixels
from gan_augment.scoring import reading
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.script.method import strings_of, text_frame
from gan_augment.synthesis.kit.script.randomising import CameraConfig, randomised
from gan_augment.synthesis.registry import resolve_method

__all__ = ["Schedule", "shown_rows"]

Pixels = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

ALPHABET = "0123456789"
SCRIPT = {"format": "[0-9]{5}", "width": [0.82, 0.92], "size": [0.6, 0.75], "spacing": 0.3, "bold": 0.06}
POOLED, TESTED, MADE = 500, 400, 4000
ARMS = (
    "real", "script", "domain_randomise", "matched_script", "self_training", "permute_characters", "script_to_photo",
    "translated_and_randomised",
)  # fmt: skip
RATE = 5e-3
CLASSICAL = CameraConfig(perspective=0.06, blur=0, resize=1, contrast=0.2, shading=0.1, noise=0.03)
STILL = {"perspective": 0, "blur": 0, "resize": 1, "contrast": 0, "shading": 0, "noise": 0}


@dataclass(frozen=True)
class Schedule:
    """Pictures that a training shows: `steps` of `batch`, a share of them labelled where there are any."""

    steps: int = 300
    batch: int = 64
    real_share: float = 0.5

    @property
    def total(self) -> int:
        """Pictures shown."""
        return self.steps * self.batch

    def real(self, labelled: int) -> int:
        """Labelled pictures among them, in whole batches: the same for every arm."""
        return round(self.steps * self.real_share) * self.batch if labelled else 0


def shown_rows(own: int, labelled: int, schedule: Schedule, random: np.random.Generator) -> Ints:
    """int64 [total]: rows in the order shown: the arm's own, 0 .. own - 1, and then labelled ones, own .. own + n - 1.

    The last `Schedule.real` are labelled whatever the arm is. An arm without rows shows labelled ones throughout, which
    favours it: no other arm sees more of them.
    """
    last = schedule.real(labelled)
    real = own + _walk(labelled, last, random)
    first = schedule.total - last
    return np.concatenate([_walk(own, first, random) if own else _walk(labelled, first, random), real])


def _walk(rows: int, count: int, random: np.random.Generator) -> Ints:
    """int64 [count]: shuffles of 0 .. rows - 1, one after another."""
    if not rows:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([random.permutation(rows) for _ in range(-(-count // rows))])[:count]


@dataclass(frozen=True)
class Photographs:
    """Pictures uint8 [n, h, w, 1] and their strings int64 [n, 5]."""

    pictures: Pixels
    strings: Ints


def of_demo(part: str, count: int) -> Photographs:
    """Plates of a part of the demo."""
    source = Plates()
    plates = [source.plate(part, number) for number in range(count)]
    pictures = np.stack([plate.image.pixels[..., None] for plate in plates])
    return Photographs(pictures, np.array([[int(one) for one in plate.text] for plate in plates]))


def of_captcha(folder: str) -> Callable[[str, int], Photographs]:
    """Pictures of PyPI's `captcha` in the folder, reduced to the demo's size, inks as they come, in grey."""
    sys.path.insert(0, folder)
    from captcha.image import ImageCaptcha  # type: ignore[import-not-found]
    from PIL import Image

    def drawn(part: str, count: int) -> Photographs:
        import random as chance  # it draws from the global generator

        chance.seed(derive_seed("captcha", part))
        strings = numpy_generator("captcha", part).integers(10, size=(count, CHARACTERS))
        camera = ImageCaptcha(width=4 * WIDTH, height=4 * HEIGHT, font_sizes=(40, 46, 52))
        found = []
        for string in strings:
            picture = camera.generate_image("".join(map(str, string))).convert("L")
            found.append(np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)))
        return Photographs(np.stack(found)[..., None], strings)

    return drawn


def spec_of() -> DatasetSpec:
    """The data set's description, of one class."""
    image = ImageSpec(height=HEIGHT, width=WIDTH, channels=1)
    text = FrameField(columns=(Column(name="text", kind="categorical", dtype="string"),))
    return DatasetSpec(
        name="plates", modality="image", classes=(ClassRecord(key="plate", label="plate"),), image=image,
        companions={"text": text}, target="text",
        text=TextSpec(alphabet=ALPHABET, shortest=CHARACTERS, longest=CHARACTERS),
    )  # fmt: skip


def made_rows(name: str, labelled: Photographs, pool: Photographs, kimg: float, seed: int) -> Photographs:
    """Rows of a method that learns from these photographs. `script` is the script as it is."""
    settings: dict[str, Any] = {} if name == "permute_characters" else {"script": SCRIPT}
    settings |= {"kimg": kimg} if name == "script_to_photo" else {}
    settings |= {"camera": STILL} if name == "script" else {}
    method = resolve_method("domain_randomise" if name == "script" else name)
    spec = spec_of()
    # A script's format is given, so that at 0 labelled rows one row stands for the form of the data alone.
    known = labelled if len(labelled.strings) else Photographs(pool.pictures[:1] * 0, pool.strings[:1] * 0)
    texts = ["".join(map(str, string)) for string in known.strings]
    ids = [f"row-{number}" for number in range(len(texts))]
    manifest = make_manifest(len(texts), id=ids, label="plate", split="train", origin="real")
    train = TrainView(spec, Samples(manifest, known.pictures, {"text": text_frame(texts)}))
    ids = [f"pool-{number}" for number in range(len(pool.pictures))]
    pooled = PoolView(spec, Samples(make_manifest(len(ids), id=ids, split="pool", origin="real"), pool.pictures))
    fitted = method.fit(TrainingData(train, None, pooled), method.Config.model_validate(settings), Run(seed))
    batches = list(fitted.sample(SampleRequest(index=0, count=MADE, seed=seed)))
    if refused := fitted.summary.get("refused_classes"):
        print(f"  {name} would be refused: {refused}")
    pictures = np.concatenate([np.asarray(batch.payload) for batch in batches])
    strings = [text for batch in batches for text in strings_of(Samples(manifest, batch.payload, batch.companions))]
    return Photographs(pictures, np.array([[int(one) for one in string] for string in strings]))


def trained(own: Photographs | None, labelled: Photographs, schedule: Schedule, seed: int) -> TextReader:
    """A recogniser of the arm's own rows and of labelled ones, all through the same light camera (`classical`)."""
    parts = [labelled] if own is None else [own, labelled]
    pictures = np.concatenate([part.pictures for part in parts])
    strings = torch.from_numpy(np.concatenate([part.strings for part in parts]))
    count = 0 if own is None else len(own.strings)
    order = shown_rows(count, len(labelled.strings), schedule, numpy_generator(seed, "order"))
    random = numpy_generator(seed, "classical")
    text, weights = spec_of().strings, torch.Generator().manual_seed(derive_seed(seed, "weights"))
    model = TextReader(1, HEIGHT, WIDTH, text, reader="ctc", generator=weights)
    optimiser = Adam(model.parameters(), lr=RATE, decay=0.01)
    for step, chosen in enumerate(order.reshape(schedule.steps, schedule.batch)):
        batch = np.stack([randomised(pictures[row], CLASSICAL, random) for row in chosen])
        loss = string_losses(model, pixels(batch), strings[chosen]).mean()
        optimiser.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / schedule.steps)) / 2
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()


def read(model: TextReader, pictures: Pixels) -> tuple[Ints, npt.NDArray[np.float64]]:
    """What is read, int64 [n, frames] with -1 behind the end, and how likely the recogniser finds it."""
    frames = read_frames(model, pixels(pictures)).reshape(len(pictures), -1, len(ALPHABET) + 1)
    found = reading.greedy(frames)
    return found, reading.log_likelihood(frames, found)


def shares(model: TextReader, test: Photographs) -> tuple[float, float]:
    """(share of strings read exactly, share of characters), both in per cent."""
    found, _ = read(model, test.pictures)
    wrong = reading.edit_distances(found, test.strings)
    return 100 * float((wrong == 0).mean()), 100 * float(1 - wrong.sum() / test.strings.size)


def self_trained(pool: Photographs, rows: Photographs, labelled: Photographs, schedule: Schedule, seed: int) -> Any:
    """`rows`, and the half of the pool that a recogniser of them is surest of, with the strings that it reads."""
    found, sure = read(trained(rows, labelled, schedule, seed), pool.pictures)
    whole = np.flatnonzero((found >= 0).sum(axis=1) == CHARACTERS)
    kept = whole[np.argsort(-sure[whole], kind="stable")][: len(pool.pictures) // 2]
    told = np.array([row[row >= 0] for row in found[kept]], dtype=np.int64).reshape(-1, CHARACTERS)
    times = max(1, MADE // max(1, len(kept)))  # as many as the script's
    return Photographs(
        np.concatenate([rows.pictures, *[pool.pictures[kept]] * times]),
        np.concatenate([rows.strings, *[told] * times]),
    )


def rows_of(arm: str, labelled: Photographs, pool: Photographs, schedule: Schedule, given: Any, seed: int) -> Any:
    """The arm's own rows; None for the arm that has labelled ones alone."""
    if arm == "real":
        return None
    if arm == "self_training":
        rows = made_rows("domain_randomise", labelled, pool, given.kimg, seed)
        return self_trained(pool, rows, labelled, schedule, seed)
    if arm == "translated_and_randomised":
        both = [made_rows(name, labelled, pool, given.kimg, seed) for name in ("script_to_photo", "domain_randomise")]
        return Photographs(
            *(np.concatenate(part) for part in zip(*((b.pictures, b.strings) for b in both), strict=True))
        )
    return made_rows(arm, labelled, pool, given.kimg, seed)


def main() -> None:
    """Print the shares of each arm."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--labelled", type=int, nargs="+", default=[0, 50, 100, 400])
    parser.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--kimg", type=float, default=12)
    parser.add_argument("--camera", help="a folder with PyPI's captcha")
    given = parser.parse_args()
    torch.set_num_threads(1)
    source = of_captcha(given.camera) if given.camera else of_demo
    pool, test = source("pool", POOLED), source("test", TESTED)
    whole, schedule = source("train", max(given.labelled)), Schedule(given.steps)
    for count in given.labelled:
        labelled = Photographs(whole.pictures[:count], whole.strings[:count])
        for arm in given.arms:
            if not count and arm in ("real", "permute_characters"):
                continue
            start, found = time.process_time(), []
            for seed in range(given.seeds):
                rows = rows_of(arm, labelled, pool, schedule, given, seed)
                found.append(shares(trained(rows, labelled, schedule, seed), test))
            exact, characters = np.array(found).T
            spread = f" (sd {exact.std(ddof=1):.1f}, {characters.std(ddof=1):.1f})" if given.seeds > 1 else ""
            print(
                f"N={count:<4} {arm:26} exact {exact.mean():5.1f} %  characters {characters.mean():5.1f} %{spread}"
                f"  {time.process_time() - start:.0f} CPU-s",
                flush=True,
            )


if __name__ == "__main__":
    main()
