"""A small tabular GAN, and rows of one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gan_augment.synthesis.api import SampleRequest

SMALL: dict[str, Any] = {"width": 32, "batch_size": 64}


def draw(model: Any, label: int, count: int = 1500) -> pd.DataFrame:
    batches = model.sample(SampleRequest(index=label, count=count, seed=1))
    return pd.concat([batch.payload for batch in batches], ignore_index=True)
