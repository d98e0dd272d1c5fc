"""What memory layout, compilation and threads do to one training step of the image networks.

    python benchmarks/network_speed.py --side 28 32 --architecture mlp conv --threads 1 2

A step is the discriminator's loss and gradients, with or without the R1 and R2 penalties, and then the generator's.
Compilation (`--compile`, needs a C++ compiler) is `torch.compile` of the generator alone: compiled graphs cannot be
differentiated twice, which the penalties need.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_augment.core.records import ImageSpec
from gan_augment.nn.image_networks import Architecture, Discriminator, Generator, build_discriminator, build_generator
from gan_augment.nn.objectives import (
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    zero_centred_penalty,
)

BATCH = 64
WIDTHS: dict[Architecture, int] = {"mlp": 512, "conv": 16, "residual": 32}


def networks(architecture: Architecture, side: int, channels: int) -> tuple[Generator, Discriminator]:
    image = ImageSpec.model_validate({"height": side, "width": side, "channels": channels})
    width = WIDTHS[architecture]
    torch.manual_seed(0)
    generator = build_generator(image, classes=10, architecture=architecture, width=width, latent=32, embedding=32)
    return generator, build_discriminator(image, classes=10, architecture=architecture, width=width)


def step(
    generator: Callable[..., Tensor], parts: tuple[Generator, Discriminator], reals: Tensor, penalty: bool
) -> None:
    plain, discriminator = parts
    labels = torch.arange(BATCH) % 10
    noise = torch.randn(BATCH, 32)
    with torch.no_grad():
        fakes = generator(noise, labels)
    both = torch.cat([reals, fakes]).requires_grad_(penalty)
    logits = discriminator(both, torch.cat([labels, labels]))
    loss = relativistic_discriminator_loss(*logits.chunk(2))
    if penalty:
        loss = loss + zero_centred_penalty(logits, both)
    torch.autograd.grad(loss, list(discriminator.parameters()))
    with torch.no_grad():
        real_logits = discriminator(reals, labels)
    loss = relativistic_generator_loss(real_logits, discriminator(generator(noise, labels), labels))
    torch.autograd.grad(loss, list(plain.parameters()))


def milliseconds(run: Callable[[], None], repeats: int) -> float:
    """The median, after a warm-up."""
    run()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - started))
    return statistics.median(times)


def measure(side: int, channels: int, architecture: Architecture, repeats: int, compiled: bool) -> None:
    line = f"{side:>4} px x {channels} {architecture:<9}"
    for layout in ("contiguous", "channels_last", "compiled"):
        if (layout == "channels_last" and architecture == "mlp") or (layout == "compiled" and not compiled):
            line += f"{'-':>11}{'-':>11}"
            continue
        parts = networks(architecture, side, channels)
        reals = torch.rand(BATCH, channels, side, side) * 2 - 1
        if layout == "contiguous":  # the networks are built channels_last
            for part in parts:
                nn.Module.to(part, memory_format=torch.contiguous_format)
        generator = torch.compile(parts[0]) if layout == "compiled" else parts[0]
        for penalty in (False, True):
            spent = milliseconds(
                lambda generator=generator, parts=parts, reals=reals, penalty=penalty: step(
                    generator, parts, reals, penalty
                ),
                repeats,
            )
            line += f"{spent:>11.1f}"
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[28, 32])
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--architecture", nargs="+", default=["mlp", "conv"], choices=tuple(WIDTHS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    for threads in options.threads:
        torch.set_num_threads(threads)
        print(f"{threads} thread(s); milliseconds a step of {BATCH}, without and with penalties")
        print(f"{'':<21}{'contiguous':>22}{'channels_last':>22}{'G compiled':>22}")
        for side in options.side:
            for architecture in options.architecture:
                measure(side, options.channels, architecture, options.repeats, options.compile)


if __name__ == "__main__":
    main()
