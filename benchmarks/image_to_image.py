"""Image to image as published: is it nearer to the truth than a copy, and what do the critic and its patches change?

    OMP_NUM_THREADS=1 python benchmarks/image_to_image.py --seeds 5
    OMP_NUM_THREADS=1 python benchmarks/image_to_image.py --seeds 5 --patches
    OMP_NUM_THREADS=1 python benchmarks/image_to_image.py --seeds 5 --masks

Pairs are those of `init --demo two_domains`: digits on plain paper (source), the same on textures (target), 16 px.
A seed draws 200 digits to learn from and 200 others that are translated. Beside L1, in levels of [0, 1]: "read" is the
share of the translated images in which a classifier of 400 other real target images reads the digit (the published
FCN-score in small), and "told apart" the share that a classifier of such images and of real ones tells right (50 %: not
at all). `--masks`: the digits on textures with their masks; the object is drawn in the moved mask.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from gan_augment.core.records import ArrayField
from gan_augment.core.samples import PoolView, Samples, TrainView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.sources.demo_domains import PLAIN, TEXTURED, Digits
from gan_augment.fidelity.distances import nearest
from gan_augment.fidelity.restoration import absolute_error
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.registry import resolve_method
from gan_augment.synthesis.translators.image_to_image.method import ImageToImage, ImageToImageConfig

from domain_shift import CLASSES, SPEC, rows  # isort: skip

LEARNT, TRANSLATED, JUDGED = 20, 20, 40  # a class
STEPS = 400  # of every judge
Images = npt.NDArray[np.uint8]


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float64)


def split_up(digits: Digits, seed: int) -> list[npt.NDArray[np.int64]]:
    """Numbers of the digits to learn from, to translate, and of the judge's: none is in two."""
    edges = np.cumsum([LEARNT, TRANSLATED, JUDGED])
    parts: list[list[npt.NDArray[np.int64]]] = [[], [], []]
    for label in range(10):
        own = numpy_generator("image to image", seed, label).permutation(np.flatnonzero(digits.target == label))
        for part, chosen in zip(parts, np.split(own[: edges[-1]], edges[:-1]), strict=True):
            part.append(chosen)
    return [np.concatenate(part) for part in parts]


def reader(images: Images, labels: npt.NDArray[np.int64], classes: int, seed: int) -> torch.nn.Module:
    return fit_classifier(
        pixels(images), torch.from_numpy(labels), classes, seed=seed, steps=STEPS, sampling="balanced", device="cpu"
    )


def told_apart(made: Images, real: Images, seed: int) -> float:
    """Of a half that the classifier has not seen, in per cent."""
    both, is_made = np.concatenate([made, real]), np.repeat([1, 0], [len(made), len(real)])
    half = numpy_generator("halves", seed).permutation(len(both)) % 2 == 0
    judge = reader(both[half], is_made[half].astype(np.int64), 2, seed)
    return 100 * float((predict_probabilities(judge, pixels(both[~half])).argmax(1) == is_made[~half]).mean())


def translated(digits: Digits, parts: list[npt.NDArray[np.int64]], seed: int, **settings: object) -> Images:
    """The images to translate as the method draws them, in their order."""
    pool = rows(digits, parts[0], TEXTURED, "pool")
    pool = replace(pool, companions={"pair": np.asarray(rows(digits, parts[0], PLAIN, "pool").payload)})
    train = TrainView(SPEC, rows(digits, parts[1], PLAIN, "train"))
    config = ImageToImageConfig.model_validate({"way": "paired", "shift": 0, "kimg": 20, **settings})
    model = ImageToImage().fit(TrainingData(train, pool=PoolView(SPEC, pool)), config, Run(seed))
    places = {name: place for place, name in enumerate(train.samples.manifest["id"])}
    found = np.empty_like(np.asarray(train.samples.payload))
    for index in range(len(CLASSES)):
        for batch in model.sample(SampleRequest(index=index, count=TRANSLATED, seed=seed)):
            found[[places[name] for name in batch.parents or ()]] = batch.payload
    return found


