"""Does `attribute_gan` draw what it is asked for? Precision of every attribute value, as Jin et al. 2017 print it.

    OMP_NUM_THREADS=1 nice python benchmarks/attribute_precision.py --seeds 1
    OMP_NUM_THREADS=1 nice python benchmarks/attribute_precision.py --seeds 5 --objective dragan

The data are scikit-learn's digits of 16 x 16 px in six inks on three backgrounds; digits are the classes, ink and
background the attributes. Combinations are a long tail in train; three of the eighteen are withheld from it. Held-out
rows have all. The judge is one small network a column, trained on the real train rows; beside its reading of drawn
images stands its reading of held-out real ones with the combinations of train. Withheld combinations are measured by
the pixels, for which no judge is needed: the colour of the border, and that of the pixels that differ most from it.
Beside it: the kernel distance (KID) of drawn rows to held-out ones, and that of train rows, whose combinations differ.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.stats import spearmanr
from sklearn.datasets import load_digits

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, FrameField, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.synthesis.api import Run, TrainingData
from gan_augment.synthesis.generators.attribute_gan.method import AttributeGan, AttributeGanConfig, FittedAttributeGan
from gan_augment.synthesis.health.attribute_judge import AttributeJudge

INKS = {
    "red": (214, 40, 40),
    "green": (42, 145, 66),
    "blue": (36, 84, 200),
    "orange": (240, 140, 20),
    "violet": (140, 50, 170),
    "cyan": (30, 190, 200),
}
PAPERS = {"white": (250, 250, 250), "grey": (150, 150, 150), "black": (12, 12, 12)}
PAIRS = [(ink, paper) for ink in INKS for paper in PAPERS]
WITHHELD = (("green", "black"), ("violet", "white"), ("cyan", "grey"))
TAIL = 1.2  # the r-th combination has a share of about r^-1.2
TRAIN, VALIDATION = 1000, 300
DRAWN = 100  # of each value


def coloured(grey: np.ndarray, ink: str, paper: str) -> np.ndarray:
    """uint8 [16, 16, 3] of 8 x 8 from 0 to 16."""
    small = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
    share = np.asarray(small.resize((16, 16), Image.Resampling.BICUBIC))[..., None] / 255
    return np.rint(share * np.array(INKS[ink]) + (1 - share) * np.array(PAPERS[paper])).astype(np.uint8)


def rows(seed: int) -> tuple[DatasetSpec, dict[str, Samples]]:
    """The digits as train, validation and held-out rows."""
    digits, random = load_digits(), numpy_generator("colour digits", seed)
    order = random.permutation(len(digits.target))
    seen = [PAIRS[place] for place in random.permutation(len(PAIRS)) if PAIRS[place] not in WITHHELD]
    shares = np.arange(1, len(seen) + 1) ** -TAIL
    of_train = [seen[place] for place in random.choice(len(seen), TRAIN, p=shares / shares.sum())]
    of_others = [PAIRS[place] for place in random.choice(len(PAIRS), len(order) - TRAIN)]
    pairs = of_train + of_others
    images = np.stack([coloured(digits.images[row], *pair) for row, pair in zip(order, pairs, strict=True)])
    columns = tuple(Column(name=name, kind="categorical", dtype="string") for name in ("ink", "paper"))
    spec = DatasetSpec(
        name="colour_digits",
        modality="image",
        classes=tuple(ClassRecord(key=f"digit-{n}", label=str(n)) for n in range(10)),
        image=ImageSpec(height=16, width=16, channels=3),
        companions={"attributes": FrameField(columns=columns)},
    )
    parts = {"train": slice(TRAIN), "validation": slice(TRAIN, TRAIN + VALIDATION)}
    frame = pd.DataFrame(pairs, columns=["ink", "paper"], dtype="string")

    def samples(part: slice, split: str) -> Samples:
        own = order[part]
        manifest = make_manifest(
            len(own),
            id=[f"digit-{row}" for row in own],
            label=[str(digits.target[row]) for row in own],
            split=split,
            origin="real",
        )
        return Samples(manifest, images[part], {"attributes": frame[part].reset_index(drop=True)})

    found = {split: samples(part, split) for split, part in parts.items()}
    return spec, found | {"held out": samples(slice(TRAIN + VALIDATION, None), "validation")}


def measured(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest ink and paper of each image, by its pixels."""
    flat = images.reshape(len(images), -1, 3).astype(float)
    border = np.concatenate([images[:, :, 0], images[:, :, -1]], axis=1).astype(float)
    ground = np.median(border, axis=1)
    strongest = np.linalg.norm(flat - ground[:, None], axis=2).argsort(axis=1)[:, -8:]
    stroke = np.median(np.take_along_axis(flat, strongest[..., None], axis=1), axis=1)

    def nearest(values: np.ndarray, colours: dict[str, tuple[int, int, int]]) -> np.ndarray:
        apart = np.linalg.norm(values[:, None] - np.array(list(colours.values())), axis=2)
        return np.array(list(colours))[apart.argmin(axis=1)]

    return nearest(stroke, INKS), nearest(ground, PAPERS)


