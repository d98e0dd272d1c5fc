"""Does each curation filter earn its place? One GAN a seed; its candidates curated with each filter switched in turn.

    OMP_NUM_THREADS=1 python benchmarks/filter_ablation.py digits --seeds 0 1 2
    OMP_NUM_THREADS=1 python benchmarks/filter_ablation.py animals animal_mnist-0.4-py3-none-any.whl --seeds 0 1 2

Every variant fills each class up to the largest real one (ratio 1) with the first accepted rows, and trains the
convolutional classifier on real + synthetic rows with classical augmentation and balanced classes, three classifier
seeds. Agreement: of the accepted rows with a support vector machine that saw the whole data set but the test part.
Differences are paired over GAN seeds and classifier seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from image_sets import RARE_ANIMALS, ImageSet, Parts, cut, long_tail, read_set
from sklearn.svm import SVC

from gan_augment.core.samples import Samples, make_manifest
from gan_augment.curation.config import CurateConfig
from gan_augment.curation.curate import curate
from gan_augment.downstream.arms import Treatment
from gan_augment.downstream.config import ClassicalConfig, CnnConfig
from gan_augment.downstream.networks import CnnClassifier
from gan_augment.mixing.ratio import first_rows, make_plans
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig

OFF, ON = {"enabled": False}, {"enabled": True}
DEFAULTS = ("copies", "duplicates", "judge")
VARIANTS: dict[str, dict[str, dict[str, object]]] = {
    "defaults": {},
    **{f"without {name}": {name: OFF} for name in DEFAULTS},
    "no filter": dict.fromkeys(DEFAULTS, OFF),
    "with density": {"density": ON},
    "with discriminator": {"discriminator": ON},
    "judge at .9": {"judge": {"min_probability": 0.9}},
}


def split(data: ImageSet, seed: int) -> tuple[Parts, list[int]]:
    """Parts with a long tail, and the rare classes."""
    if data.name == "animals":
        return long_tail(data, seed), [data.names.index(name) for name in RARE_ANIMALS]
    rare = [2, 5, 8]
    counts = {label: 10 if label in rare else 60 for label in range(10)}
    return cut(data, counts, validation=dict.fromkeys(range(10), 30), test=70, seed=seed), rare


def draw(data: ImageSet, fitted: object, count: int, seed: int) -> Samples:
    parts = []
    for label, name in enumerate(data.names):
        request = SampleRequest(label=label, count=count, seed=seed)
        images = np.concatenate([batch.payload for batch in fitted.sample(request)])  # type: ignore[attr-defined]
        ids = [f"synthetic-{label}-{number}" for number in range(count)]
        manifest = make_manifest(count, id=ids, label=name, split="train", origin="synthetic", method="conditional")
        parts.append(Samples(manifest, images))
    return Samples.concat(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("digits", "mnist", "animals"))
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--classifiers", type=int, default=3)
    options = parser.parse_args()
    data = read_set(options.set, options.file)
    classical = ClassicalConfig(flip_horizontal=options.set == "animals")
    treatment = Treatment(balanced=True, classical=True)
    rows: dict[str, list[list[float]]] = {}
    recalls: dict[str, list[np.ndarray]] = {}
    for seed in options.seeds:
        parts, rare = split(data, seed)
        train, validation = parts.views(data)
        fitted = Conditional().fit(train, ConditionalConfig(), seed=seed, validation=validation)
        largest = int(np.bincount(train.labels).max())
        candidates = draw(data, fitted, 3 * largest, seed)
        others = np.setdiff1d(np.arange(len(data.labels)), parts.test)
        outer = SVC(C=5).fit(data.images[others].reshape(len(others), -1) / 255, data.labels[others])
        right = outer.predict(candidates.payload.reshape(len(candidates), -1) / 255) == candidates.label_indices(
            data.spec
        )
        agreed = dict(zip(candidates.manifest["id"], right, strict=True))
        truth = data.labels[parts.test]
        classifier = CnnClassifier(
            CnnConfig(), classical, train_rows=len(train), seed=seed, pool=Samples.concat([train.samples, candidates])
        )

        def recall(added: Samples | None, known: Parts = parts, net: CnnClassifier = classifier) -> np.ndarray:
            shown = train.samples if added is None else Samples.concat([train.samples, added])  # noqa: B023
            predictors = net.fit(shown, data.spec, treatment, range(options.classifiers))
            found = [predictor.predict_probabilities(data.images[known.test]).argmax(1) for predictor in predictors]
            return np.array([[np.mean(one[truth == c] == c) for c in range(10)] for one in found])  # noqa: B023

        recalls.setdefault("no synthetic rows", []).append(recall(None)[:, [*range(10), *rare]])
        for name, changes in VARIANTS.items():
            config = CurateConfig.model_validate(
                {"train_on_synthetic_seeds": 0, "weaknesses": {"checks": []}} | changes
            )
            accepted = curate(train, validation, candidates, config, seed=seed).samples
            counts = np.bincount(accepted.label_indices(data.spec), minlength=10)
            plan = make_plans([1.0], np.bincount(train.labels, minlength=10), counts)[-1]
            added = first_rows(accepted, plan.counts, data.spec)
            share = float(np.mean([agreed[one] for one in accepted.manifest["id"]]))
            rows.setdefault(name, []).append([len(accepted) / len(candidates), share, len(added)])
            recalls.setdefault(name, []).append(recall(added)[:, [*range(10), *rare]])
            print(f"seed {seed} {name}: {len(accepted)} of {len(candidates)}, agreement {share:.3f}", flush=True)
    base = np.concatenate(recalls["defaults"])
    print(f"\n{'variant':<22}accepted  agreement  added   bal. acc.   rare recall   against the defaults (bal., rare)")
    for name, values in recalls.items():
        scores = 100 * np.concatenate(values)
        gap = scores - 100 * base
        facts = np.mean(rows[name], axis=0) if name in rows else (np.nan, np.nan, 0)
        print(
            f"{name:<22}{facts[0]:>8.3f}{facts[1]:>11.3f}{facts[2]:>7.0f}{scores[:, :10].mean():>13.1f}"
            f"{scores[:, 10:].mean():>14.1f}   {_interval(gap[:, :10].mean(1))}  {_interval(gap[:, 10:].mean(1))}"
        )


def _interval(gaps: np.ndarray) -> str:
    return f"{gaps.mean():+.1f} +- {1.96 * gaps.std(ddof=1) / len(gaps) ** 0.5 if len(gaps) > 1 else np.nan:.1f}"


if __name__ == "__main__":
    main()
