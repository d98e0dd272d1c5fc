from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from gan_augment.core.errors import DataError, MissingInputError
from gan_augment.core.records import ClassRecord, Column, DatasetSpec, TableSpec
from gan_augment.core.samples import Samples, make_manifest, write_samples
from gan_augment.mixing.ratio import Plan
from gan_augment.project import accepted
from gan_augment.project.accepted import Accepted
from gan_augment.project.layout import Layout

CLASSES = tuple(ClassRecord(key=key, label=key) for key in "abc")
TABLE = TableSpec(columns=(Column(name="x", kind="numeric", dtype="float64"),), target="y")
SPEC = DatasetSpec(name="toy", modality="table", classes=CLASSES, table=TABLE)
ROWS = 200


def write_curated(root: Path, rows: int = ROWS) -> tuple[Layout, npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The layout, class indices (in any order), and how sure the judge is; column x numbers the rows."""
    layout, rng = Layout(root), np.random.default_rng(0)
    labels, sureness = rng.integers(0, 3, rows), rng.random(rows, dtype=np.float32)
    layout.curated.mkdir(parents=True)
    manifest = make_manifest(rows, id=[f"row-{n}" for n in range(rows)], label=[SPEC.labels[n] for n in labels])
    write_samples(layout.curated, Samples(manifest, pd.DataFrame({"x": np.arange(float(rows))})))
    write_scores(layout, sureness)
    return layout, labels, sureness


def write_scores(layout: Layout, sureness: npt.NDArray[np.float32]) -> None:
    pd.DataFrame({"judge_probability": sureness}).to_parquet(layout.curated / "sureness.parquet", index=False)


@pytest.mark.parametrize("together", [7, 65_536])
@pytest.mark.parametrize("threshold", [0.0, 0.7])
def test_a_plan_gets_the_first_rows_of_each_class_that_the_judge_is_sure_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threshold: float, together: int
) -> None:
    monkeypatch.setattr(accepted, "_LOOKED_AT", together)
    monkeypatch.setattr(accepted, "_ROWS", together)
    layout, labels, sureness = write_curated(tmp_path)
    most = np.array([12, 0, 3])
    read = Accepted.read(layout, SPEC, judged=True)
    sure = [np.flatnonzero((labels == number) & (sureness >= threshold)) for number in range(3)]
    assert read.counts(threshold).tolist() == [len(own) for own in sure]
    held = read.hold(most, (0.7,))
    rows = held.of(Plan(ratio=1.0, counts=most, wanted=most, threshold=threshold))
    wanted = np.sort(np.concatenate([own[:count] for own, count in zip(sure, most, strict=True)]))
    assert pd.DataFrame(rows.payload)["x"].tolist() == wanted.tolist()
    assert rows.manifest["id"].tolist() == [f"row-{n}" for n in wanted]
    assert len(held.samples) < 2 * most.sum()


def test_without_a_judge_every_row_is_taken_as_sure(tmp_path: Path) -> None:
    layout, labels, _ = write_curated(tmp_path)
    (layout.curated / "sureness.parquet").unlink()
    read = Accepted.read(layout, SPEC, judged=False)
    assert read.counts().tolist() == read.counts(0.9).tolist() == np.bincount(labels).tolist()
    assert len(read.hold(np.array([5, 5, 5]), ()).samples) == 15


def test_a_missing_or_cut_file_of_probabilities_is_named_with_its_remedy(tmp_path: Path) -> None:
    layout, _, sureness = write_curated(tmp_path)
    write_scores(layout, sureness[:-1])
    with pytest.raises(DataError, match=r"sureness\.parquet[\s\S]*199 rows[\s\S]*dvc repro"):
        Accepted.read(layout, SPEC, judged=True)
    (layout.curated / "sureness.parquet").unlink()
    with pytest.raises(MissingInputError, match=r"sureness\.parquet[\s\S]*run `dvc repro`"):
        Accepted.read(layout, SPEC, judged=True)


def test_a_candidate_takes_no_memory(tmp_path: Path) -> None:
    peaks, sizes = [], (150_000, 300_000)  # both of several full pieces
    for rows in sizes:
        layout, _, _ = write_curated(tmp_path / str(rows), rows)
        tracemalloc.start()
        read = Accepted.read(layout, SPEC, judged=True)
        read.counts(0.7)
        read.hold(np.array([10, 10, 10]), (0.7, 0.9))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 0.5  # a class index and a float are 5 bytes
