from __future__ import annotations

import numpy as np
import pytest

from gan_augment.curation.table_models import fit_table_model


@pytest.mark.parametrize("kind", ["forest", "linear", "both"])
def test_table_models_give_absent_classes_nothing(kind: str) -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, 1, (20, 2)), rng.normal(5, 1, (20, 2))]).astype(np.float32)
    labels = np.repeat([0, 2], 20)
    found = fit_table_model(rows, labels, 4, kind, seed=1)(rows)  # type: ignore[arg-type]
    assert found.shape == (40, 4)
    np.testing.assert_array_equal(found[:, [1, 3]], 0)
    assert (found.argmax(axis=1) == labels).mean() > 0.95


def test_one_class_alone_is_certain() -> None:
    rows = np.zeros((5, 2), np.float32)
    found = fit_table_model(rows, np.full(5, 1), 2, "both", seed=0)(rows)
    np.testing.assert_array_equal(found, [[0, 1]] * 5)
