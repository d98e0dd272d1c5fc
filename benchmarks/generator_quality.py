"""How good is the joint conditional GAN on a prepared project of images? Several seeds, one line each.

    gan-augment init --demo digits -C /tmp/digits && gan-augment prepare -C /tmp/digits
    OMP_NUM_THREADS=1 python benchmarks/generator_quality.py /tmp/digits --seeds 5

Figures are taken on the validation part, in the feature space of the training monitor; the classifier of
train-on-synthetic is a support vector machine on pixels, trained on as many synthetic rows as there are real ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import SVC

from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.fidelity.metrics import prdc
from gan_augment.stages.project import Project
from gan_augment.synthesis.api import SampleRequest
from gan_augment.synthesis.generators.conditional import Conditional, ConditionalConfig


def flat(images: object) -> np.ndarray:
    pixels = np.asarray(images)
    return pixels.reshape(len(pixels), -1) / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kimg", type=float, default=200)
    options = parser.parse_args()
    project = Project.open(options.project)
    train, validation = project.train_view(), project.validation_view()
    space, labels = fit_feature_space(train), train.labels
    real = SVC(C=5, class_weight="balanced").fit(flat(train.samples.payload), labels)
    truth, held_out = validation.labels, flat(validation.samples.payload)
    on_real = balanced_accuracy_score(truth, real.predict(held_out))
    print("seed  CPU-s  agreement  coverage     KID  train-on-synthetic  train-on-real  stopped by")
    for seed in range(options.seeds):
        started = time.process_time()
        fitted = Conditional().fit(train, ConditionalConfig(kimg=options.kimg), seed=seed, validation=validation)
        seconds = time.process_time() - started
        counts = {int(c): int((labels == c).sum()) for c in np.unique(labels)}
        drawn = {
            c: np.concatenate([b.payload for b in fitted.sample(SampleRequest(label=c, count=max(n, 40), seed=seed))])
            for c, n in counts.items()
        }
        rows = np.concatenate([drawn[c][:n] for c, n in counts.items()])
        asked = np.repeat(list(counts), list(counts.values()))
        synthetic = SVC(C=5, class_weight="balanced").fit(flat(rows), asked)
        on_synthetic = balanced_accuracy_score(truth, synthetic.predict(held_out))
        agreement = np.mean([np.mean(real.predict(flat(images)) == c) for c, images in drawn.items()])
        features = space(validation.samples.payload)
        coverage = np.mean([prdc(features[truth == c], space(images[:40])).coverage for c, images in drawn.items()])
        kid = kernel_distance(features, np.concatenate([space(images[:40]) for images in drawn.values()]))
        print(
            f"{seed:>4}{seconds:>7.0f}{agreement:>11.3f}{coverage:>10.3f}{kid:>8.4f}{on_synthetic:>20.3f}"
            f"{on_real:>15.3f}  {fitted.summary['stopped_by']}",
            flush=True,
        )


if __name__ == "__main__":
    main()
