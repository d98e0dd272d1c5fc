"""Tables as a library, without the pipeline: `fit` and `sample` on a pandas frame, `fit_resample` for imbalanced-learn.

>>> from sklearn.datasets import load_iris
>>> from gan_augment.tabular import TableSynthesizer
>>> frame = load_iris(as_frame=True).frame
>>> rows = TableSynthesizer("copula").fit(frame, target="target").sample({0: 10, 2: 30})
>>> rows["target"].value_counts().to_dict()
{2: 30, 0: 10}

Whether such rows improve a classifier is a separate question: `choose_augmentation` answers it for a frame, the
pipeline with a test part that is used for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gan_augment.tabular.frame import TableSynthesizer

if TYPE_CHECKING:
    from gan_augment.tabular.chooser import AugmentationChoice, choose_augmentation
    from gan_augment.tabular.over_sampler import SyntheticOverSampler

__all__ = ["AugmentationChoice", "SyntheticOverSampler", "TableSynthesizer", "choose_augmentation"]


def __getattr__(name: str) -> Any:
    """Attribute that needs imbalanced-learn or scikit-learn's classifiers, imported at its first use."""
    if name == "SyntheticOverSampler":
        from gan_augment.tabular.over_sampler import SyntheticOverSampler

        return SyntheticOverSampler
    if name in ("AugmentationChoice", "choose_augmentation"):
        from gan_augment.tabular import chooser

        return getattr(chooser, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
