"""Judges a training GAN on validation rows that gave it no gradient, and so chooses the snapshot to keep.

Two figures make the score, because neither is enough alone: KID asks whether the synthetic images lie where real ones
do, the classification accuracy score (CAS, Ravuri & Vinyals 2019, arXiv 1905.10887) asks whether a classifier that saw
nothing but synthetic images recognises real ones. Under conditions both are satisfied early (colours come before
shapes, and a linear classifier tells few shapes in many colours), so there a third one counts: how rarely a fresh
critic is right. Three more are kept apart: how often the training discriminator ranks
a real image above a generated one, for train reals (balance) and for held-out reals (a wide gap between the two is a
discriminator that knows its train reals by heart), and how often a fresh critic tells held-out reals from synthetic
images (the equilibrium; see `stop_rule`).

Where there is one class only (a GAN of one class, or one that learns without labels) there is nothing to classify: the
score is KID alone, and the alarms ask for everything but agreement with a label.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_augment.core.samples import TrainView, ValidationView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.encoding.feature_space import fit_feature_space
from gan_augment.encoding.image import PixelLevels, encode_images
from gan_augment.fidelity.distances import kernel_distance
from gan_augment.fidelity.likeness import Likeness
from gan_augment.fidelity.two_sample import two_sample_test
from gan_augment.nn.image_networks import Generator
from gan_augment.synthesis.api import TrainingData
from gan_augment.synthesis.health.alarms import MIN_ROWS, Ranking, class_alarm, ranking
from gan_augment.synthesis.health.label_judge import LabelJudge
from gan_augment.synthesis.health.usual_noise import Conditions, NoiseSource, UsualNoise

__all__ = ["LEAST_KID", "Monitor", "Reading"]

SAMPLES_PER_CLASS = 40
JUDGED_SAMPLES = 200  # a class, for its alarms: as many as it takes to tell overlapping classes apart
LEAST_KID = 1e-9
HALVINGS = 8  # of the held-out rows
MOST_SAMPLES = 1000  # of a single class, which gets as many as there are held-out rows

Reading = Callable[[nn.Module, Tensor, torch.Generator], float]  # (discriminator, held-out images, rng) -> [0, 1]


class Monitor:
    """Holds the real rows in the feature space of the check, which was fitted on train rows alone.

    Parameters
    ----------
    conditional
        False: all rows are one class, number 0, whatever their labels say.
    draw_noise
        What the generator starts from; None: normal numbers.
    conditions
        Conditions of both networks; None: the class alone. Held-out rows under conditions that nothing is drawn under
        are left out: beside them a perfect generator would look wrong, and nearer to train than fresh rows are.
    reading
        A figure of the discriminator on held-out images that counts for the score as CAS does where there are classes.
    """

    def __init__(
        self,
        train: TrainView,
        validation: ValidationView,
        seed: int,
        *,
        conditional: bool = True,
        draw_noise: NoiseSource | None = None,
        reading: Reading | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        self.seed, self.reading = seed, reading
        validation = _comparable(validation, conditions)
        self.train_images = encode_images(np.asarray(train.samples.payload))
        self.validation_images = encode_images(np.asarray(validation.samples.payload))
        self.train_labels, self.validation_labels = (
            view.labels if conditional else np.zeros(len(view), dtype=np.int64) for view in (train, validation)
        )
        self.classes, self.conditions = np.unique(self.train_labels), conditions
        self.train_told, self.validation_told = (
            (self.train_labels, self.validation_labels)
            if conditions is None
            else (conditions.of_rows(train), conditions.of_rows(validation))
        )
        # Many held-out rows of one class cannot be covered by 40 synthetic ones, however good.
        of_one = int(np.clip(len(validation), SAMPLES_PER_CLASS, MOST_SAMPLES))
        self.draws = SAMPLES_PER_CLASS if len(self.classes) > 1 else of_one  # a class, at every look
        self.noise = UsualNoise(PixelLevels.of(np.asarray(train.samples.payload)), seed, draw_noise, conditions)
        self.space = fit_feature_space(train)
        self.train_features = self.space(train.samples.payload)
        self.validation_features = self.space(validation.samples.payload)
        self.usual_kid = max(_usual_kid(self.validation_features, seed), LEAST_KID)
        self.judge = None
        if len(self.classes) > 1:
            held_out = self.validation_features, self.validation_labels
            groups = train.samples.manifest["group"].to_numpy()
            self.judge = LabelJudge(
                self.train_features,
                self.train_labels,
                *held_out,
                groups=groups,
                same_mix=conditions is None,
                seed=seed,
            )

    @classmethod
    def where_enough(
        cls,
        data: TrainingData,
        seed: int,
        *,
        conditional: bool = True,
        draw_noise: NoiseSource | None = None,
        reading: Reading | None = None,
        conditions: Conditions | None = None,
    ) -> Monitor | None:
        """A monitor, or None where there are too few validation rows for its figures to mean anything."""
        if data.validation is None or len(_comparable(data.validation, conditions)) < MIN_ROWS:
            return None
        return cls(
            data.train,
            data.validation,
            seed,
            conditional=conditional,
            draw_noise=draw_noise,
            reading=reading,
            conditions=conditions,
        )

    @torch.inference_mode()
    def check(self, generator: Generator, discriminator: nn.Module, first_kid: float | None) -> dict[str, float]:
        """One row of the training curve. `first_kid`: the first check's, KID's scale beside CAS; None: this is it."""
        labels = np.repeat(self.classes, self.draws)
        pixels = self.noise.draw(generator, labels)
        images, features = encode_images(pixels), self.space(pixels)
        kid = kernel_distance(self.validation_features, features)
        critic = two_sample_test(self.validation_features, features, seed=self.seed)
        second = self._accuracy_on_synthetic(features, labels) | self._read(discriminator)
        if self.conditions is not None:
            second["indistinct"] = min(2 * (1 - critic.accuracy), 1.0)
        scale = max(kid if first_kid is None else first_kid, self.usual_kid)
        return {
            "kid": kid,
            **second,
            "score": sum(second.values()) - max(kid, 0.0) / scale,  # an unbiased KID below 0 is a 0 with noise
            **self._ranked_above(discriminator, images, labels),
            "critic_accuracy": critic.accuracy,
            "critic_pvalue": critic.pvalue,
            "critic_rows": critic.test_rows,
        }

    def _accuracy_on_synthetic(self, features: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> dict[str, float]:
        if len(self.classes) == 1:
            return {}
        from sklearn.metrics import balanced_accuracy_score

        predicted = _classifier(features, labels).predict(self.validation_features)
        return {"cas": float(balanced_accuracy_score(self.validation_labels, predicted))}

    def _ranked_above(
        self, discriminator: nn.Module, images: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
    ) -> dict[str, float]:
        """How often the discriminator ranks train reals, and held-out ones, above these images of their class."""
        fakes = _logits(discriminator, images, self._told(labels))
        train = _logits(discriminator, self.train_images, self.train_told)
        held_out = _logits(discriminator, self.validation_images, self.validation_told)
        return {
            "discriminator_train": _share_above(train, self.train_labels, fakes, labels),
            "discriminator_held_out": _share_above(held_out, self.validation_labels, fakes, labels),
        }

    def _told(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return labels if self.conditions is None else self.conditions.of_classes(labels)

    def _read(self, discriminator: nn.Module) -> dict[str, float]:
        if self.reading is None:
            return {}
        device = next(discriminator.parameters()).device
        rng = torch.Generator().manual_seed(derive_seed(self.seed, "reading"))  # the same changes at every check
        return {"reading": self.reading(discriminator, torch.from_numpy(self.validation_images).to(device), rng)}

    @torch.inference_mode()
    def alarms(self, generator: Generator) -> dict[int, str]:
        """Class index -> what is wrong with it; classes without an entry are healthy."""
        found = {}
        for index in self.classes:
            drawn = self.space(self.noise.draw(generator, np.full(max(self.draws, JUDGED_SAMPLES), index)))
            of_class = (
                self.train_features[self.train_labels == index],
                self.validation_features[self.validation_labels == index],
            )
            if problem := class_alarm(*of_class, drawn, self._likeness(drawn, int(index))):
                found[int(index)] = problem
        return found

    @torch.inference_mode()
    def ranking(self, generator: Generator, discriminator: nn.Module) -> Ranking:
        """Of held-out images beside generated ones, by `discriminator`."""
        indices = np.repeat(self.classes, self.draws)
        images = encode_images(self.noise.draw(generator, indices))
        reals = _logits(discriminator, self.validation_images, self.validation_told)
        fakes = _logits(discriminator, images, self._told(indices))
        return ranking(
            *(
                [found[of == c] for c in self.classes]
                for found, of in ((reals, self.validation_labels), (fakes, indices))
            )
        )

    def _likeness(self, features: npt.NDArray[Any], index: int) -> Likeness | None:
        if self.judge is None or not np.isfinite(features).all():
            return None
        return self.judge.likeness(features, index)


def _comparable(validation: ValidationView, conditions: Conditions | None) -> ValidationView:
    """The held-out rows under conditions that rows are drawn under."""
    if conditions is None:
        return validation
    return ValidationView(validation.spec, validation.samples.take(conditions.comparable(validation)))


def _usual_kid(held_out: npt.NDArray[Any], seed: int) -> float:
    """The size of a KID of real rows to real rows: a first KID that is smaller is no scale for others but noise."""
    rows, found = min(len(held_out), MOST_SAMPLES), []
    for number in range(HALVINGS if rows >= 4 else 0):
        order = numpy_generator(seed, "halves", number).permutation(rows)
        found.append(abs(kernel_distance(held_out[order[: rows // 2]], held_out[order[rows // 2 :]])))
    return float(np.mean(found)) if found else 0.0


def _classifier(features: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000).fit(features, labels)


def _share_above(
    reals: npt.NDArray[np.float32],
    real_labels: npt.NDArray[np.int64],
    fakes: npt.NDArray[np.float32],
    fake_labels: npt.NDArray[np.int64],
) -> float:
    """Mean over classes of P(D(real) > D(fake)) for a pair of that class; 0.5: the discriminator cannot tell."""
    wins = [
        np.mean(reals[real_labels == c][:, None] > fakes[fake_labels == c][None, :]) for c in np.unique(real_labels)
    ]
    return float(np.mean(wins))


def _logits(
    discriminator: nn.Module, images: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    device = next(discriminator.parameters()).device
    found: Tensor = discriminator(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))
    logits: npt.NDArray[np.float32] = found.float().cpu().numpy()
    return logits
