"""Settings of `retrain`: the classifier, the classical augmentation, the arms."""

from __future__ import annotations

from gan_augment.core.records import Record

__all__ = ["RetrainConfig"]


class RetrainConfig(Record):
    """The `retrain` section."""
