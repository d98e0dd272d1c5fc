"""Do drawn rows of rare combinations help, beside what costs nothing? Paired over seeds, losses shown.

    OMP_NUM_THREADS=1 nice python -m benchmarks.rare_combinations --set-up rare --seeds 5
    OMP_NUM_THREADS=1 nice python -m benchmarks.rare_combinations --set-up spurious --seeds 5

scikit-learn's digits of 16 x 16 px in four inks on white; a combination is a digit in an ink, the class is the digit.
Test rows have every combination alike. Train rows:
- rare: of each digit 40, 15, 8 and 5 rows in the four inks, another ink the rare one for another digit.
- spurious: 57 of a digit's 60 rows are in one ink, one in each of the others (95 %).

Every arm is the same network with the same number of steps and the same seeds:
- real: rows as they are; class weights: every class shown equally often
- reweighted: the loss of a row over the size of its combination; oversampled: every combination shown equally often
- recolour, attribute_gan: each combination filled up to the largest with rows of the method, all shown equally often

Figures on test rows: accuracy, recall of the rarest combinations, and that of the worst combination.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits

from benchmarks.attribute_precision import INKS, coloured
from gan_augment.core.fields import frame_of
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, FrameField, ImageSpec
from gan_augment.core.samples import Samples, TrainView, ValidationView, make_manifest
from gan_augment.core.seeds import numpy_generator
from gan_augment.recognition.supervised import fit_classifier, pixels, predict_probabilities
from gan_augment.synthesis.api import Run, SampleRequest, TrainingData
from gan_augment.synthesis.generators.attribute_gan.method import AttributeGan, AttributeGanConfig
from gan_augment.synthesis.translators.recolour import Recolour, RecolourConfig

USED = list(INKS)[:4]
CLASSES, GROUPS = 10, 40
COUNTS = {"rare": (40, 15, 8, 5), "spurious": (57, 1, 1, 1)}
VALIDATION = 20  # of a digit, every ink alike
STEPS = 400


@dataclass(frozen=True)
class Rows:
    """Images uint8 [n, 16, 16, 3] with their digits and inks, int64 [n]."""

    images: np.ndarray
    digits: np.ndarray
    inks: np.ndarray

    @property
    def groups(self) -> np.ndarray:
        return self.digits * len(USED) + self.inks

    def and_also(self, more: Rows) -> Rows:
        parts = zip((self.images, self.digits, self.inks), (more.images, more.digits, more.inks), strict=True)
        return Rows(*map(np.concatenate, parts))

    def samples(self, split: str) -> Samples:
        manifest = make_manifest(
            len(self.images),
            id=[f"{split}-{row}" for row in range(len(self.images))],
            label=[str(digit) for digit in self.digits],
            split=split,
            origin="real",
        )
        told = pd.DataFrame({"ink": [USED[ink] for ink in self.inks]}, dtype="string")
        return Samples(manifest, self.images, {"attributes": told})


SPEC = DatasetSpec(
    name="rare_combinations",
    modality="image",
    classes=tuple(ClassRecord(key=f"digit-{n}", label=str(n)) for n in range(CLASSES)),
    image=ImageSpec(height=16, width=16, channels=3),
    companions={"attributes": FrameField(columns=(Column(name="ink", kind="categorical", dtype="string"),))},
)


def data(set_up: str, seed: int) -> tuple[Rows, Rows, Rows]:
    """Train, validation and test rows."""
    digits, random = load_digits(), numpy_generator("rare combinations", set_up, seed)
    parts: list[list[tuple[int, int]]] = [[], [], []]
    for digit in range(CLASSES):
        rows = random.permutation(np.flatnonzero(digits.target == digit))
        train = np.repeat(np.roll(np.arange(len(USED)), digit), COUNTS[set_up])
        held_out = np.arange(len(rows) - len(train)) % len(USED)
        inks = np.r_[train, held_out]
        ends = np.array([len(train), len(train) + VALIDATION])
        for part, places in zip(parts, np.split(np.arange(len(rows)), ends), strict=True):
            part += [(int(rows[place]), int(inks[place])) for place in places]
    return tuple(  # type: ignore[return-value]
        Rows(
            np.stack([coloured(digits.images[row], USED[ink], "white") for row, ink in part]),
            np.array([digits.target[row] for row, _ in part]),
            np.array([ink for _, ink in part]),
        )
        for part in parts
    )


def recoloured(train: Rows, seed: int, wanted: np.ndarray) -> Rows:
    """So many rows of each combination, int64 [40], by `recolour`."""
    config = RecolourConfig.model_validate({"combinations": "all"})
    model = Recolour().fit(TrainingData(TrainView(SPEC, train.samples("train"))), config, Run(seed))
    found = []
    for digit in range(CLASSES):
        drawn = list(
            model.sample(SampleRequest(index=digit, count=8 * int(wanted.reshape(-1, 4)[digit].max()), seed=seed))
        )
        images = np.concatenate([np.asarray(one.payload) for one in drawn])
        inks = np.concatenate([frame_of(one.companions["attributes"])["ink"].to_numpy() for one in drawn])
        for ink, name in enumerate(USED):
            own = images[inks == name][: wanted[digit * 4 + ink]]
            found.append(Rows(own, np.full(len(own), digit), np.full(len(own), ink)))
    return _joined(found)


def drawn(train: Rows, validation: Rows, seed: int, wanted: np.ndarray, settings: dict[str, Any]) -> Rows:
    """The same by `attribute_gan`; of a class that it refuses, nothing."""
    views = TrainView(SPEC, train.samples("train")), ValidationView(SPEC, validation.samples("validation"))
    config = AttributeGanConfig.model_validate(settings)
    started = time.process_time()
    fitted = AttributeGan().fit(TrainingData(*views), config, Run(seed))
    refused, unclaimed = fitted.summary["refused_classes"], fitted.summary["unknown_values"]
    print(
        f"  attribute_gan: {time.process_time() - started:.0f} CPU-seconds, "
        f"snapshot {fitted.summary['snapshot_kimg']:.0f} kimg, "
        f"refused {refused or 'nothing'}, not claimed {unclaimed or 'nothing'}"
    )
    rng, found = torch.Generator().manual_seed(seed), []
    for group in np.flatnonzero(wanted):
        digit, ink = divmod(int(group), len(USED))
        if str(digit) in refused:
            continue
        number = fitted.attributes.numbers_of({"ink": USED[ink]})[1]
        told = torch.tensor([[digit + 1, number]]).repeat(int(wanted[group]), 1)
        found.append(Rows(fitted.draw(told, rng), np.full(len(told), digit), np.full(len(told), ink)))
    return _joined(found) if found else Rows(train.images[:0], train.digits[:0], train.inks[:0])


def _joined(parts: list[Rows]) -> Rows:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.and_also(part)
    return whole


def figures(train: Rows, test: Rows, rare: np.ndarray, seed: int, arm: str) -> dict[str, float]:
    """Of one arm's network, on test rows."""
    sizes = np.bincount(train.groups, minlength=GROUPS)
    by_class = arm in ("real", "class weights")
    weight = None
    if arm == "reweighted":
        weight = torch.tensor(np.where(sizes, sizes.sum() / np.maximum(sizes, 1) / (sizes > 0).sum(), 0.0)).float()
    network = fit_classifier(
        pixels(train.images),
        torch.from_numpy(train.digits if by_class else train.groups),
        CLASSES if by_class else GROUPS,
        heads=[CLASSES],
        targets=torch.from_numpy(train.digits)[:, None],
        class_weight=weight,
        sampling="natural" if arm in ("real", "reweighted") else "balanced",
        seed=seed,
        steps=STEPS,
    )
    right = predict_probabilities(network, pixels(test.images)).argmax(axis=1) == test.digits
    of_groups = np.array([right[test.groups == group].mean() for group in range(GROUPS)])
    return {"accuracy": right.mean(), "rarest": of_groups[rare].mean(), "worst": of_groups.min()}


