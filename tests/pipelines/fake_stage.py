"""Stands for `gan-augment STAGE` in the tests of pipelines: writes the stage's outs, quickly and deterministically.

Steered by the environment: FAKE_SECONDS (of work), FAKE_EXIT_<stage>=code, FAKE_EXIT_ONCE_<stage>=code,
FAKE_CHILD (start a grandchild that sleeps for this many seconds). Appends its stage to ran.log.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

MEASURE = {
    "verdict": "helps",
    "sentence": "Synthetic data helps: +3.1 points.",
    "gain": {"points": 3.1, "low": 1.0, "high": 5.2, "confidence": 0.95, "metric": "balanced_accuracy",
             "baseline_arm": "real", "synthetic_arm": "real_synthetic", "covers": "classifier seeds"},
    "arms": [{"arm": "real", "variant": "natural", "rows_real": 30, "rows_synthetic": 0,
              "balanced_accuracy": {"mean": 0.8, "low": 0.75, "high": 0.85}}],
}  # fmt: skip


def main() -> None:
    address = os.environ["DVC_STAGE"]
    name, _, key = address.partition("@")
    stage = yaml.safe_load(Path("dvc.yaml").read_text())["stages"][name]
    stage = stage.get("do", stage)
    fill = lambda path: path.replace("${key}", key).replace("${item.arm}", key)  # noqa: E731
    with Path("ran.log").open("a") as log:
        log.write(address + "\n")
    print(f"working on {address}", flush=True)
    print(f"{address}: 50%, about 1 s left", flush=True)
    start_child()
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    fail_if_told(address)
    digest = hashlib.sha256(address.encode())
    for dep in stage.get("deps", []):
        for file in files_under(Path(fill(dep))):
            digest.update(file.read_bytes())
    for out in outs_of(stage):
        write(Path(fill(out)), digest.hexdigest())


def start_child() -> None:
    if seconds := os.environ.get("FAKE_CHILD"):
        subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def fail_if_told(address: str) -> None:
    name = address.replace("@", "_")
    marker = Path(f".failed_{name}")
    if code := os.environ.get(f"FAKE_EXIT_{name}"):
        sys.exit(int(code))
    if (code := os.environ.get(f"FAKE_EXIT_ONCE_{name}")) and not marker.exists():
        marker.touch()
        sys.exit(int(code))


def outs_of(stage: dict) -> list[str]:
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in stage.get(kind, [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def files_under(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


def write(path: Path, text: str) -> None:
    if path.name == "measure.json":
        text = json.dumps(MEASURE)
    if path.suffix in (".json", ".csv", ".html", ".parquet"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return
    classes = yaml.safe_load(Path("params.yaml").read_text())["classes"]
    folders = [path / key for key in classes] if path.name == "train" else [path]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "content").write_text(text)


if __name__ == "__main__":
    main()
