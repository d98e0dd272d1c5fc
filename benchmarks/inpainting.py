"""What does a learnt fill score in holes, and does removing a sticker remove the shortcut?

    OMP_NUM_THREADS=1 python benchmarks/inpainting.py holes digits
    OMP_NUM_THREADS=1 python benchmarks/inpainting.py holes photographs
    OMP_NUM_THREADS=1 python benchmarks/inpainting.py shortcut --splits 5

`holes`: fixed random masks of unseen images; L1 and L2 in the holes in %, PSNR in dB, CPU-seconds. Rivals: Telea and
Navier-Stokes (OpenCV, radius 3), the mean colour of what is seen, and the train image nearest in what is seen. `digits`
are those of `init --demo stickers` without stickers, 16 px; `photographs` are parts of scikit-learn's two, 32 px: the
left 60 % are learnt from, the right 30 % are the test.

`shortcut`: the data of `init --demo stickers`, dealt out anew for each split. Accuracy over the test rows, in each of
the four groups (class with the shortcut or not, sticker or none) and in the worst one. Every arm trains the product's
small network with equal steps, classes balanced; all but `as is` with classical augmentation:

    as is               real rows, no augmentation
    classical           real rows
    erase               and --added rows a class with a random box erased
    sticker on all      and 57 rows of each other class with a sticker of the shortcut's class pasted
    telea               and --added rows of the shortcut's class with Telea's rule at the sticker
    inpainting          and as many by `inpainting`
    telea instead       every sticker painted over by Telea's rule, in place of its row
    inpainting instead  the same by `inpainting`
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_sample_image

from gan_augment.core.records import ArrayField, ClassRecord, DatasetSpec, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.data.sources.demo_stickers import CLASSES, SIDE, STICKERED, Stickered, stickered_digits
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.classifiers import make_classifier
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.fidelity.restoration import hole_errors
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.kit.masks import painted_over, random_part
from gan_augment.synthesis.registry import resolve_method
from gan_augment.synthesis.translators.inpainting.method import Inpainting, InpaintingConfig

Pixels = npt.NDArray[np.uint8]
LABELS = tuple(map(str, CLASSES))
ARMS = ("as is", "classical", "erase", "sticker on all", "telea", "inpainting", "telea instead", "inpainting instead")


def spec_of(side: int, labels: tuple[str, ...], *, masks: bool) -> DatasetSpec:
    return DatasetSpec(
        name="benchmark",
        modality="image",
        classes=tuple(ClassRecord(key=f"c{label}", label=label) for label in labels),
        image=ImageSpec(height=side, width=side, channels=3),
        companions={"mask": ArrayField(shape=(side, side, 1))} if masks else {},
    )


def samples_of(images: Pixels, labels: Any, split: str, masks: Pixels | None = None) -> Samples:
    ids = [f"{split}-{number}" for number in range(len(images))]
    manifest = make_manifest(len(images), id=ids, label=labels, split=split, origin="real")
    return Samples(manifest, images, {} if masks is None else {"mask": masks})


# ---- holes


def digits() -> tuple[Pixels, Pixels, Pixels]:
    plain = [row for row in stickered_digits() if not row.sticker]
    images = np.stack([row.image.pixels for row in plain])
    order = numpy_generator("holes").permutation(len(images))
    return images[order[:260]], images[order[260:320]], images[order[320:]]


def photographs() -> tuple[Pixels, Pixels, Pixels]:
    """Parts of 64 px at half their size; what is learnt from and the test never overlap."""
    random, parts = numpy_generator("photographs"), list[Pixels]()
    for low, high, count in ((0.0, 0.6, 1200), (0.6, 0.7, 100), (0.7, 1.0, 300)):
        found = []
        for number in range(count):
            photo = load_sample_image(("china.jpg", "flower.jpg")[number % 2])
            left = int(random.integers(int(low * photo.shape[1]), int(high * photo.shape[1]) - 64 + 1))
            top = int(random.integers(0, photo.shape[0] - 64 + 1))
            part = photo[top : top + 64, left : left + 64].reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
            found.append(np.rint(part).astype(np.uint8))
        parts.append(np.stack(found))
    return parts[0], parts[1], parts[2]


def mean_colour(images: Pixels, holes: npt.NDArray[np.bool_]) -> Pixels:
    seen = (~holes)[..., None]
    means = (images * seen).sum(axis=(1, 2)) / seen.sum(axis=(1, 2))
    return np.where(seen, images, np.rint(means)[:, None, None]).astype(np.uint8)


def nearest(train: Pixels, images: Pixels, holes: npt.NDArray[np.bool_]) -> Pixels:
    filled = images.copy()
    for image, hole in zip(filled, holes, strict=True):
        apart = np.square(train[:, ~hole].astype(np.float32) - image[~hole]).sum(axis=(1, 2))
        image[hole] = train[int(apart.argmin())][hole]
    return filled


def holes(options: argparse.Namespace) -> None:
    train, held, test = digits() if options.data == "digits" else photographs()
    side = train.shape[1]
    spec, one = spec_of(side, ("a", "b"), masks=False), ["a"]
    masks = np.stack([random_part(side, side, numpy_generator("fixed hole", number)) for number in range(len(test))])
    config = InpaintingConfig(use="refill", first_kimg=options.first_kimg, adversarial_kimg=options.adversarial_kimg)
    data = TrainingData(
        TrainView(spec, samples_of(train, one * len(train), "train")),
        ValidationView(spec, samples_of(held, one * len(held), "validation")),
    )
    started = time.process_time()
    model = Inpainting().fit(data, config, Run(options.seed))
    print(f"{options.data}: {len(train)} train, {len(test)} test images of {side} px; training "
          f"{time.process_time() - started:.0f} CPU-s; {model.summary}")  # fmt: skip
    by_rule: dict[str, Callable[[], Pixels]] = {
        "inpainting": lambda: model.paint(test, masks),
        "telea": lambda: np.stack([painted_over(a, b) for a, b in zip(test, masks, strict=True)]),
        "navier_stokes": lambda: np.stack(
            [painted_over(a, b, "navier_stokes") for a, b in zip(test, masks, strict=True)]
        ),
        "mean colour": lambda: mean_colour(test, masks),
        "nearest": lambda: nearest(train, test, masks),
    }
    for name, fill in by_rule.items():
        started = time.process_time()
        painted = fill()
        spent = time.process_time() - started
        l1, l2 = (float(each.mean()) for each in hole_errors(painted, test, masks))
        print(f"{name:<16} L1 {l1:6.2f} %  L2 {l2:6.2f} %  PSNR {10 * np.log10(100 / l2):6.2f} dB  {spent:6.2f} CPU-s")


# ---- shortcut


def parts_of(split: int) -> dict[str, tuple[Stickered, ...]]:
    rows = tuple(stickered_digits(split))
    return {part: tuple(row for row in rows if row.part == part) for part in ("train", "validation", "test")}


def as_samples(rows: tuple[Stickered, ...], split: str) -> Samples:
    images, masks = (np.stack([getattr(row, name).pixels for row in rows]) for name in ("image", "mask"))
    return samples_of(images, [row.label for row in rows], split, masks[..., None])


def more(images: Pixels, label: str) -> Samples:
    return Samples(make_manifest(len(images), label=label, split="train", origin="synthetic"), images)


def drawn(fitted: Any, index: int, count: int, seed: int) -> Pixels:
    batches = list(fitted.sample(SampleRequest(index=index, count=count, seed=seed)))
    return np.concatenate([np.asarray(batch.payload) for batch in batches])


def pasted(train: Samples, label: str, seed: int) -> Pixels:
    """Rows of a class, each with a sticker of a row of the shortcut's class where that has it."""
    random, masks = numpy_generator("paste", seed, label), np.asarray(train.companions["mask"])
    labels, images = train.manifest["label"].to_numpy(), np.asarray(train.payload)
    donors = random.permutation(np.flatnonzero((labels == str(STICKERED)) & masks.any(axis=(1, 2, 3))))
    own = random.permutation(np.flatnonzero(labels == label))[: len(donors)]
    found: Pixels = np.where(masks[donors] > 0, images[donors], images[own])
    return found


