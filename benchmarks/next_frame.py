"""Does `next_frame` predict the frame after some others better than what learns nothing?

    OMP_NUM_THREADS=1 nice python benchmarks/next_frame.py balls
    OMP_NUM_THREADS=1 nice python benchmarks/next_frame.py digits --seeds 2

- `balls`: the bouncing balls of Lotter, Kreiman, Cox 2015 (three balls, 30 x 30 px; a simulator of our own, after
  Sutskever, Hinton, Taylor 2008), with the settings below. The paper's table: copy 11.86, its best network 0.65.
- `digits`: digits that move over 20 x 20 px and bounce, as in `gan-augment init --demo moving_digits`; no digit of the
  test clips is in the demo. Also the moved mask: intersection over union with the true one 1, 2 and 3 frames later, of
  the network, of the flow warp and of the mask where it was.

Squared error is the sum over a frame's pixels from 0 to 1, on test clips that took no part in any choice. The rival is
the best of copy, linear extrapolation, and warps by Farneback and DIS; it is chosen on validation clips. The stage
`mse` is the first stage's network, `adversarial` the second's, whichever the method itself would serve. Sharpness is
gradient energy over the truth's. CPU-seconds are training's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_digits

from gan_augment.core.records import ArrayField, ClassRecord, Column, DatasetSpec, FrameField, ImageSpec
from gan_augment.core.samples import PoolView, Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.sources.moving_digits import Frame, labelled_clips, moving, pooled_clips
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.kit.clips import clips_of
from gan_augment.synthesis.kit.optical_flow import backward_flow, warped
from gan_augment.synthesis.translators.next_frame.method import NextFrameConfig, prepare_run
from gan_augment.synthesis.translators.next_frame.prediction import HeldClips, PredictionRun, roll_out, stacked

KINDS: dict[str, Any] = {"train": TrainView, "validation": ValidationView, "pool": PoolView}
HISTORY, STEPS = 3, 5
BOX, RADIUS, SPEED = 10.0, 1.2, 0.5
Pixels = npt.NDArray[np.uint8]


def balls(random: np.random.Generator, long: int, count: int = 3, side: int = 30) -> Pixels:
    """A clip uint8 [long, side, side, 1] of balls of one mass that bounce off each other and off the box."""
    while True:
        places = random.uniform(RADIUS, BOX - RADIUS, (count, 2))
        if all(np.hypot(*(a - b)) > 2 * RADIUS for n, a in enumerate(places) for b in places[:n]):
            break
    speeds = random.normal(size=(count, 2))
    speeds *= SPEED / np.linalg.norm(speeds)
    frames = []
    for _ in range(long):
        frames.append(_drawn(places, side))
        for _ in range(int(1 / SPEED * 10)):  # small steps
            places = places + speeds * SPEED / 10
            speeds = np.where(places < RADIUS, np.abs(speeds), np.where(places > BOX - RADIUS, -np.abs(speeds), speeds))
            _collide(places, speeds)
    return np.stack(frames)[..., None]


def _collide(places: npt.NDArray[Any], speeds: npt.NDArray[Any]) -> None:
    """Exchange the speeds of touching balls along the line between them, in place."""
    for one in range(len(places)):
        for other in range(one):
            apart = places[one] - places[other]
            distance = float(np.hypot(*apart))
            way = apart / distance
            approach = float((speeds[one] - speeds[other]) @ way)
            if distance < 2 * RADIUS and approach < 0:
                speeds[one] -= approach * way
                speeds[other] += approach * way


def _drawn(places: npt.NDArray[Any], side: int) -> Pixels:
    grid = (np.arange(side) + 0.5) * BOX / side
    down, right = np.meshgrid(grid, grid, indexing="ij")
    light = sum(np.exp(-((((down - y) ** 2 + (right - x) ** 2) / RADIUS**2) ** 4)) for y, x in places)
    found: Pixels = np.rint(255 * np.minimum(light, 1)).astype(np.uint8)
    return found


def view(split: str, frames: Pixels, clips: list[str], numbers: list[int], labels: list[str]) -> Any:
    """Rows of one split, frames uint8 [n, h, w, 1]."""
    sequence = pd.DataFrame({"sequence": pd.array(clips, dtype="string"), "frame": pd.array(numbers, dtype="Int64")})
    columns = (
        Column(name="sequence", kind="categorical", dtype="string"),
        Column(name="frame", kind="numeric", dtype="Int64", integer=True),
    )
    height, width, channels = frames.shape[1:]
    spec = DatasetSpec(
        name="clips",
        modality="image",
        classes=tuple(ClassRecord(key=f"c{n}", label=str(n)) for n in range(10)),
        image=ImageSpec(height=height, width=width, channels=channels),
        companions={"sequence": FrameField(columns=columns), "mask": ArrayField(shape=(height, width, 1))},
    )
    ids = [f"{split}-{number}" for number in range(len(frames))]
    told: list[Any] = [pd.NA] * len(frames) if split == "pool" else labels
    manifest = make_manifest(len(frames), id=ids, label=told, split=split, origin="real")
    return KINDS[split](spec, Samples(manifest, frames, {"sequence": sequence}))


def whole(split: str, clips: list[Pixels]) -> Any:
    """Rows of whole clips, all of them of the class 0."""
    long = [len(clip) for clip in clips]
    names = [f"{split} {number}" for number, count in enumerate(long) for _ in range(count)]
    numbers = [frame for count in long for frame in range(count)]
    return view(split, np.concatenate(clips), names, numbers, ["0"] * len(names))


def of_demo(split: str, frames: Iterator[Frame]) -> Any:
    """The demo's rows of one split."""
    found = [one for one in frames if one.part == split or (split == "pool" and not one.part)]
    pixels = np.stack([one.image.pixels for one in found])
    return view(split, pixels, [str(o.number) for o in found], [o.frame for o in found], [o.label for o in found])


