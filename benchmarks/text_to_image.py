"""Does `text_to_image` draw what captions say, also digits in an ink that no train row shows them in?

    OMP_NUM_THREADS=1 nice python benchmarks/text_to_image.py --without wrong between --attribute-gan
    OMP_NUM_THREADS=1 nice python benchmarks/text_to_image.py --seeds 5 --use

The data are those of `gan-augment init --demo colour_digits`: 16 x 16 px, ten digits in four inks on three backgrounds,
with captions and attributes. Each digit is withheld in one ink: no train row shows it, validation and test rows do.

- Matching: how often the discriminator scores a test row's own caption above another's (of any row, and of the class).
- Drawn: for the captions of test rows, how often a judge reads the digit, the ink, the background, and all three. The
  judge is one small network an attribute, trained on real train and validation digits in every combination of colours
  (the demo's drawing is known), and never on a test digit. Beside it: the same of the real test rows, of the row with
  judge is one small network an attribute, trained on real train and validation digits in all combinations of colours
- Noise: the distance of two images of one caption, over that of two real test rows of one digit, ink and background.
- Use (`--use`): a small classifier of digits on the train rows and 20 more rows of every withheld digit, ink and
  background; its accuracy on test rows that are withheld, and on all. Every arm takes as many steps and as many rows.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits

from gan_augment.core.records import ClassRecord, Column, DatasetSpec, FrameField, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.data.config import CompanionSource, DemoSource, SplitConfig
from gan_augment.data.sources.demo import BACKGROUNDS, INKS, read
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.attribute_gan.method import AttributeGan, AttributeGanConfig, FittedAttributeGan
from gan_augment.synthesis.generators.text_to_image.matching import right_above_wrong
from gan_augment.synthesis.generators.text_to_image.method import FittedTextToImage, TextToImage, TextToImageConfig
from gan_augment.synthesis.registry import BUILT_IN, resolve_method
from gan_augment.synthesis.translators.retrieve import nearest_captions

COLUMNS = ("ink", "background")
GROUPS = ("digit", *COLUMNS)
VALUES = {"digit": tuple(map(str, range(10))), "ink": tuple(INKS), "background": tuple(BACKGROUNDS)}
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ADDED = 20  # rows of a digit, ink and background
STEPS = 600  # of a classifier


def withheld_ink(digit: int) -> str:
    """The ink in which no train row shows the digit."""
    return tuple(INKS)[digit % len(INKS)]


class Data:
    """The demo's rows: images uint8 [n, 16, 16, 3], `truth` [n, 3] of digit, ink, background, and captions."""

    def __init__(self) -> None:
        companions: Any = {"caption": CompanionSource(column="caption"), "attributes": CompanionSource(columns=COLUMNS)}
        raw: Any = read(DemoSource(name="colour_digits"), Path(), SplitConfig(), companions)
        self.images = np.stack([handle.pixels for handle in raw.content.handles])
        self.numbers = np.array([int(handle.name.split()[1]) for handle in raw.content.handles])  # in scikit-learn's
        self.captions = np.array([cells[0] for cells in raw.companions["caption"]], dtype=object)
        self.attributes = pd.DataFrame(raw.companions["attributes"], columns=list(COLUMNS), dtype="string")
        digits = raw.rows["label"].astype(int).to_numpy()
        columns = [[VALUES[name].index(value) for value in self.attributes[name]] for name in COLUMNS]
        self.truth = np.stack([digits, *map(np.array, columns)], axis=1)
        self.withheld = np.array([VALUES["ink"][ink] == withheld_ink(d) for d, ink, _ in self.truth])
        self.split = raw.rows["split"].to_numpy()
        frames = {"caption": ("caption",), "attributes": COLUMNS}
        fields = {
            role: FrameField(columns=tuple(Column(name=name, kind="categorical", dtype="string") for name in names))
            for role, names in frames.items()
        }
        classes = tuple(ClassRecord(key=f"digit-{digit}", label=str(digit)) for digit in range(10))
        image = ImageSpec(height=16, width=16, channels=3)
        self.spec = DatasetSpec.model_validate(
            {"name": "colour_digits", "modality": "image", "classes": classes, "image": image, "companions": fields}
        )

    def rows(self, split: str, withheld: bool | None = None) -> np.ndarray:
        """Places of rows of a part: all of them, or those that are withheld, or those that are not."""
        own = self.split == split
        return np.flatnonzero(own if withheld is None else own & (self.withheld == withheld))

    def samples(self, rows: np.ndarray, split: str) -> Samples:
        ids, labels = [f"digit-{n}" for n in self.numbers[rows]], [str(digit) for digit in self.truth[rows, 0]]
        manifest = make_manifest(len(rows), id=ids, label=labels, split=split, origin="real")
        caption = pd.DataFrame({"caption": pd.Series(self.captions[rows], dtype="string")})
        attributes = self.attributes.iloc[rows].reset_index(drop=True)
        return Samples(manifest, self.images[rows], {"caption": caption, "attributes": attributes})

    def training(self) -> TrainingData:
        train = TrainView(self.spec, self.samples(self.rows("train", False), "train"))
        return TrainingData(train, ValidationView(self.spec, self.samples(self.rows("validation"), "validation")))


