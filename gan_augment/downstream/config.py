"""Settings of `retrain`: the classifier, a second opinion, the classical augmentation, the arms and the seeds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from gan_augment.core.quantities import Rounds, Samples, Weight
from gan_augment.core.records import Record
from gan_augment.core.user_functions import PATTERN

__all__ = [
    "ARMS",
    "Arm",
    "ClassicalConfig",
    "ClassifierConfig",
    "CnnConfig",
    "CustomConfig",
    "HistGradientBoostingConfig",
    "LinearProbeConfig",
    "LogisticRegressionConfig",
    "Mode",
    "RandomForestConfig",
    "RetrainConfig",
]

Arm = Literal[
    "real", "real_classical", "cheap", "real_synthetic", "real_classical_synthetic", "synthetic", "linear_probe"
]
# `linear_probe` needs the extra `features`, and must be asked for.
ARMS: tuple[Arm, ...] = tuple(arm for arm in get_args(Arm) if arm != "linear_probe")


Mode = Literal["pooled", "fine_tuned"]


class CnnConfig(Record):
    """A small convolutional network: images only. Every arm takes exactly `steps` steps of `batch_size` images.

    Without `steps` it is 30 passes over the real train images, at least 200 and at most 3000 steps, for every arm.
    """

    kind: Literal["cnn"] = "cnn"
    steps: int | None = Field(default=None, ge=1, le=1_000_000)
    batch_size: int = Field(default=64, ge=2, le=4096)
    learning_rate: float = Field(default=6e-3, gt=0, le=1)
    width: int = Field(default=16, ge=2, le=512)

    def steps_for(self, train_rows: int) -> int:
        """`steps`, or the default for this many real train images."""
        return self.steps or min(max(200, round(30 * train_rows / self.batch_size)), 3000)


class LogisticRegressionConfig(Record):
    """Multinomial logistic regression: on scaled columns, or on the principal components of the pixels."""

    kind: Literal["logistic_regression"] = "logistic_regression"
    C: Weight = Field(default=1.0, gt=0)
    iterations: Rounds = Field(default=300, ge=1)


class LinearProbeConfig(Record):
    """Logistic regression on the features of a network trained on photographs (extra `features`): images only.

    The network is frozen. Its features are scaled to unit deviation. The arm `linear_probe` also tries half-whitened
    features, ridge regression and discriminant analysis.
    """

    kind: Literal["linear_probe"] = "linear_probe"
    C: Weight = Field(default=0.01, gt=0)
    iterations: Rounds = Field(default=300, ge=1)


class RandomForestConfig(Record):
    """A forest of unpruned trees."""

    kind: Literal["random_forest"] = "random_forest"
    trees: Rounds = Field(default=200, ge=1)
    min_samples_leaf: Samples = Field(default=1, ge=1)


class HistGradientBoostingConfig(Record):
    """Gradient boosting on binned columns, a fixed number of rounds. `column_share` is what makes seeds differ."""

    kind: Literal["hist_gradient_boosting"] = "hist_gradient_boosting"
    iterations: Rounds = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    min_samples_leaf: Samples = Field(default=5, ge=1)
    column_share: float = Field(default=0.7, gt=0, le=1)


class CustomConfig(Record):
    """Your own estimator: `factory` names a function that returns an object with fit, predict_proba and classes_.

    `settings` are its keyword arguments; `random_state=<seed>` is handed over too where it takes one. `input` is what
    fit gets: "encoded" a numeric matrix (scaled columns, one-hot categories; pixels in 0 .. 1), "raw" the DataFrame or
    the uint8 images as they are.
    """

    kind: Literal["custom"] = "custom"
    factory: str = Field(pattern=PATTERN)
    settings: dict[str, Any] = Field(default_factory=dict)
    input: Literal["encoded", "raw"] = "encoded"


ClassifierConfig = Annotated[
    CnnConfig
    | LogisticRegressionConfig
    | LinearProbeConfig
    | RandomForestConfig
    | HistGradientBoostingConfig
    | CustomConfig,
    Field(discriminator="kind"),
]


class ClassicalConfig(Record):
    """Classical augmentation of images with albumentations; `strength` scales every magnitude, 0 switches it off.

    `views` is how many augmented versions an image gets at most; they are made once and shared by the seeds, because
    albumentations takes several times as long as a training step on small images. Few views starve rare classes, which
    balanced sampling shows hundreds of times: 16 of them cost the baseline points of rare recall on a long tail.
    """

    strength: float = Field(default=1.0, ge=0, le=5)
    shift: float = Field(default=0.08, ge=0, le=0.5, description="share of the side")
    rotate: float = Field(default=10.0, ge=0, le=180, description="degrees, either way")
    scale: float = Field(default=0.1, ge=0, lt=1, description="share of the size, either way")
    noise: float = Field(default=0.04, ge=0, le=0.5, description="largest standard deviation, share of full range")
    flip_horizontal: bool = False
    flip_vertical: bool = False
    views: int = Field(default=1000, ge=1, le=1_000_000)


class RetrainConfig(Record):
    """The `retrain` section. Without `classifier`, images get a cnn and tables hist_gradient_boosting.

    `second_opinion` repeats the comparison with another family of classifiers, because a gain that vanishes with
    another classifier is worth knowing about: "auto" takes logistic_regression (where that is the first, a forest),
    "none" leaves it out. The arm `linear_probe` is one more baseline for images: real rows alone, and
    `LinearProbeConfig` instead of the classifier. With `fine_tuned` among `modes`, each variant with rows that are not
    real is tried once more, with half of the real rows' showings at the end, on their own; it needs a cnn.
    """

    classifier: ClassifierConfig | None = None
    second_opinion: ClassifierConfig | Literal["auto", "none"] = "auto"
    classical: ClassicalConfig = ClassicalConfig()
    arms: tuple[Arm, ...] = ARMS
    modes: tuple[Mode, ...] = Field(
        default=("pooled",),
        description="pooled: real and other rows together; fine_tuned: real rows once more at the end",
    )
    seeds: int = Field(default=5, ge=2, le=1000)

    @field_validator("modes")
    @classmethod
    def _pooled_too(cls, modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
        if "pooled" not in modes or len(set(modes)) < len(modes):
            raise ValueError("`pooled` must be among them, and none twice: [pooled] or [pooled, fine_tuned]")
        return modes

    @field_validator("arms")
    @classmethod
    def _comparable(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        if len(set(arms)) < len(arms):
            raise ValueError("an arm is named twice")
        if "real" not in arms:
            raise ValueError("the arm `real` is the baseline and must be among them")
        if not {"real_synthetic", "real_classical_synthetic"} & set(arms):
            raise ValueError("real_synthetic or real_classical_synthetic must be among them: the gain is theirs")
        return arms