def held(rows: Any) -> HeldClips:
    """All windows of these clips."""
    clips = clips_of(rows.samples.companions["sequence"])
    return HeldClips(clips, np.asarray(rows.samples.payload), HISTORY, "cpu", "test")


def fitted(data: TrainingData, config: NextFrameConfig, seed: int) -> tuple[PredictionRun, float]:
    """The trained run and its CPU-seconds."""
    started = time.process_time()
    training, _ = prepare_run(data, config, Run(seed))
    training.train()
    return training, time.process_time() - started


def tell(name: str, training: PredictionRun, test: HeldClips, seconds: float, steps: int) -> None:
    """Print the figures of both stages."""
    on_validation = training.held.figures(training.best, 1)
    assert on_validation is not None
    rival = on_validation.rival
    print(f"{name}: {seconds:.0f} CPU-s, serves {training.stage}, rival chosen on validation: {rival}")
    for stage, network in (("mse", training.best), ("adversarial", training.loop.ema.network)):
        for step in range(1, steps + 1):
            found = test.figures(network, step)
            assert found is not None
            others = "  ".join(f"{kind} {errors.mean():6.2f}" for kind, errors in found.others.items())
            print(
                f"  {stage:11s} step {step}: {found.ours.mean():6.2f} (n {len(found.ours)})  {others}  "
                f"over the rival {found.ours.mean() / found.others[rival].mean():.2f}  sharpness {found.sharpness:.2f}",
                flush=True,
            )


def overlaps(training: PredictionRun, test: HeldClips, steps: int) -> None:
    """Print the moved mask's overlap with the true one, beside the warped mask's and the unmoved one's."""
    ink: Pixels = np.where(test.images >= 60, 255, 0).astype(np.uint8)
    for step in range(1, steps + 1):
        later = test.clips.later(test.places, step)
        places, truth = test.places[later >= 0], ink[later[later >= 0]]
        past = stacked(test.images, test.clips.history(places, HISTORY))
        _, moved = roll_out(training.served, past, ink[places], np.full(len(places), step, dtype=np.int64))
        before = test.images[test.clips.before[places]]
        flows = [backward_flow(a, b, "farneback") for a, b in zip(before, test.images[places], strict=True)]
        flown = np.stack([warped(mask, flow, step, mask=True) for mask, flow in zip(ink[places], flows, strict=True)])
        assert moved is not None
        shares = {name: overlap(found, truth) for name, found in
                  (("moved", moved), ("flow_warp", flown), ("unmoved", ink[places]))}  # fmt: skip
        print(f"  mask, step {step}: " + "  ".join(f"{name} {share:.3f}" for name, share in shares.items()), flush=True)


def overlap(masks: Pixels, truth: Pixels) -> float:
    """Mean intersection over union."""
    both = ((masks > 0) & (truth > 0)).sum(axis=(1, 2, 3))
    return float((both / ((masks > 0) | (truth > 0)).sum(axis=(1, 2, 3))).mean())


def of_balls(config: NextFrameConfig, seed: int) -> None:
    """Bouncing balls."""
    counts = {"train": 150, "validation": 20, "test": 20}
    clips = {part: [balls(numpy_generator(seed, part, n), 20) for n in range(count)] for part, count in counts.items()}
    data = TrainingData(whole("train", clips["train"]), whole("validation", clips["validation"]))
    training, seconds = fitted(data, config, seed)
    tell(f"balls, seed {seed}", training, held(whole("validation", clips["test"])), seconds, STEPS)


def of_digits(config: NextFrameConfig, seed: int) -> None:
    """Moving digits."""
    train, validation = of_demo("train", labelled_clips()), of_demo("validation", labelled_clips())
    used = {one.number for one in (*labelled_clips(), *pooled_clips())}
    images = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)
    test = [moving(images[n], numpy_generator(seed, "test", n)) for n in range(len(images)) if n not in used]
    data = TrainingData(train, validation, of_demo("pool", pooled_clips()))
    training, seconds = fitted(data, config, seed)
    unseen = held(whole("validation", test))
    tell(f"digits, seed {seed}", training, unseen, seconds, 3)
    overlaps(training, unseen, 3)


def main() -> None:
    """Run one benchmark with every seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["balls", "digits"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings of the method")
    options = parser.parse_args()
    config = NextFrameConfig.model_validate({"history": HISTORY} | dict(pair.split("=") for pair in options.set))
    for seed in range(options.seeds):
        (of_balls if options.which == "balls" else of_digits)(config, seed)


if __name__ == "__main__":
    main()
