"""`privacy_signals`: measurable signs that synthetic rows reveal the rows from which they were learnt.

None of it is a proof. See docs/privacy.md for the meaning and the limits of each figure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.errors import DataError
from gan_augment.core.records import TableSpec
from gan_augment.curation.nearest_records import ClosestRecord, closest_record
from gan_augment.encoding.table import TableCodec
from gan_augment.tabular.arguments import frame_of, whole
from gan_augment.tabular.exposure import Exposure, exposed_values
from gan_augment.tabular.frame import checked_labels, column_of
from gan_augment.tabular.membership import MembershipAttack, membership_attack

__all__ = ["PrivacySignals", "privacy_signals"]


@dataclass(frozen=True)
class PrivacySignals:
    """Four signals of privacy leaks.

    Attributes
    ----------
    copies
        The number of synthetic rows that repeat a train row, beside `heldout_copies`: in a table of few levels, rows
        repeat by themselves.
    heldout_copies
        The number of held-out rows that repeat a train row.
    closest
        Distances to the closest train record, of synthetic and of held-out rows.
    membership
        The attack that classifies a record as a member if a synthetic row of its class is near.
    exposed
        Columns of which synthetic rows repeat rare values.
    """

    copies: int
    heldout_copies: int
    closest: ClosestRecord
    membership: MembershipAttack | None
    exposed: list[Exposure]

    @property
    def distance_ratio(self) -> float:
        """Median distance of a synthetic row to the closest train row, over that of a fresh row; 1: like fresh rows."""
        return self.closest.median / self.closest.heldout_median if self.closest.heldout_median else 1.0

    def to_json(self) -> dict[str, Any]:
        """Plain dict for JSON."""
        return {**asdict(self), "distance_ratio": self.distance_ratio}


def privacy_signals(
    train: pd.DataFrame, heldout: pd.DataFrame, synthetic: pd.DataFrame, target: str, *, seed: int = 0
) -> PrivacySignals:
    """Compare synthetic rows with their train rows, and with fresh real rows of the same source.

    Parameters
    ----------
    train, heldout, synthetic
        Frames with the same columns. `heldout` must not have been used for the fit: without rows that are known to be
        new, "near" has no measure.
    target
        The column of class labels.

    Raises
    ------
    DataError
        A frame is empty, or lacks the target or a column.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment.tabular import TableSynthesizer
    >>> from gan_augment.tabular.privacy import privacy_signals
    >>> iris = load_iris(as_frame=True).frame
    >>> train, heldout = iris[::2], iris[1::2]
    >>> synthetic = TableSynthesizer("oversample").fit(train, "target").sample(60)
    >>> signals = privacy_signals(train, heldout, synthetic, "target")
    >>> signals.copies, signals.heldout_copies  # `oversample` repeats train rows
    (60, 1)
    """
    whole(seed, "seed", least=None, most=None)
    checked_labels(train, target)
    for name, frame in (("train", train), ("heldout", heldout), ("synthetic", synthetic)):
        absent = sorted({target, *train.columns} - set(frame_of(frame, name).columns), key=str)
        if absent:
            raise DataError("A frame lacks a column", where=name, got=f"no column {absent[0]!r}")
    features = train.drop(columns=[target])
    table = TableSpec(columns=tuple(column_of(features[name]) for name in features.columns), target=target)
    codec = TableCodec.fit(features, table, scale="standard")
    rows = [codec.encode(frame) for frame in (train, heldout, synthetic)]
    labels = [frame[target].astype(str).to_numpy() for frame in (train, heldout, synthetic)]
    cells = [_class(rows, labels, label) for label in np.unique(labels[0])]
    known = set(_keys(features))
    return PrivacySignals(
        copies=sum(key in known for key in _keys(synthetic[features.columns])),
        heldout_copies=sum(key in known for key in _keys(heldout[features.columns])),
        closest=closest_record(*rows, seed=seed),
        membership=membership_attack(cells),
        exposed=exposed_values(train, synthetic, table),
    )


def _class(rows: list[npt.NDArray[np.float32]], labels: list[Any], label: str) -> Any:
    return tuple(part[own == label] for part, own in zip(rows, labels, strict=True))


def _keys(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    text = frame.astype("string").fillna("\0")
    return list(text.itertuples(index=False, name=None))
