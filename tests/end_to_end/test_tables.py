"""A CSV, from `init` to shards."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.end_to_end.conftest import UserProject


def test_the_verdict_and_the_shards_are_there(table: UserProject) -> None:
    measured = table.read("reports/measure.json")
    assert measured["verdict"] in ("helps", "no measurable difference", "hurts", "not tried")
    assert measured["test_rows"] > 0
    table.run("gan-augment", "verify")
    assert table.stale() == set()


def test_synthetic_rows_look_like_the_source(table: UserProject) -> None:
    source = pd.read_csv(table.root / "patients.csv")
    rows = pd.concat([pd.read_parquet(path) for path in sorted((table.root / "data/synthetic").glob("*/rows.parquet"))])
    assert list(rows.columns) == [name for name in source.columns if name != "outcome"]
    assert set(rows["ward"].dropna()) <= {"A", "B", "C"}
    assert np.allclose(rows["temperature"].dropna(), rows["temperature"].dropna().round(1))
    assert rows["pulse"].dropna().between(source["pulse"].min(), source["pulse"].max()).all()
    assert (rows["pulse"].dropna() % 1 == 0).all()
    assert 0.02 < rows["temperature"].isna().mean() < 0.25


def test_the_curated_rows_keep_their_class(table: UserProject) -> None:
    overall = table.read("reports/curate.json")["overall"]
    assert overall["label_agreement"] > 0.85


def test_forced_export_is_marked(table: UserProject) -> None:
    table.params(export={"force": True})
    table.run("gan-augment", "export")
    manifest = pd.read_parquet(table.root / "export/manifest.parquet")
    synthetic = manifest[manifest["origin"] == "synthetic"]
    assert len(synthetic) > 0
    assert (synthetic["method"] == "tabular_gan").all()
    assert synthetic["seed"].notna().all()
    assert (manifest[manifest["origin"] == "real"]["method"] == "").all()
