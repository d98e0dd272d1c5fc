"""Which classifiers a project uses, and how they are made; what they are is said in `api`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gan_augment.core.errors import ParamsError
from gan_augment.core.records import Modality, Role
from gan_augment.core.samples import Samples
from gan_augment.downstream.api import Classifier
from gan_augment.downstream.config import (
    Arm,
    ClassicalConfig,
    ClassifierConfig,
    CnnConfig,
    HistGradientBoostingConfig,
    LinearProbeConfig,
    LogisticRegressionConfig,
    Mode,
    RandomForestConfig,
    RetrainConfig,
)
from gan_augment.downstream.questions import EachQuestion
from gan_augment.scoring.tasks import Task
from gan_augment.scoring.tasks.text import Text

__all__ = ["choose_classifiers", "classifiers_of", "make_classifier", "modes_of"]

_FIRST: dict[Modality, ClassifierConfig] = {"image": CnnConfig(), "table": HistGradientBoostingConfig()}
_OF_ROWS = ("logistic_regression", "random_forest", "hist_gradient_boosting", "custom")
_KINDS: dict[Modality, tuple[str, ...]] = {"image": ("cnn", "linear_probe", *_OF_ROWS), "table": _OF_ROWS}
Target = Literal["label"] | Role


def choose_classifiers(
    config: RetrainConfig, modality: Modality, target: Target = "label"
) -> tuple[ClassifierConfig, ClassifierConfig | None]:
    """The classifier and the second opinion, with the defaults for the modality filled in.

    Strings are read by a network alone, so that there is no second opinion about them.

    Raises
    ------
    ParamsError
        A cnn or a linear probe was asked for and the data is a table; fine-tuning, and no cnn; or anything but a cnn,
        and strings are what is learnt.
    """
    if target == "text":
        return _reading(config)
    first = config.classifier or _FIRST[modality]
    second: ClassifierConfig | None
    if config.second_opinion == "none":
        second = None
    elif config.second_opinion == "auto":
        second = RandomForestConfig() if first.kind == "logistic_regression" else LogisticRegressionConfig()
    else:
        second = config.second_opinion
    for chosen, key in ((first, "classifier"), (second, "second_opinion")):
        if chosen is not None and chosen.kind not in _KINDS[modality]:
            raise ParamsError(
                f"A {chosen.kind} cannot be fitted on a {modality}",
                where=f"retrain.{key}.kind in params.yaml",
                got=chosen.kind,
                expected=", ".join(_KINDS[modality][:-1]) + f" or {_KINDS[modality][-1]}",
            )
    if "fine_tuned" in config.modes and first.kind != "cnn":
        raise ParamsError(
            f"A {first.kind} cannot be fine-tuned: it is not trained step by step",
            where="retrain.modes in params.yaml",
            got=", ".join(config.modes),
            expected="pooled alone, or `retrain.classifier: {kind: cnn}` for images",
        )
    return first, second


def _reading(config: RetrainConfig) -> tuple[ClassifierConfig, None]:
    """The network that reads strings. Raises ParamsError where another classifier is asked for."""
    asked = {"classifier": config.classifier, "second_opinion": config.second_opinion}
    for key, chosen in asked.items():
        kind = getattr(chosen, "kind", None)
        if kind is not None and (key == "second_opinion" or kind != "cnn"):
            raise _no_reader(f"retrain.{key}.kind in params.yaml", str(kind), key)
    return config.classifier or _FIRST["image"], None


def _no_reader(where: str, kind: str, key: str) -> ParamsError:
    remedy = "set retrain.second_opinion to auto or none" if key == "second_opinion" else f"take it out of {key}"
    return ParamsError(
        f"A {kind} cannot read strings",
        where=where,
        got=f"{kind}, and prepare.target: text",
        expected="a cnn, and no second opinion",
        remedy="set retrain.classifier to {kind: cnn}" if key == "classifier" else remedy,
    )


def modes_of(classifier: ClassifierConfig, config: RetrainConfig) -> tuple[Mode, ...]:
    """The modes that a classifier knows: one that is not trained step by step has no order of rows."""
    return config.modes if classifier.kind == "cnn" else ("pooled",)


def classifiers_of(
    arm: Arm, config: RetrainConfig, modality: Modality, target: Target = "label"
) -> tuple[ClassifierConfig, ClassifierConfig | None]:
    """The classifiers of an arm: those of `choose_classifiers`, but for the arm that brings its own.

    Raises ParamsError.
    """
    if arm != "linear_probe":
        return choose_classifiers(config, modality, target)
    if target == "text":
        raise _no_reader("retrain.arms in params.yaml", "linear_probe", "retrain.arms")
    return LinearProbeConfig(), None


def make_classifier(
    config: ClassifierConfig,
    classical: ClassicalConfig,
    *,
    train_rows: int,
    device: str = "cpu",
    root: Path | None = None,
    seed: int = 0,
    pool: Samples | None = None,
    task: Task | None = None,
) -> Classifier:
    """The classifier of these settings: the learner of a task.

    Parameters
    ----------
    train_rows
        Real train rows, the same for every arm: they set a cnn's default number of steps.
    root
        Where the module of a custom estimator is looked for, beside the installed packages.
    seed, pool
        `pool` holds all rows that `fit` will be called on: a cnn then makes their augmented versions, seeded by
        `seed`, only once.
    task
        What it learns; the class of a row if None. A network answers all questions of a task at once, other
        classifiers are fitted once a question.
    """
    several = task if task is not None and task.levels else None
    if isinstance(config, CnnConfig) and isinstance(task, Text):
        from gan_augment.downstream.networks import TextClassifier  # imports torch

        return TextClassifier(config, classical, train_rows=train_rows, device=device, seed=seed, pool=pool, task=task)
    if isinstance(config, CnnConfig):
        from gan_augment.downstream.networks import CnnClassifier  # imports torch

        return CnnClassifier(
            config, classical, train_rows=train_rows, device=device, seed=seed, pool=pool, task=several
        )
    from gan_augment.downstream.estimators import EstimatorClassifier

    classifier = EstimatorClassifier(config, classical, root=root, device=device)
    return classifier if several is None else EachQuestion(classifier, several)
