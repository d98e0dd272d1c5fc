"""Everything that the report is made of, read from the outputs of the other stages. Any optional part may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gan_augment.core.records import DatasetSpec
from gan_augment.core.samples import Samples

__all__ = ["Evidence"]

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What was measured and made.

    Attributes
    ----------
    pool
        Of images the rows that only synthesizers see; None where there are none.
    train, accepted, rejected
        Real train rows; synthetic rows that curation accepted, in order of preference, as far as they are shown or
        compared (see `rows`); some that it rejected (of images).
    scores
        One row a candidate that is shown, indexed by id: accepted, rejected_by, judge_probability, copy_distance,
        nearest.
    measure, curate, mix, audit
        The JSON reports of these stages.
    ratios
        The ratio curve: ratio, the headline, standard_error.
    curves
        Training curves by name: "pretrain", and class keys.
    served
        served.json by class key.
    models
        Facts that a class's model keeps about its own training (steps, why it stopped), by class key; may be empty.
    asked
        The attributes that the rows of `accepted` were asked for, in their order; None where they have none.
    precision, unknown
        Of a method that judges its attributes, by column and value: figures, and why a value is not claimed.
    provenance
        Titled lists of (name, value) for the last section: seeds, versions, settings.
    captioned
        Some accepted rows with the captions that they were drawn for; None where rows have none.
    scripts
        Row id -> the picture uint8 [h, w, c] that a script drew of it before it was translated; may be empty.
    """

    spec: DatasetSpec
    train: Samples
    accepted: Samples
    rejected: Samples
    scores: pd.DataFrame
    measure: Figures
    curate: Figures
    mix: Figures = field(default_factory=dict)
    audit: Figures = field(default_factory=dict)
    ratios: pd.DataFrame | None = None
    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    served: Mapping[str, Figures] = field(default_factory=dict)
    models: Mapping[str, Figures] = field(default_factory=dict)
    asked: pd.DataFrame | None = None
    precision: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    provenance: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    pool: Samples | None = None
    captioned: Samples | None = None
    scripts: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
