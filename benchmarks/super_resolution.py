"""Super-resolution of emoji, 16 -> 64 px by default, on code points that the network never saw.

    npm pack emoji-datasource-google@16.0.0 && tar xzf emoji-datasource-google-16.0.0.tgz
    OMP_NUM_THREADS=1 python benchmarks/super_resolution.py package/img/google/64 --seeds 5

The folder holds 64 px RGBA pictures named by code points (1f44b-1f3fb.png); they are put on white. Skin tones and other
variants of one base code point never part over train, validation and test (70, 10, 20 %). Low-resolution inputs are
Pillow's antialiased bicubic reduction, and so are the baselines' enlargements Pillow's. PSNR and SSIM are means over
the test images; sharpness is gradient energy over the truth's. CPU-seconds are training's, all threads together.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.image import encode_images
from gan_augment.fidelity.restoration import psnr, sharpness_ratio
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.translators.super_resolution.method import SuperResolutionConfig, prepare_run
from gan_augment.synthesis.translators.super_resolution.restoration import enlarge

BASELINES = {
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
REGIONAL = {f"{point:x}" for point in range(0x1F1E6, 0x1F200)}  # pairs of these letters are flags


def read_images(folder: Path) -> tuple[np.ndarray, list[str]]:
    """uint8 [n, h, w, 3] on white, and each picture's base: its first code point; of flags, all."""
    images, bases = [], []
    for path in sorted(folder.glob("*.png")):
        picture = Image.open(path).convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        images.append(np.asarray(Image.alpha_composite(white, picture).convert("RGB")))
        points = path.stem.split("-")
        bases.append("-".join(points) if points[0] in REGIONAL else points[0])
    return np.stack(images), bases


def part_of(base: str) -> str:
    share = derive_seed("emoji", base) % 100
    return "train" if share < 70 else "validation" if share < 80 else "test"


def view(kind: Any, images: np.ndarray, split: str) -> Any:
    height, width, channels = images.shape[1:]
    spec = DatasetSpec(
        name="emoji",
        modality="image",
        classes=(ClassRecord(key="emoji", label="emoji"), ClassRecord(key="none", label="none")),
        image=ImageSpec(height=height, width=width, channels=channels),
    )
    ids = [f"{split}-{number}" for number in range(len(images))]
    manifest = make_manifest(len(images), id=ids, label="emoji", split=split, origin="real")
    return kind(spec, Samples(manifest, images))


def resized(images: np.ndarray, side: int, how: Image.Resampling) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side), how)) for image in images])


def line(name: str, images: np.ndarray, truth: np.ndarray, seconds: float | None = None) -> float:
    decibel = float(psnr(images, truth).mean())
    ssim = np.mean([structural_similarity(a, b, channel_axis=2) for a, b in zip(images, truth, strict=True)])
    time_spent = "" if seconds is None else f"{seconds:.0f}"
    print(f"| {name} | {time_spent} | {decibel:.2f} | {ssim:.3f} | {sharpness_ratio(images, truth):.3f} |", flush=True)
    return decibel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of super_resolution")
    options = parser.parse_args()
    settings = {"factor": 4} | dict(item.split("=", 1) for item in options.set)
    settings["factor"] = int(settings["factor"])
    config = SuperResolutionConfig.model_validate(settings)
    images, bases = read_images(options.folder)
    parts = {name: images[[part_of(base) == name for base in bases]] for name in ("train", "validation", "test")}
    truth = parts["test"]
    side = truth.shape[1]
    low = resized(truth, side // config.factor, Image.Resampling.BICUBIC)
    print(
        ", ".join(f"{len(part)} {name}" for name, part in parts.items()), f"images; {torch.get_num_threads()} threads"
    )
    print("| images | CPU-s | PSNR | SSIM | sharpness |\n|---|---|---|---|---|")
    best = max(line(name, resized(low, side, how), truth) for name, how in BASELINES.items())
    gains = []
    train, validation = (
        view(TrainView, parts["train"], "train"),
        view(ValidationView, parts["validation"], "validation"),
    )
    inputs = torch.from_numpy(encode_images(low))
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        spent: list[float] = []
        boundary, started = config.run_settings().first_images / 1000, time.process_time()
        clock = lambda tick: spent.append(time.process_time() - started) if tick.done <= boundary else None  # noqa: B023, E731
        run = prepare_run(TrainingData(train, validation), config, Run(seed, progress=clock))
        run.train()
        seconds = time.process_time() - started
        gains.append(line(f"L1, seed {seed}", enlarge(run.best, inputs), truth, spent[-1]) - best)
        if config.adversarial_kimg:
            name = f"L1 + adversarial, seed {seed} (served: {run.stage})"
            line(name, enlarge(run.loop.ema.network, inputs), truth, seconds)
    print(f"L1 stage over the best interpolation: mean {np.mean(gains):+.2f} dB, worst {min(gains):+.2f} dB")


if __name__ == "__main__":
    main()