def arm_rows(
    arm: str, parts: dict[str, Samples], spec: DatasetSpec, models: dict[str, Any], options: Any, seed: int
) -> Samples:
    train, plain = parts["train"], parts["train"].with_roles(())
    stickered = LABELS.index(str(STICKERED))
    if arm in ("as is", "classical"):
        return plain
    if arm == "erase":
        fitted = resolve_method("erase").fit(
            TrainingData(TrainView(spec, train)), resolve_method("erase").Config(), Run(seed)
        )
        return Samples.concat(
            [plain, *(more(drawn(fitted, n, options.added, seed), label) for n, label in enumerate(LABELS))]
        )
    if arm == "sticker on all":
        others = [label for label in LABELS if label != str(STICKERED)]
        return Samples.concat([plain, *(more(pasted(train, label, seed), label) for label in others)])
    fitted = models[arm.removesuffix(" instead")]
    if not arm.endswith("instead"):
        return Samples.concat([plain, more(drawn(fitted, stickered, options.added, seed), str(STICKERED))])
    images, found = np.asarray(train.payload).copy(), fitted.holes
    for index in range(len(LABELS)):
        for number in range(len(found.rows[index])):
            hole = found.draw(index, seed, number)
            images[hole.places[0]] = (
                fitted.paint(hole.image[None], hole.hole[None])[0]
                if arm.startswith("inpainting")
                else painted_over(hole.image, hole.hole)
            )
    return Samples(plain.manifest, images)