def from_pairs(digits: Digits, arms: dict[str, dict[str, object]], seeds: range) -> None:
    figures: dict[str, list[tuple[float, ...]]] = {}
    for seed in seeds:
        parts = split_up(digits, seed)
        source, truth = (np.asarray(rows(digits, parts[1], domain, "train").payload) for domain in (PLAIN, TEXTURED))
        known, targets = (np.asarray(rows(digits, parts[0], domain, "train").payload) for domain in (PLAIN, TEXTURED))
        real = rows(digits, parts[2], TEXTURED, "train")
        judge = reader(np.asarray(real.payload), real.label_indices(SPEC), len(CLASSES), seed)
        labels = rows(digits, parts[1], PLAIN, "train").label_indices(SPEC)
        fixed = {"copy": source, "nearest pair": targets[nearest(flat(source), flat(known))[1]], "the truth": truth}
        for name in (*fixed, *arms):
            started = time.process_time()
            made = fixed[name] if name in fixed else translated(digits, parts, seed, **arms[name])
            spent = time.process_time() - started
            read = 100 * float((predict_probabilities(judge, pixels(made)).argmax(1) == labels).mean())
            apart = told_apart(made, np.asarray(real.payload)[::2], seed)
            row = (float(absolute_error(made, truth).mean()), read, apart)
            figures.setdefault(name, []).append(row)
            said = f"L1 {row[0]:.4f}  read {read:5.1f} %  told apart {apart:5.1f} %  {spent:.0f} CPU-s"
            print(f"seed {seed}  {name:<16}{said}", flush=True)
    for name, found in figures.items():
        mean = np.mean(found, axis=0)
        print(f"mean of {len(found)}  {name:<16}L1 {mean[0]:.4f}  read {mean[1]:5.1f} %  told apart {mean[2]:5.1f} %")


def in_masks(digits: Digits, seeds: range) -> None:
    """Of images with a moved object: is the digit read, and are they told apart from real ones? Against copy_paste."""
    spec = SPEC.model_copy(update={"companions": {"mask": ArrayField(shape=(16, 16, 1))}})
    for seed in seeds:
        parts = split_up(digits, seed)
        own, real = (rows(digits, parts[place], TEXTURED, "train") for place in (0, 2))
        plain = np.asarray(rows(digits, parts[0], PLAIN, "train").payload).astype(float).mean(axis=3, keepdims=True)
        paper = plain.max(axis=(1, 2, 3), keepdims=True)
        masks = (plain < (paper + plain.min(axis=(1, 2, 3), keepdims=True)) / 2).astype(np.uint8)
        train = TrainView(spec, replace(own, companions={"mask": masks}))
        judge = reader(np.asarray(real.payload), real.label_indices(SPEC), len(CLASSES), seed)
        for name, settings in (("image_to_image", {"masks": "moved", "kimg": 20}), ("copy_paste", {})):
            method = resolve_method(name)
            model = method.fit(TrainingData(train), method.Config.model_validate(settings), Run(seed))
            found = []
            for index, label in enumerate(CLASSES):
                for batch in model.sample(SampleRequest(index=index, count=TRANSLATED, seed=seed)):
                    manifest = make_manifest(len(batch.payload), label=label, split="train", origin="synthetic")
                    found.append(Samples(manifest, np.asarray(batch.payload)))
            made = Samples.concat(found)
            images = np.asarray(made.payload)
            right = predict_probabilities(judge, pixels(images)).argmax(1) == made.label_indices(SPEC)
            apart = told_apart(images, np.asarray(real.payload)[::2], seed)
            print(f"seed {seed}  {name:<16}read {100 * right.mean():5.1f} %  told apart {apart:5.1f} %", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--patches", action="store_true", help="patches of 1, 16, 34 px, and whole")
    parser.add_argument("--masks", action="store_true", help="the object in a moved mask, against copy_paste")
    options = parser.parse_args()
    torch.set_num_threads(1)
    digits, seeds = Digits(), range(options.first_seed, options.first_seed + options.seeds)
    if options.masks:
        in_masks(digits, seeds)
    elif options.patches:
        from_pairs(digits, {f"patch {side}": {"patch": side} for side in (1, 16, 34, "whole")}, seeds)
    else:
        weights = {"L1 alone": 0, "L1 + critic .1": 0.1, "L1 + critic .2": 0.2, "L1 + critic .4": 0.4}
        from_pairs(digits, {name: {"adversarial_weight": weight} for name, weight in weights.items()}, seeds)


if __name__ == "__main__":
    main()
