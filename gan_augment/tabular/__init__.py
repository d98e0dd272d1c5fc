"""Tables as a library, without the pipeline: `fit` and `sample` on a pandas frame, `fit_resample` for imbalanced-learn.

>>> from gan_augment.tabular import TableSynthesizer
>>> model = TableSynthesizer("tabular_gan").fit(frame, target="species")        # doctest: +SKIP
>>> rows = model.sample({"Gentoo": 100, "Adelie": 20})                          # doctest: +SKIP

Whether such rows make a classifier better is another question: the pipeline answers it, this module does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gan_augment.tabular.frame import TableSynthesizer

if TYPE_CHECKING:
    from gan_augment.tabular.over_sampler import SyntheticOverSampler

__all__ = ["SyntheticOverSampler", "TableSynthesizer"]


def __getattr__(name: str) -> Any:
    """`SyntheticOverSampler`, imported when it is first asked for: importing imbalanced-learn takes its time."""
    if name == "SyntheticOverSampler":
        from gan_augment.tabular.over_sampler import SyntheticOverSampler

        return SyntheticOverSampler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
