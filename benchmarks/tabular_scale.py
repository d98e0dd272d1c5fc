"""Time and memory of the table methods over rows and columns, a fresh process a figure.

    OMP_NUM_THREADS=1 python benchmarks/tabular_scale.py fit --rows 1000 10000 100000 --columns 20 200
    OMP_NUM_THREADS=1 python benchmarks/tabular_scale.py draw --rows 100000 1000000

`fit`: CPU and peak resident memory of `TableSynthesizer.fit` on a made-up table: half of the columns are normal numbers
that hang together, a fifth counts, a fifth categories of 8 levels, the rest is zero in half of the rows; one column has
10,000 levels. "before" is the process's peak with the table in it, before the fit. `draw`: a model of 1,000 rows x
20 columns streams so many rows; none is kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd


def table(rows: int, columns: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    label = random.random(rows) < 0.1
    common = random.standard_normal(rows, dtype=np.float32) + label
    parts: dict[str, object] = {}
    for number in range(columns - 1):
        kind, noise = number % 10, random.standard_normal(rows, dtype=np.float32)
        if kind < 5:
            parts[f"n{number}"] = common + noise
        elif kind < 7:
            parts[f"c{number}"] = np.exp(np.clip(common + noise, -3, 6)).astype(np.int32)
        elif kind < 9:
            levels = np.clip(common + noise + 4, 0, 7).astype(np.int8)
            parts[f"w{number}"] = pd.Categorical.from_codes(levels, list("abcdefgh"))
        else:
            parts[f"z{number}"] = np.where(noise > 0, common, np.float32(0))
    places = random.integers(0, 10_000, rows).astype(np.int16)
    parts["place"] = pd.Categorical.from_codes(places, [f"place {n}" for n in range(10_000)])
    return pd.DataFrame(parts).assign(y=np.where(label, "rare", "common"))


def peak() -> float:
    """Mebibytes of resident memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fit(method: str, rows: int, columns: int, steps: int) -> dict[str, object]:
    from gan_augment.tabular import TableSynthesizer

    frame = table(rows, columns)
    before, started = peak(), time.process_time()
    settings = {"steps": steps} if steps and method == "tabular_gan" else {}
    model = TableSynthesizer(method, settings).fit(frame, "y")
    used = model.summary.get("rows_used", rows)
    seconds = time.process_time() - started
    facts = {"method": method, "rows": rows, "columns": columns, "rows_used": used, "cpu_s": round(seconds, 1)}
    return facts | {"before_mb": round(before), "peak_mb": round(peak())}


def draw(folder: Path, rows: int) -> dict[str, object]:
    from gan_augment.tabular import TableSynthesizer

    model = TableSynthesizer.load(folder)
    before, started = peak(), time.process_time()
    made = sum(len(part) for part in model.stream(rows))
    seconds = time.process_time() - started
    return {
        "method": model.method.name,
        "rows": made,
        "cpu_s": round(seconds, 1),
        "rows_a_second": round(made / seconds),
    } | {
        "before_mb": round(before),
        "peak_mb": round(peak()),
    }


def saved(method: str, folder: Path) -> Path:
    from gan_augment.tabular import TableSynthesizer

    TableSynthesizer(method).fit(table(1000, 20), "y").save(folder / method)
    return folder / method


def in_a_process(*arguments: object) -> None:
    subprocess.run([sys.executable, __file__, "--one", *map(str, arguments)], check=True)


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        kind, method, *numbers = sys.argv[2:]
        rows, columns, steps = map(int, numbers)
        facts = draw(Path(method), rows) if kind == "draw" else fit(method, rows, columns, steps)
        print(json.dumps(facts), flush=True)
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "draw"))
    parser.add_argument("--methods", nargs="+", default=["copula", "tabular_gan"])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--columns", type=int, nargs="+", default=[20])
    parser.add_argument(
        "--steps", type=int, default=0, help="of tabular_gan, for its memory without its time; 0: its own"
    )
    options = parser.parse_args()
    for method in options.methods:
        if options.what == "fit":
            for columns in options.columns:
                for rows in options.rows:
                    in_a_process("fit", method, rows, columns, options.steps)
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = saved(method, Path(folder))
            for rows in options.rows:
                in_a_process("draw", path, rows, 0, 0)


if __name__ == "__main__":
    main()
