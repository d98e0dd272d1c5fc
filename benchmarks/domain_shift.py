"""Train on one domain with 20 images a class, test on another one and on the own: what do restyled rows bring?

    OMP_NUM_THREADS=1 python benchmarks/domain_shift.py --splits 5

The two domains are those of `init --demo two_domains`: digits on plain paper (A, labelled), digits on textures out of
two photographs (B, unlabelled but for the test). A split is a seed: which digits are train, test and pool, and every
draw after it. Every arm but `real` trains with classical augmentation, all with equal steps of the product's small
network; `--samples` rows a class are added to the 20 real ones:

    real                real rows, no augmentation
    classical           real rows, classical augmentation
    fda                 low frequencies of pool images
    histogram_match     levels of pool images
    random_convolution  random filters; no pool
    style               `style_transfer` as it comes (optimisation, random features), styles from the pool
    style statistics    the same in closed form
    style generated     styles made of noise; no pool
    style own           features of a network of the train rows
    image               `image_to_image` as it comes, from the pool without pairs
    image as is         the same, without the levels of pool images to start from
    image pairs         `image_to_image` from the pairs of 20 pool images a class, which are in no other part
    label the pairs     these pool images with labels, beside the train rows: what their owner could do instead
    self-training       a network of the train rows labels the pool; rows of which it is surer than in nine of ten cases
    labelled B          20 rows a class of B instead of A: the ceiling
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gan_augment.core.records import ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import PoolView, Samples, TrainView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.sources.demo_domains import PLAIN, SIDE, TEXTURED, Digits
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.classifiers import make_classifier
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import resolve_method

CLASSES = tuple(str(digit) for digit in range(10))
SPEC = DatasetSpec(
    name="two_domains",
    modality="image",
    classes=tuple(ClassRecord(key=f"c{label}", label=label) for label in CLASSES),
    image=ImageSpec(height=SIDE, width=SIDE, channels=3),
)
TRAIN, TEST_A, TEST_B, POOL = 20, 40, 60, 50  # a class
METHODS = {
    "fda": ("fda", {}, True),
    "histogram_match": ("histogram_match", {}, True),
    "random_convolution": ("random_convolution", {}, False),
    "style": ("style_transfer", {}, True),
    "style statistics": ("style_transfer", {"way": "statistics"}, True),
    "style generated": ("style_transfer", {}, False),
    "style own": ("style_transfer", {"features": "own"}, True),
    "image": ("image_to_image", {"way": "unpaired"}, True),
    "image as is": ("image_to_image", {"way": "unpaired", "start": "as_is"}, True),
    "image pairs": ("image_to_image", {"way": "paired"}, True),
}
ARMS = ("real", "classical", *METHODS, "label the pairs", "self-training", "labelled B")
PAIRED = 20  # pool rows a class with a pair
SURE = 0.9


def rows(digits: Digits, numbers: npt.NDArray[np.int64], domain: str, split: str) -> Samples:
    drawings = [digits.drawing(int(number), "", domain) for number in numbers]
    manifest = make_manifest(
        len(drawings),
        id=[f"{domain}-{one.number}" for one in drawings],
        label=None if split == "pool" else [one.label for one in drawings],
        split=split,
        origin="real",
    )
    return Samples(manifest, np.stack([one.image.pixels for one in drawings]))


def split_up(digits: Digits, seed: int) -> dict[str, Samples]:
    """Train rows and test rows of A, test rows of B, the pool and labelled rows of B: no digit in two of them."""
    edges = np.cumsum([TRAIN, TEST_A, TEST_B, POOL])
    parts: list[list[npt.NDArray[np.int64]]] = [[], [], [], []]
    for label in range(10):
        own = numpy_generator("domain shift", seed, label).permutation(np.flatnonzero(digits.target == label))
        for part, chosen in zip(parts, np.split(own[: edges[-1]], edges[:-1]), strict=True):
            part.append(chosen)
    train, test_a, test_b, pool = map(np.concatenate, parts)
    return {
        "train": rows(digits, train, PLAIN, "train"),
        "A": rows(digits, test_a, PLAIN, "train"),
        "B": rows(digits, test_b, TEXTURED, "train"),
        "pool": rows(digits, pool, TEXTURED, "pool"),
        "labelled B": rows(digits, train, TEXTURED, "train"),
        "pairs": pairs(digits, pool),
    }


def pairs(digits: Digits, pool: npt.NDArray[np.int64]) -> Samples:
    """The first pool rows of each class, with the same digit on plain paper beside them."""
    chosen = np.concatenate([own[:PAIRED] for own in np.split(pool, len(CLASSES))])
    plain = np.asarray(rows(digits, chosen, PLAIN, "pool").payload)
    return replace(rows(digits, chosen, TEXTURED, "pool"), companions={"pair": plain})


def made(arm: str, parts: dict[str, Samples], samples: int, seed: int) -> Samples:
    """The train rows, and as many of each class that the method of the arm draws."""
    name, settings, pooled = METHODS[arm]
    method, train = resolve_method(name), TrainView(SPEC, parts["train"])
    pool = parts["pairs" if settings.get("way") == "paired" else "pool"]
    data = TrainingData(train, pool=PoolView(SPEC, pool) if pooled else None)
    fitted = method.fit(data, method.Config(**settings), Run(seed))
    found = [parts["train"]]
    for index, label in enumerate(CLASSES):
        for batch in fitted.sample(SampleRequest(index=index, count=samples, seed=seed)):
            manifest = make_manifest(len(batch.payload), label=label, split="train", origin="synthetic")
            found.append(Samples(manifest, np.asarray(batch.payload)))
    return Samples.concat(found)


def labelled_pairs(digits: Digits, parts: dict[str, Samples]) -> Samples:
    """The train rows, and the pool rows that have a pair with their true labels."""
    numbers = [int(name.rpartition("-")[2]) for name in parts["pairs"].manifest["id"]]
    return Samples.concat([parts["train"], rows(digits, np.array(numbers), TEXTURED, "train")])


def self_labelled(parts: dict[str, Samples], steps: int, seed: int) -> Samples:
    """The train rows, and the pool rows with the labels that a network of the train rows is sure of."""
    found = make_classifier(CnnConfig(steps=steps), ClassicalConfig(), train_rows=len(parts["train"]), seed=seed)
    (fitted,) = found.fit(parts["train"], SPEC, Treatment(classical=True, balanced=False), [seed])
    pool = np.asarray(parts["pool"].payload)
    read = np.asarray(fitted.predict_probabilities(pool))
    sure = np.flatnonzero(read.max(axis=1) > SURE)
    labels = [CLASSES[place] for place in read[sure].argmax(axis=1)]
    manifest = make_manifest(len(sure), label=labels, split="train", origin="synthetic")
    return Samples.concat([parts["train"], Samples(manifest, pool[sure])])


def rows_of(arm: str, digits: Digits, parts: dict[str, Samples], options: argparse.Namespace, seed: int) -> Samples:
    """What the classifier of an arm trains on."""
    if arm in METHODS:
        return made(arm, parts, options.samples, seed)
    if arm == "label the pairs":
        return labelled_pairs(digits, parts)
    if arm == "self-training":
        return self_labelled(parts, options.steps, seed)
    return parts.get(arm, parts["train"])


def accuracies(arm: str, train: Samples, parts: dict[str, Samples], steps: int, seed: int) -> tuple[float, float]:
    """Of the test rows of B and of A, in per cent."""
    found = make_classifier(CnnConfig(steps=steps), ClassicalConfig(), train_rows=len(parts["train"]), seed=seed)
    (fitted,) = found.fit(train, SPEC, Treatment(classical=arm != "real", balanced=False), [seed])
    scores = []
    for part in ("B", "A"):
        asked = parts[part]
        answers = np.asarray(fitted.predict_probabilities(np.asarray(asked.payload))).argmax(1)
        scores.append(100 * float((answers == asked.label_indices(SPEC)).mean()))
    return scores[0], scores[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--first-split", type=int, default=0)
    parser.add_argument("--samples", type=int, default=64, help="added rows a class")
    parser.add_argument("--steps", type=int, default=400, help="of every classifier")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    options = parser.parse_args()
    digits, found = Digits(), dict[str, list[tuple[float, float]]]()
    print(f"accuracy in %: B (A); {TRAIN} train rows a class, {options.samples} added, {options.steps} steps")
    for split in range(options.first_split, options.first_split + options.splits):
        parts = split_up(digits, split)
        for arm in options.arms:
            started = time.process_time()
            train = rows_of(arm, digits, parts, options, split)
            drawn = time.process_time() - started
            found.setdefault(arm, []).append(accuracies(arm, train, parts, options.steps, split))
            on_b, on_a = found[arm][-1]
            spent = time.process_time() - started
            print(
                f"split {split}  {arm:<20}{on_b:6.1f} ({on_a:.1f})   {drawn:5.1f} + {spent - drawn:.1f} CPU-s",
                flush=True,
            )
    for arm, pairs in found.items():
        means = np.mean(pairs, axis=0)
        print(f"mean of {len(pairs)}  {arm:<20}{means[0]:6.1f} ({means[1]:.1f})")


if __name__ == "__main__":
    main()
