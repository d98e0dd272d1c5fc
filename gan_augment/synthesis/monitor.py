"""Judges a training GAN on validation rows that gave it no gradient, and so chooses the snapshot to keep.

Two figures make the score, because neither is enough alone: KID asks whether the synthetic images lie where real ones
do, the classification accuracy score (CAS, Ravuri & Vinyals 2019, arXiv 1905.10887) asks whether a classifier that saw
nothing but synthetic images recognises real ones. Three more are kept apart: how often the training discriminator ranks
a real image above a generated one, for train reals (balance) and for held-out reals (a wide gap between the two is a
discriminator that knows its train reals by heart), and how often a fresh critic tells held-out reals from synthetic
images (the equilibrium; see `stop_rule`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.encoding.image import PixelLevels, decode_images, encode_images
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.fidelity.two_sample import two_sample_test
from gan_augment.nn.image_networks import Discriminator, Generator
from gan_augment.synthesis.alarms import class_alarm

__all__ = ["Monitor"]

SAMPLES_PER_CLASS = 40


class Monitor:
    """Holds the real rows in the feature space of the check, which was fitted on train rows alone."""

    def __init__(self, train: TrainView, validation: ValidationView, seed: int) -> None:
        self.seed = seed
        self.train_images = encode_images(np.asarray(train.samples.payload))
        self.validation_images = encode_images(np.asarray(validation.samples.payload))
        self.train_labels, self.validation_labels = train.labels, validation.labels
        self.levels = PixelLevels.of(np.asarray(train.samples.payload))
        self.space = fit_feature_space(train)
        self.train_features = self.space(train.samples.payload)
        self.validation_features = self.space(validation.samples.payload)
        self.judge = _classifier(self.train_features, self.train_labels)

    @torch.inference_mode()
    def check(self, generator: Generator, discriminator: Discriminator, scalars: dict[str, float]) -> dict[str, float]:
        """One row of the training curve. `scalars["first_kid"]` is the scale that makes KID comparable to CAS."""
        labels = np.repeat(np.unique(self.train_labels), SAMPLES_PER_CLASS)
        pixels = self._draw(generator, labels)
        images, features = encode_images(pixels), self.space(pixels)
        kid = kernel_distance(self.validation_features, features)
        classifier = _classifier(features, labels)
        cas = float(balanced_accuracy_score(self.validation_labels, classifier.predict(self.validation_features)))
        scale = scalars.setdefault("first_kid", max(kid, 1e-9))
        critic = two_sample_test(self.validation_features, features, seed=self.seed)
        return {
            "kid": kid,
            "cas": cas,
            "score": cas - max(kid, 0.0) / scale,  # an unbiased KID below 0 is a 0 with noise
            "discriminator_train": _ranked_above(discriminator, self.train_images, self.train_labels, images, labels),
            "discriminator_held_out": _ranked_above(
                discriminator, self.validation_images, self.validation_labels, images, labels
            ),
            "critic_accuracy": critic.accuracy,
            "critic_pvalue": critic.pvalue,
            "critic_rows": critic.test_rows,
        }

    @torch.inference_mode()
    def alarms(self, generator: Generator) -> dict[int, str]:
        """Class index -> what is wrong with it; classes without an entry are healthy."""
        found = {}
        for label in np.unique(self.train_labels):
            drawn = self.space(self._draw(generator, np.full(SAMPLES_PER_CLASS, label)))
            agreement = float(np.mean(self.judge.predict(drawn) == label)) if np.isfinite(drawn).all() else 0.0
            of_class = (
                self.train_features[self.train_labels == label],
                self.validation_features[self.validation_labels == label],
            )
            if problem := class_alarm(*of_class, drawn, agreement):
                found[int(label)] = problem
        return found

    def _draw(self, generator: Generator, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        # The same noise at every check: a difference between two checks is the generator's, not the draw's.
        # Through the uint8 codec, as the reals went: float pixels against rounded ones would be told apart always.
        rng = torch.Generator().manual_seed(derive_seed(self.seed, "monitor"))
        noise = torch.randn(len(labels), generator.latent, generator=rng)
        device = next(generator.parameters()).device
        images = generator(noise.to(device), torch.from_numpy(labels).to(device)).float().cpu().numpy()
        return self.levels.snap(decode_images(np.nan_to_num(images)))


def _classifier(features: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> Any:
    return LogisticRegression(max_iter=1000).fit(features, labels)


def _ranked_above(
    discriminator: Discriminator,
    reals: npt.NDArray[np.float32],
    real_labels: npt.NDArray[np.int64],
    fakes: npt.NDArray[np.float32],
    fake_labels: npt.NDArray[np.int64],
) -> float:
    """Mean over classes of P(D(real) > D(fake)) for a pair of that class; 0.5: the discriminator cannot tell."""
    device = next(discriminator.parameters()).device
    real_logits, fake_logits = (
        discriminator(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)).float().cpu().numpy()
        for images, labels in ((reals, real_labels), (fakes, fake_labels))
    )
    wins = [
        np.mean(real_logits[real_labels == c][:, None] > fake_logits[fake_labels == c][None, :])
        for c in np.unique(real_labels)
    ]
    return float(np.mean(wins))
