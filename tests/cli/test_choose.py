"""`gan-augment choose`: the verdict, JSON, the written table, and the commands of docs/tables.md."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gan_augment
from tests.cli.command import run

DOCS = Path(gan_augment.__file__).parent.parent / "docs"
QUICK = ("--classifier", "logistic_regression", "--methods", "copula")


def two_groups(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """A fifth is `yes`, which every column of numbers tells a little."""
    random = np.random.default_rng(seed)
    yes = np.arange(rows) % 5 == 0
    frame = pd.DataFrame({f"x{n}": np.round(random.normal(size=rows) + 0.7 * yes, 2) for n in range(4)})
    frame["id"] = np.arange(rows) + 1000
    frame["colour"] = random.choice(["red", "blue"], rows)
    frame["note"] = [f"the patient said word {n} and then left" for n in range(rows)]
    frame["outcome"] = np.where(yes, "yes", "no")
    return frame


@pytest.fixture
def table(tmp_path: Path) -> Path:
    two_groups().to_csv(tmp_path / "train.csv", index=False)
    return tmp_path


def test_the_verdict_in_words_and_as_json(table: Path) -> None:
    done = run("choose", "train.csv", "--target", "outcome", *QUICK, cwd=table)
    assert done.returncode == 0, done.stderr
    assert "choosing gains" in done.stdout
    for words in ("class_weight", "prior", "copula to 1 x the largest class", "Next: "):
        assert words in done.stdout
    assert "column 'id' was left out: an identifier" in done.stdout
    assert "column 'note' was left out" in done.stdout
    found = json.loads(run("choose", "train.csv", "--target", "outcome", *QUICK, "--json", cwd=table).stdout)
    assert found["sentence"] in done.stdout
    assert set(found["left_out"]) == {"id", "note"}
    assert [line["method"] for line in found["candidates"]] == ["none", "class_weight", "prior", "copula", "copula"]
    assert found["written"] is None


@pytest.mark.parametrize("name", ["more.csv", "more.tsv", "more.parquet"])
def test_the_augmented_table_is_written_where_rows_pay(name: str, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _let_rows_win(monkeypatch)
    done = run("choose", "train.csv", "--target", "outcome", *QUICK, "--write", f"out/{name}", cwd=table)
    assert done.returncode == 0, done.stderr
    path = table / "out" / name
    whole = pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path, sep="\t" if "tsv" in name else ",")
    source = two_groups()
    assert list(whole.columns) == [*source.columns, "origin"]
    assert whole["origin"].tolist() == ["real"] * 120 + ["synthetic"] * 72
    pd.testing.assert_frame_equal(whole[:120][list(source.columns)], source, check_dtype=False)
    made = whole[120:]
    assert set(made["outcome"]) == {"yes"}
    assert made[["id", "note"]].isna().all().all()
    assert made[["x0", "x1", "x2", "x3", "colour"]].notna().all().all()
    assert made["x0"].astype(float).round(2).eq(made["x0"].astype(float)).all()
    assert "120 real and 72 synthetic rows" in done.stdout
    assert "0 of them equal to a real one" in done.stdout


def test_nothing_is_written_where_rows_do_not_pay(table: Path) -> None:
    frame = two_groups()
    frame["outcome"] = np.random.default_rng(1).permutation(["yes", "no"] * 60)
    frame.to_csv(table / "noise.csv", index=False)
    done = run("choose", "noise.csv", "--target", "outcome", *QUICK, "--write", "more.csv", cwd=table)
    assert done.returncode == 0, done.stderr
    assert "None: nothing is shown" in done.stdout
    assert "more.csv was not written: no rows are added." in done.stdout
    assert not (table / "more.csv").exists()


def test_repetitions_as_asked_for(table: Path) -> None:
    words = ("choose", "train.csv", "--target", "outcome", *QUICK, "--json")
    p_values = [json.loads(run(*words, "--repeats", repeats, cwd=table).stdout)["p_value"] for repeats in ("1", "3")]
    assert p_values[0] != p_values[1]


def test_what_two_repetitions_leave_open_is_said(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gan_augment.tabular import chooser

    monkeypatch.setattr(chooser, "FEW", 1)
    monkeypatch.setattr(chooser, "HOPELESS", 1.1)
    frame = two_groups()
    frame["outcome"] = np.random.default_rng(1).permutation(["yes", "no"] * 60)
    frame.to_csv(table / "noise.csv", index=False)
    told = run("choose", "noise.csv", "--target", "outcome", *QUICK, cwd=table).stdout
    assert "Two repetitions leave it open" in told
    assert "--repeats 4" in told


def test_parquet_keeps_its_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _let_rows_win(monkeypatch)
    source = two_groups().assign(outcome=lambda f: (f["outcome"] == "yes").astype("int64"), same=3)
    source.loc[::9, "x1"] = np.nan
    source.to_parquet(tmp_path / "train.parquet", index=False)
    words = ("choose", "train.parquet", "--target", "outcome", *QUICK, "--drop", "x3", "--write", "more.parquet")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "column 'x3' was left out: as asked for" in done.stdout
    whole = pd.read_parquet(tmp_path / "more.parquet")
    made = whole[whole["origin"] == "synthetic"]
    assert made["outcome"].tolist() == [1] * 72
    assert (made["same"] == 3).all()
    assert made["x3"].isna().all()
    assert made["x1"].isna().any()


def test_the_commands_of_the_page_run(table: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (DOCS / "tables.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line]
    assert any("choose" in line for line in commands)
    for line in commands:
        done = run(*shlex.split(line, comments=True)[1:], cwd=table)
        assert done.returncode == 0, done.stderr


def _let_rows_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the free candidates and with a gate that lets everything pass, unless choosing gains nothing."""
    from gan_augment.tabular import chooser

    plain = chooser.choose_augmentation

    def eager(*given: object, **settings: object) -> chooser.AugmentationChoice:
        return plain(*given, **settings, alpha=1.0, baselines=(), selections=["all"])  # type: ignore[arg-type]

    monkeypatch.setattr(chooser, "choose_augmentation", eager)