def one_seed(set_up: str, seed: int, settings: dict[str, Any]) -> pd.DataFrame:
    """A row an arm."""
    train, validation, test = data(set_up, seed)
    sizes = np.bincount(train.groups, minlength=GROUPS)
    rare, wanted = np.flatnonzero(sizes == sizes.min()), sizes.max() - sizes
    added = {
        "recolour": train.and_also(recoloured(train, seed, wanted)),
        "attribute_gan": train.and_also(drawn(train, validation, seed, wanted, settings)),
    }
    arms = ("real", "class weights", "reweighted", "oversampled", *added)
    return pd.DataFrame({arm: figures(added.get(arm, train), test, rare, seed, arm) for arm in arms}).T


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set-up", choices=list(COUNTS), default="rare")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--kimg", type=float)
    arguments = parser.parse_args()
    tables = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        tables.append(one_seed(arguments.set_up, seed, {"kimg": arguments.kimg}))
        print(f"seed {seed}\n{tables[-1].round(3).to_string()}", flush=True)
    if len(tables) > 1:
        _print_means(tables)


def _print_means(tables: list[pd.DataFrame]) -> None:
    stacked, names, columns = np.stack([table.to_numpy() for table in tables]), tables[0].index, tables[0].columns
    behind = stacked[:, [names.get_loc("attribute_gan")]] - stacked
    error = pd.DataFrame(behind.std(axis=0, ddof=1) / len(tables) ** 0.5, names, columns).round(3).astype(str)
    gain = pd.DataFrame(behind.mean(axis=0), names, columns).round(3).astype(str)
    print(f"\nmean of {len(tables)} seeds\n{pd.DataFrame(stacked.mean(axis=0), names, columns).round(3).to_string()}")
    print(f"\nattribute_gan minus the arm, paired, with standard errors\n{(gain + ' ± ' + error).to_string()}")


if __name__ == "__main__":
    main()
