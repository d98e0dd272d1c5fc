"""`tabular_gan`: a conditional GAN that starts from each class's copula and corrects what the copula gets wrong.

The generator is u + f(u, class), where u is a sample of the class's shrunk Gaussian copula (`copula.py`) and f starts
at 0: before the first step it *is* the copula, and the adversarial part only has to learn the difference. A projection
discriminator over packs of rows, relativistic pairing with lazy R1 and R2 penalties (Huang et al. 2024,
arXiv 2501.05441), a little noise on the real rows, straight-through softmax for categories, an EMA of the generator.

A discriminator can learn a class's few rows by heart, and the correction is then wrong. So a sample is
u + t f(u, class), with t = n / (n + trust_rows) for a class of n train rows: the correction is shrunk, too.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import ClassVar

import numpy as np

from gan_augment.core.errors import MethodError
from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import TrainView
from gan_augment.core.seeds import derive_seed, numpy_generator
from gan_augment.synthesis.api import MethodConfig, Run, TrainingData, Traits
from gan_augment.synthesis.generators.copula import read_copulas
from gan_augment.synthesis.generators.tabular_gan.model import (
    FittedTabularGan,
    TabularGanConfig,
    fresh_model,
    one_thread,
)
from gan_augment.synthesis.generators.tabular_gan.training import TabularGanRun
from gan_augment.synthesis.kit.checks import check_index, table_rows
from gan_augment.synthesis.kit.class_copulas import fit_copulas
from gan_augment.synthesis.kit.row_limit import row_limit
from gan_augment.synthesis.kit.table_model import read_head, table_head
from gan_augment.training.checkpoint import load_module

__all__ = ["TabularGan"]


class TabularGan:
    """The conditional GAN for tables: corrects draws of each class's copula until a critic takes them for real rows."""

    name: ClassVar[str] = "tabular_gan"
    traits: ClassVar[Traits] = Traits(makes=frozenset({"table"}), label_from="condition", specialises=True)
    Config: ClassVar[type[MethodConfig]] = TabularGanConfig

    def fit(self, data: TrainingData, config: TabularGanConfig, run: Run) -> FittedTabularGan:
        """The codec, the copulas and one GAN over all classes. Nothing is chosen on validation rows."""
        train = data.train
        frame, head = table_head(train, config, self.name)
        codec = head.codec
        drawing = numpy_generator(run.seed, "copula")
        used = row_limit(train.labels, config.max_rows, run.seed)
        matrix, labels = codec.encode(frame.iloc[used], drawing), train.labels[used]
        copulas = fit_copulas(
            matrix, labels, codec.blocks, drawing, shrinkage=config.shrinkage, smoothing=config.smoothing
        )
        fitted = fresh_model(head, copulas, derive_seed(run.seed, "initial weights"), run.device)
        fitted.summary |= {"rows_used": len(used), **fitted.dependencies}
        places = np.searchsorted(copulas.classes, labels)
        with one_thread():
            steps = config.steps_for(len(frame))
            TabularGanRun(fitted, matrix, places, run.derive("joint"), steps=steps, rate_scale=1.0).train()
        return fitted

    def specialise(
        self, joint: FittedTabularGan, train: TrainView, config: TabularGanConfig, index: int, run: Run
    ) -> FittedTabularGan:
        """A copy of the joint model, trained on for `specialise_steps` on one class at half the learning rate.

        On the joint model's device.
        """
        frame, _ = table_rows(train, self.name)
        if set(train.labels) != {index}:
            raise MethodError("Rows of other classes were given to a model of one class", got=str(set(train.labels)))
        check_index(index, joint.known, joint.spec, self.name)
        fitted = copy.deepcopy(joint)
        fitted.index, fitted.config = index, config
        used = row_limit(train.labels, config.max_rows, run.seed)
        matrix = fitted.codec.encode(frame.iloc[used], numpy_generator(run.seed, "specialise"))
        places = np.searchsorted(fitted.copulas.classes, train.labels[used])
        with one_thread():
            own = run.derive("specialise", index)
            TabularGanRun(fitted, matrix, places, own, steps=config.specialise_steps, rate_scale=0.5).train()
        return fitted

    def load(self, directory: Path, spec: DatasetSpec, *, device: str = "cpu") -> FittedTabularGan:
        """Read a saved model. Raises ModelError where it is damaged or another method's."""
        about, head = read_head(directory, spec, self.name, TabularGanConfig)
        fitted = fresh_model(head, read_copulas(directory), 0, device)
        load_module(directory / "generator.safetensors", fitted.generator)
        load_module(directory / "discriminator.safetensors", fitted.discriminator)
        fitted.index, fitted.stats, fitted.summary = about["label"], about["stats"], about["summary"]
        return fitted