def accuracies(arm: str, rows: Samples, test: tuple[Stickered, ...], spec: DatasetSpec, options: Any, seed: int) -> Any:
    """Accuracy in % over all test rows, and by group."""
    found = make_classifier(CnnConfig(steps=options.steps), ClassicalConfig(), train_rows=len(rows), seed=seed)
    (fitted,) = found.fit(rows, spec, Treatment(classical=arm != "as is", balanced=True), [seed])
    answers = np.asarray(fitted.predict_probabilities(np.stack([row.image.pixels for row in test]))).argmax(1)
    right = np.array([LABELS[answer] == row.label for answer, row in zip(answers, test, strict=True)])
    groups = np.array([row.group for row in test])
    return 100 * right.mean(), {name: 100 * right[groups == name].mean() for name in np.unique(groups)}


def shortcut(options: argparse.Namespace) -> None:
    spec, worst, overall = spec_of(SIDE, LABELS, masks=True), dict[str, list[float]](), dict[str, list[float]]()
    for split in range(options.first_split, options.first_split + options.splits):
        rows = parts_of(split)
        parts = {part: as_samples(rows[part], part) for part in ("train", "validation")}
        data = TrainingData(TrainView(spec, parts["train"]), ValidationView(spec, parts["validation"]))
        settings = {"first_kimg": options.first_kimg, "adversarial_kimg": options.adversarial_kimg}
        models, started = dict[str, Any](), time.process_time()
        for name, own in (("telea", {}), ("inpainting", settings)):
            if any(arm.startswith(name) for arm in options.arms):
                models[name] = resolve_method(name).fit(data, resolve_method(name).Config(**own), Run(split))
        print(f"split {split}: fitted in {time.process_time() - started:.0f} CPU-s", flush=True)
        for arm in options.arms:
            started = time.process_time()
            mean, groups = accuracies(
                arm, arm_rows(arm, parts, spec, models, options, split), rows["test"], spec, options, split
            )
            worst.setdefault(arm, []).append(min(groups.values()))
            overall.setdefault(arm, []).append(mean)
            said = "  ".join(f"{name} {value:.1f}" for name, value in groups.items())
            print(f"split {split}  {arm:<20} worst {min(groups.values()):5.1f}  all {mean:5.1f}   {said}   "
                  f"{time.process_time() - started:.1f} CPU-s", flush=True)  # fmt: skip
    for arm in options.arms:
        values = np.array(worst[arm])
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
        print(f"{arm:<20} worst group {values.mean():5.1f} +- {error:.1f}   all {np.mean(overall[arm]):5.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("holes", "shortcut"))
    parser.add_argument("data", choices=("digits", "photographs"), nargs="?", default="digits")
    parser.add_argument("--first-kimg", type=float, default=12)
    parser.add_argument("--adversarial-kimg", type=float, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--first-split", type=int, default=0)
    parser.add_argument("--added", type=int, default=60, help="rows of a class")
    parser.add_argument("--steps", type=int, default=300, help="of every classifier")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    options = parser.parse_args()
    (holes if options.what == "holes" else shortcut)(options)


if __name__ == "__main__":
    main()
