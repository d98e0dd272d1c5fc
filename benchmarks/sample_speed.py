"""How fast does a trained image GAN draw, against its bare generator, and does memory grow with the count?

    OMP_NUM_THREADS=2 python benchmarks/sample_speed.py --side 28 --counts 10000 100000 1000000

"Bare" is the generator's forward pass alone on the same fixed batches of noise, no pixels decoded, nothing seeded. The
sampler should reach 0.8 of it, at a peak of memory that does not grow with the count. Each count is drawn in a fresh
process, so that the peak is its own; the weights are untrained: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from train_speed import views

from gan_augment.compute.devices import resolve_device
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig, FittedConditional

BATCH = 256


@torch.inference_mode()
def bare_speed(fitted: FittedConditional, count: int, device: str) -> float:
    """Images a second of the forward pass alone."""
    labels = torch.zeros(BATCH, dtype=torch.int64, device=device)
    noise = torch.randn(BATCH, fitted.generator.latent, device=device)
    started = time.perf_counter()
    for _ in range(count // BATCH):
        fitted.generator(noise, labels)
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return (count // BATCH) * BATCH / (time.perf_counter() - started)


def draw(folder: Path, side: int, channels: int, count: int, device: str) -> None:
    """Load the model, draw, and print images a second, bare images a second and the peak of memory."""
    fitted = Conditional().load(folder, views(side, channels, rows=2)[0].spec, device=device)
    for _ in fitted.sample(SampleRequest(label=0, count=10 * BATCH, seed=0)):
        pass
    bare = [bare_speed(fitted, min(count, 20_000), device)]
    started = time.perf_counter()
    drawn = sum(len(batch.payload) for batch in fitted.sample(SampleRequest(label=0, count=count, seed=1)))
    speed = drawn / (time.perf_counter() - started)
    bare.append(bare_speed(fitted, min(count, 20_000), device))  # before and after: other work on the machine shows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    mean = sum(bare) / 2
    print(f"{side:>4} px{count:>10}{speed:>12.0f}{mean:>12.0f}{speed / mean:>8.2f}{peak:>10.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[8, 28])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)  # a fresh process draws from the model in here
    options = parser.parse_args()
    device = resolve_device(options.device)
    if options.draw:
        draw(options.draw, options.side[0], options.channels, options.counts[0], device)
        return
    print(f"device {device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print("side       count    images/s        bare   ratio      peak")
    for side in options.side:
        with tempfile.TemporaryDirectory() as folder:
            train, _ = views(side, options.channels, rows=2)
            config = ConditionalConfig(kimg=0.1, batch_size=16)
            Conditional().fit(train, config, seed=0, device=device).save(Path(folder))
            for count in options.counts:
                sizes = ["--side", str(side), "--channels", str(options.channels), "--counts", str(count)]
                command = [sys.executable, __file__, "--draw", folder, "--device", device, *sizes]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