class Judge:
    """One small network an attribute, of real train and validation digits in every combination of colours."""

    def __init__(self, data: Data) -> None:
        random, digits, images, truth = numpy_generator("judge"), load_digits(), [], []
        for row in np.flatnonzero(data.split != "test"):
            for _ in range(3):
                ink, background = int(random.integers(len(INKS))), int(random.integers(len(BACKGROUNDS)))
                images.append(_coloured(digits.images[data.numbers[row]], ink, background))
                truth.append((data.truth[row, 0], ink, background))
        shown = pixels(np.stack(images))
        labels = torch.from_numpy(np.array(truth))
        self.readers = []
        with torch.random.fork_rng(devices=[]):
            for group, steps in enumerate((900, 300, 300)):
                size = len(VALUES[GROUPS[group]])
                self.readers.append(fit_classifier(shown, labels[:, group], size, seed=1, steps=steps))

    def right(self, images: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """How often each attribute is read as it should be, and all three."""
        read = np.stack([predict_probabilities(net, pixels(images)).argmax(axis=1) for net in self.readers], axis=1)
        right = read == truth
        return {name: float(right[:, group].mean()) for group, name in enumerate(GROUPS)} | {
            "all": float(right.all(axis=1).mean())
        }


def _coloured(grey: np.ndarray, ink: int, background: int) -> np.ndarray:
    """As the demo draws it."""
    small = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
    share = np.asarray(small.resize((16, 16), Image.Resampling.BICUBIC))[..., None] / 255
    colours = np.array(list(INKS.values())[ink]), np.array(list(BACKGROUNDS.values())[background])
    return np.rint(share * colours[0] + (1 - share) * colours[1]).astype(np.uint8)


def text_model(data: Data, seed: int, **settings: Any) -> FittedTextToImage:
    return TextToImage().fit(data.training(), TextToImageConfig.model_validate(settings), Run(seed))


def drawn_for(fitted: FittedTextToImage, captions: list[str], digits: np.ndarray, seed: int) -> np.ndarray:
    """An image for each caption and class."""
    rng = torch.Generator().manual_seed(derive_seed(seed, "drawn"))
    return fitted.draw(fitted.language.told(captions, digits), rng)


def drawn_with(fitted: FittedAttributeGan, truth: np.ndarray, seed: int) -> np.ndarray:
    """An image for each digit, ink and background."""
    places = [[column.texts.index(text) + 1 for text in VALUES[column.name]] for column in fitted.attributes.columns]
    told = np.stack([truth[:, 0] + 1, *(np.array(p)[truth[:, 1 + n]] for n, p in enumerate(places))], axis=1)
    rng = torch.Generator().manual_seed(derive_seed(seed, "drawn"))
    return fitted.draw(torch.from_numpy(told), rng)


def retrieved(data: Data, captions: list[str], digits: np.ndarray | None, seed: int) -> np.ndarray:
    """The train image with the nearest caption: of the digit's own rows, or (None) of all."""
    rows, random, found = data.rows("train", False), numpy_generator(seed, "retrieved"), []
    for place, caption in enumerate(captions):
        own = rows if digits is None else rows[data.truth[rows, 0] == digits[place]]
        near = nearest_captions([caption], list(data.captions[own]))[0]
        found.append(data.images[own[random.choice(near)]])
    return np.stack(found)


@dataclass
class Models:
    """What was trained with one seed: models that read captions, by name, and perhaps `attribute_gan`."""

    of_captions: dict[str, FittedTextToImage]
    attribute_gan: FittedAttributeGan | None

    @classmethod
    def of(cls, data: Data, seed: int, arguments: argparse.Namespace) -> Models:
        settings = {"kimg": arguments.kimg}
        wanted: dict[str, dict[str, Any]] = {"text_to_image": {}}
        wanted |= {f"without {name}": {f"{name}_captions": 0} for name in arguments.without}
        models = {
            name: _timed(lambda less=less: text_model(data, seed, **settings, **less), name)
            for name, less in wanted.items()
        }
        own = AttributeGanConfig.model_validate(settings)
        other = arguments.attribute_gan or arguments.use
        fit = lambda: AttributeGan().fit(data.training(), own, Run(seed))  # noqa: E731
        return cls(models, _timed(fit, "attribute_gan") if other else None)


def proof(data: Data, judge: Judge, models: Models, seed: int) -> None:
    """Print matching, accuracies and noise of one seed."""
    test = data.rows("test")
    for name, fitted in models.of_captions.items():
        told = fitted.language.told(list(data.captions[test]), data.truth[test, 0])
        above = right_above_wrong(fitted.discriminator, data.images[test], told, seed=seed)
        print(f"matching, {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in above.items()))
    for withheld in (False, True):
        rows = data.rows("test", withheld)
        truth, captions = data.truth[rows], list(data.captions[rows])
        found = {"real test rows": data.images[rows]}
        found |= {name: drawn_for(one, captions, truth[:, 0], seed) for name, one in models.of_captions.items()}
        if models.attribute_gan is not None:
            found["attribute_gan"] = drawn_with(models.attribute_gan, truth, seed)
        found["retrieve, of the digit"] = retrieved(data, captions, truth[:, 0], seed)
        found["retrieve, of all"] = retrieved(data, captions, None, seed)
        table = pd.DataFrame({name: judge.right(images, truth) for name, images in found.items()}).T
        print(f"{'withheld' if withheld else 'seen'} digits and inks ({len(rows)} test rows)")
        print(table.round(3).to_string())
    for name, fitted in models.of_captions.items():
        print(f"two images of one caption, beside two real rows, {name}: {_noise(data, fitted, seed):.2f}")
        print(f"refused classes, {name}: {fitted.summary['refused_classes'] or 'none'}")
    print(flush=True)


def _timed(fit: Any, name: str) -> Any:
    started = time.process_time()
    fitted = fit()
    summary = fitted.summary
    print(
        f"{name}: {time.process_time() - started:.0f} CPU-seconds, snapshot at {summary['snapshot_kimg']:.0f} of "
        f"{summary['images_seen'] / 1000:.0f} kimg, stopped by {summary['stopped_by']}",
        flush=True,
    )
    return fitted


def _noise(data: Data, fitted: FittedTextToImage, seed: int) -> float:
    """The mean over seen combinations of the distance of two images of one caption, over that of two real ones."""
    rows, shares = data.rows("test", False), []
    for truth in np.unique(data.truth[rows], axis=0):
        own = rows[(data.truth[rows] == truth).all(axis=1)]
        if len(own) > 2:
            images = drawn_for(fitted, [data.captions[own[0]]] * len(own), data.truth[own, 0], seed)
            shares.append(_apart(images) / _apart(data.images[own]))
    return float(np.mean(shares))


def _apart(images: np.ndarray) -> float:
    return float(pdist(images.reshape(len(images), -1).astype(float)).mean())


def use(data: Data, models: Models, seed: int) -> pd.DataFrame:
    """The accuracy of a classifier of digits, by arm: on withheld test rows and on all."""
    truth = np.array(
        [(d, list(INKS).index(withheld_ink(d)), b) for d in range(10) for b in range(3) for _ in range(ADDED)]
    )
    inks, backgrounds = VALUES["ink"], VALUES["background"]
    captions = [f"a {inks[ink]} {WORDS[d]} on a {backgrounds[b]} background" for d, ink, b in truth]
    rows = data.rows("train", False)
    random = numpy_generator(seed, "again")
    again = np.concatenate([random.choice(rows[data.truth[rows, 0] == d], 3 * ADDED) for d in range(10)])
    added = {
        "more of the train rows": data.images[again],
        "retrieve": retrieved(data, captions, truth[:, 0], seed),
        "text_to_image": drawn_for(models.of_captions["text_to_image"], captions, truth[:, 0], seed),
    }
    if models.attribute_gan is not None:
        added["attribute_gan"] = drawn_with(models.attribute_gan, truth, seed)
    if "recolour" in BUILT_IN:
        added["recolour"] = _recoloured(data.training(), seed)
    return pd.DataFrame({name: _learnt(data, rows, images, truth[:, 0], seed) for name, images in added.items()}).T


def _recoloured(training: TrainingData, seed: int) -> np.ndarray:
    """`ADDED` images of every withheld digit, ink and background, as many as come of a thousand of each digit."""
    method = resolve_method("recolour")
    fitted = method.fit(training, method.Config.model_validate({"combinations": "all"}), Run(seed))
    found = []
    for digit in range(10):
        batches = list(fitted.sample(SampleRequest(index=digit, count=1000, seed=seed)))
        images = np.concatenate([np.asarray(batch.payload) for batch in batches])
        told = pd.concat([pd.DataFrame(batch.companions["attributes"]) for batch in batches], ignore_index=True)
        for background in BACKGROUNDS:
            own = np.flatnonzero((told["ink"] == withheld_ink(digit)) & (told["background"] == background))
            found.append(images[numpy_generator(seed, digit, background).choice(own, ADDED)])
    return np.concatenate(found)


def _learnt(data: Data, rows: np.ndarray, images: np.ndarray, digits: np.ndarray, seed: int) -> dict[str, float]:
    shown = pixels(np.concatenate([data.images[rows], images]))
    labels = torch.from_numpy(np.concatenate([data.truth[rows, 0], digits]))
    with torch.random.fork_rng(devices=[]):
        network = fit_classifier(shown, labels, 10, seed=seed, steps=STEPS)
    figures = {}
    for name, withheld in (("withheld", True), ("seen", False)):
        test = data.rows("test", withheld)
        read = predict_probabilities(network, pixels(data.images[test])).argmax(axis=1)
        figures[name] = float(np.mean(read == data.truth[test, 0]))
    return figures


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kimg", type=float, help="length of every training; by default each method's own")
    parser.add_argument("--without", nargs="*", choices=("wrong", "between"), default=(), help="terms to leave out")
    parser.add_argument("--attribute-gan", action="store_true", help="also attribute_gan")
    parser.add_argument("--use", action="store_true", help="also: what the added rows are worth to a classifier")
    arguments = parser.parse_args()
    data, seeds = Data(), range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    judge, tables = Judge(data), list[pd.DataFrame]()
    for seed in seeds:
        models = Models.of(data, seed, arguments)
        proof(data, judge, models, seed)
        if arguments.use:
            tables.append(use(data, models, seed))
            print(f"a classifier of digits, seed {seed}\n{tables[-1].round(3).to_string()}", flush=True)
    if len(tables) > 1:
        whole = pd.concat(tables, keys=seeds).unstack(level=1)
        gains = {name: whole["withheld"]["text_to_image"] - whole["withheld"][name] for name in whole["withheld"]}
        shown = {
            name: f"{gain.mean():+.3f} +- {gain.std(ddof=1) / len(gain) ** 0.5:.3f}" for name, gain in gains.items()
        }
        print("text_to_image minus each arm on withheld test rows, paired:")
        print("\n".join(f"  {name}: {text}" for name, text in shown.items() if name != "text_to_image"))


if __name__ == "__main__":
    main()
