"""Real train rows that a method keeps as they are, to draw from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples, write_samples
from gan_augment.synthesis.kit.checks import check_index

__all__ = ["KeptRows"]


class KeptRows:
    """Base of fitted models that are real rows. A subclass has `spec` and `rows`, and gives `method_name`."""

    spec: DatasetSpec
    rows: Samples

    @property
    def method_name(self) -> str:
        """The method's name, for messages."""
        raise NotImplementedError

    def own(self, index: int) -> Samples:
        """Rows of one class. Raises MethodError where there are none."""
        indices = self.rows.label_indices(self.spec)
        check_index(index, np.unique(indices), self.spec, self.method_name)
        return self.rows.take(np.flatnonzero(indices == index))

    def save_rows(self, directory: Path) -> None:
        """The folder `rows` in a model's directory."""
        (directory / "rows").mkdir()
        write_samples(directory / "rows", self.rows)