def table(fitted: FittedAttributeGan, train: TrainView, held_out: ValidationView, seed: int) -> pd.DataFrame:
    """A row a value: share in train, how often it is read from drawn and from held-out real images."""
    attributes, name = fitted.attributes, AttributeGan.name
    conditions, real = attributes.conditions(train, name), attributes.conditions(held_out, name)
    judge = AttributeJudge(np.asarray(train.samples.payload), conditions, attributes.sizes, seed=seed + 99, steps=600)
    known = {tuple(row) for row in conditions[:, 1:].tolist()}
    comparable = np.array([tuple(row) in known for row in real[:, 1:].tolist()])
    rng, found = torch.Generator().manual_seed(seed), []
    columns = [("digit", train.spec.labels), *((column.name, column.texts) for column in attributes.columns)]
    for group, (column, texts) in enumerate(columns):
        asked = np.concatenate([_like(real[comparable], conditions, group, v + 1, seed) for v in range(len(texts))])
        drawn = np.concatenate([fitted.draw(part, rng) for part in torch.from_numpy(asked).split(256)])
        held = np.asarray(held_out.samples.payload)[comparable], real[comparable]
        for value, one in judge.precisions((drawn, asked), held, group).items():
            unknown = texts[value - 1] in fitted.summary["unknown_values"].get(column, {})
            found.append({"column": column, "value": texts[value - 1], **one.to_json(), "written": not unknown})
    return pd.DataFrame(found)


def _like(real: np.ndarray, train: np.ndarray, group: int, value: int, seed: int) -> np.ndarray:
    own = next(own for own in (rows[rows[:, group] == value] for rows in (real, train)) if len(own))
    return numpy_generator(seed, "asked", group, value).choice(own, DRAWN)


def withheld(fitted: FittedAttributeGan) -> dict[str, float]:
    """How often the pixels show the ink, the paper, and both, of combinations that no train row has."""
    rng, ink_right, paper_right = torch.Generator().manual_seed(0), [], []
    for ink, paper in WITHHELD:
        numbers = fitted.attributes.numbers_of({"ink": ink, "paper": paper})
        told = torch.tensor([[c + 1, numbers[1], numbers[2]] for c in range(10)]).repeat(10, 1)
        inks, papers = measured(fitted.draw(told, rng))
        ink_right.append(inks == ink)
        paper_right.append(papers == paper)
    inks_right, papers_right = np.concatenate(ink_right), np.concatenate(paper_right)
    both = inks_right & papers_right
    return {"ink": inks_right.mean(), "paper": papers_right.mean(), "both": both.mean()}


def kernel_distances(fitted: FittedAttributeGan, train: TrainView, held_out: ValidationView) -> tuple[float, float]:
    """Of drawn rows with the conditions of held-out ones, and of train rows."""
    space = fit_feature_space(train)
    told = torch.from_numpy(fitted.attributes.conditions(held_out, AttributeGan.name))
    drawn = fitted.draw(told, torch.Generator().manual_seed(1))
    real = space(held_out.samples.payload)
    return kernel_distance(real, space(drawn)), kernel_distance(real, space(train.samples.payload))


def run(seed: int, settings: dict[str, Any]) -> None:
    spec, parts = rows(seed)
    real: Any = parts["held out"].companions["attributes"]
    inks, papers = measured(np.asarray(parts["held out"].payload))
    right = np.mean(inks == real["ink"]), np.mean(papers == real["paper"])
    print(f"by pixels, of held-out rows: ink {right[0]:.3f}, paper {right[1]:.3f}")
    train, validation = TrainView(spec, parts["train"]), ValidationView(spec, parts["validation"])
    held_out = ValidationView(spec, parts["held out"])
    config, started = AttributeGanConfig.model_validate(settings), time.process_time()
    fitted = AttributeGan().fit(TrainingData(train, validation), config, Run(seed))
    print(f"seed {seed}: {time.process_time() - started:.0f} CPU-seconds, {fitted.summary['stopped_by']}")
    found = table(fitted, train, held_out, seed)
    shown = ["column", "value", "rows", "share", "drawn", "real", "real_rows", "judged", "written"]
    print(found[shown].round(3).to_string(index=False))
    own = found[found["column"] != "digit"]
    common = own[own["share"] >= 0.1]
    kid, usual = kernel_distances(fitted, train, held_out)
    print(
        f"Spearman(share, drawn) {spearmanr(own['share'], own['drawn'])[0]:.2f}; "
        f"lowest of shares >= .1: {common['drawn'].min():.2f}; KID {kid:.3f} (train rows {usual:.3f}); "
        f"withheld, by pixels: {', '.join(f'{name} {share:.2f}' for name, share in withheld(fitted).items())}; "
        f"refused classes: {fitted.summary['refused_classes'] or 'none'}\n"
    )


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--objective", default="relativistic")
    parser.add_argument("--kimg", type=float)
    parser.add_argument("--architecture", default="auto")
    arguments = parser.parse_args()
    settings = {name: getattr(arguments, name) for name in ("objective", "kimg", "architecture")}
    for seed in range(arguments.seeds):
        run(seed, settings)


if __name__ == "__main__":
    main()
