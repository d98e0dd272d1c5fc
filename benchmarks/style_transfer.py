"""Style transfer as published: does the style come, does the content stay, and what does an image cost?

    OMP_NUM_THREADS=1 python benchmarks/style_transfer.py
    OMP_NUM_THREADS=1 python benchmarks/style_transfer.py --seconds 32 64

Contents are digits on plain paper, styles digits on textures (`init --demo two_domains`, 16 px). Distances are read by
features that are nobody's aim as well as by those of the optimisation: style is the share of the source's own Gram
distance that is left, content is in units of another image's. With `--seconds` noise of these sides is timed instead.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples as Rows
from gan_augment.core.samples import TrainView, make_manifest
from gan_augment.data.sources.demo_domains import PLAIN, TEXTURED, Digits
from gan_augment.encoding.image import encode_images
from gan_augment.nn.texture_statistics import gram
from gan_augment.synthesis.translators.style_transfer.features import Features, empty_features, fit_features
from gan_augment.synthesis.translators.style_transfer.method import CHUNK, DEFAULT_STEPS, StyleTransferConfig
from gan_augment.synthesis.translators.style_transfer.transfer import (
    by_optimisation,
    by_statistics,
    content_units,
    distances_left,
)

STRENGTH = StyleTransferConfig().strength


def noise(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def own_features(digits: Digits, count: int = 200) -> Features:
    drawings = [digits.drawing(number, "", PLAIN) for number in range(600, 600 + count)]
    spec = DatasetSpec(
        name="digits",
        modality="image",
        classes=tuple(ClassRecord(key=f"c{label}", label=str(label)) for label in range(10)),
        image=ImageSpec(height=16, width=16, channels=3),
    )
    manifest = make_manifest(
        count,
        id=[str(one.number) for one in drawings],
        label=[one.label for one in drawings],
        split="train",
        origin="real",
    )
    train = TrainView(spec, Rows(manifest, np.stack([one.image.pixels for one in drawings])))
    return fit_features("own", train, steps=300, seed=0, device="cpu", shown=lambda _: None)


def proof() -> None:
    digits = Digits()
    images = [
        np.stack([digits.drawing(number, "", domain).image.pixels for number in range(first, first + CHUNK)])
        for first, domain in ((0, PLAIN), (100, TEXTURED))
    ]
    content, style = (torch.from_numpy(encode_images(one)) for one in images)
    spec = ImageSpec(height=16, width=16, channels=3)
    readers = {"random": empty_features("random", spec, 10, seed=0), "own": own_features(digits)}
    try:
        readers["extra"] = empty_features("extra", spec, 10, seed=0)
    except Exception as error:  # the extra is not installed
        print(f"without `extra`: {error}")
    readers["other random"] = empty_features("random", spec, 10, seed=1)
    units = {name: content_units(reader, content) for name, reader in readers.items()}
    print(f"style left, content distance, as read by {', '.join(readers)}; strength {STRENGTH}, {DEFAULT_STEPS} steps")
    for name in [name for name in readers if name != "other random"]:
        started = time.process_time()
        found = by_optimisation(
            content, style, noise(content.shape), readers[name], units[name], strength=STRENGTH, steps=DEFAULT_STEPS
        )
        tell(f"optimise, {name}", found, content, style, readers, units, time.process_time() - started)
    started = time.process_time()
    found = by_statistics(content, style, noise(content.shape), strength=STRENGTH)
    tell("statistics", found, content, style, readers, units, time.process_time() - started)
    for name in ("random", "own"):
        reader, some = readers[name], style[:4]
        start = 0.5 * noise(some.shape)
        found = by_optimisation(some, some, start, reader, units[name], strength=1.0, steps=400, start=start)
        apart = [
            float((torch.linalg.matrix_norm(gram(a) - gram(b)) / torch.linalg.matrix_norm(gram(b))).mean())
            for a, b in zip(reader(found), reader(some), strict=True)
        ]
        layers = ", ".join(f"{100 * one:.2f} %" for one in apart)
        print(f"white noise to a Gram matrix, {name}, 400 steps, layer by layer: {layers}", flush=True)


def tell(
    name: str,
    found: torch.Tensor,
    content: torch.Tensor,
    style: torch.Tensor,
    readers: dict[str, Features],
    units: dict[str, list[float]],
    seconds: float,
) -> None:
    figures = [distances_left(found, content, style, reader, units[by]) for by, reader in readers.items()]
    print(
        f"{name:<20}" + "".join(f"{left:8.3f} {moved:5.2f}" for left, moved in figures),
        f"{seconds / CHUNK:.4f} s/image",
        flush=True,
    )


def seconds(side: int) -> None:
    spec = ImageSpec(height=side, width=side, channels=3)
    content, style = noise((CHUNK, 3, side, side), 1).clamp(-1, 1), noise((CHUNK, 3, side, side), 2).clamp(-1, 1)
    for kind in ("random", "own"):
        reader = empty_features(kind, spec, 10, seed=0)
        units = content_units(reader, content)
        started = time.process_time()
        by_optimisation(content, style, noise(content.shape), reader, units, strength=STRENGTH, steps=DEFAULT_STEPS)
        print(f"{side} px, optimise, {kind}: {(time.process_time() - started) / CHUNK:.3f} s/image", flush=True)
    started = time.process_time()
    for _ in range(8):
        by_statistics(content, style, noise(content.shape), strength=STRENGTH)
    print(f"{side} px, statistics: {(time.process_time() - started) / CHUNK / 8:.5f} s/image", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, nargs="+", default=[], help="sides in px")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for side in options.seconds:
        seconds(side)
    if not options.seconds:
        proof()


if __name__ == "__main__":
    main()
