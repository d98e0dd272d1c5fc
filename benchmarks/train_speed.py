"""How fast does the image GAN train, and how much of the time is not spent on its networks?

    OMP_NUM_THREADS=2 python benchmarks/train_speed.py --side 28 --architecture mlp conv

Images are random: speed does not depend on what they show. "Networks" is forward, backward, optimiser, and the
augmentation in front of the discriminator; "outside" is all else in `fit`: drawing batches, EMA, ticks, the checks on
validation, checkpoints. At 28 px and above it should be at most 10 %.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_augment.compute.devices import resolve_device
from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig
from gan_augment.synthesis.kit.adversarial import AdversarialRun
from gan_augment.training.loop import Phase


def views(side: int, channels: int, classes: int = 10, rows: int = 100) -> tuple[TrainView, ValidationView]:
    random = np.random.default_rng(0)
    image = ImageSpec(height=side, width=side, channels=channels)
    names = [str(number) for number in range(classes)]
    records = tuple(ClassRecord(key=f"c{name}", label=name) for name in names)
    spec = DatasetSpec(name="speed", modality="image", classes=records, image=image)

    def samples(split: str, per_class: int) -> Samples:
        pixels = random.integers(0, 256, (classes * per_class, side, side, channels), dtype=np.uint8)
        ids = [f"{split}-{number}" for number in range(len(pixels))]
        labels = [name for name in names for _ in range(per_class)]
        return Samples(make_manifest(len(ids), id=ids, label=labels, split=split, origin="real"), pixels)

    return TrainView(spec, samples("train", rows)), ValidationView(spec, samples("validation", 40))


class Clock:
    """Adds up the seconds spent in functions that it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wrap(self, function: Callable[..., Any], device: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            result = function(*arguments, **named)
            if device.startswith("cuda"):
                torch.cuda.synchronize()
            self.seconds += time.perf_counter() - started
            return result

        return timed


def measure(side: int, channels: int, architecture: str, kimg: float, device: str) -> None:
    train, validation = views(side, channels)
    config = ConditionalConfig.model_validate({"kimg": kimg, "architecture": architecture, "patience": 1000})
    step, batch = Phase.step, AdversarialRun._batch  # noqa: SLF001
    steps, batches = Clock(), Clock()
    Phase.step = steps.wrap(step, device)
    AdversarialRun._batch = batches.wrap(batch, device)  # noqa: SLF001
    try:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            fitted = Conditional().fit(
                train, config, seed=0, device=device, validation=validation, checkpoint=Path(folder) / "checkpoint"
            )
            total = time.perf_counter() - started
    finally:
        Phase.step, AdversarialRun._batch = step, batch  # noqa: SLF001
    networks = steps.seconds - batches.seconds  # batches are drawn inside a phase's step
    seen = fitted.summary["images_seen"]
    print(
        f"{side:>4} px x {channels}  {architecture:<9}{seen / total:>9.0f} images/s"
        f"{1e3 * total / (seen / 64):>9.1f} ms a step"
        f"{100 * (total - networks) / total:>8.1f} % outside ({100 * batches.seconds / total:.1f} % drawing batches)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[8, 28, 32])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--architecture", nargs="+", default=["auto"])
    parser.add_argument("--kimg", type=float, default=30)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = resolve_device(options.device)
    print(f"device {device}, {torch.get_num_threads()} threads, torch {torch.__version__}, {options.kimg:g} kimg")
    for side in options.side:
        for architecture in options.architecture:
            measure(side, options.channels, architecture, options.kimg, device)


if __name__ == "__main__":
    main()
