"""Ledger of the findings on each candidate, on disk: it needs little memory, and a killed run resumes from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.row_file import RecordFile, RowFile

__all__ = ["FINDING", "Ledger"]

# Findings on a candidate: its class; its distance to the nearest train row of any class and the number of that row; the
# distances to the nearest own parent and to the nearest other train row (images with parents among the train rows, else
# NaN); the judge's probability of the own label; the judge's agreement with its own target (for classes the same); and
# whether the own label is the most probable one.
FINDING = np.dtype(
    [
        ("label", np.int32),
        ("distance", np.float64),
        ("nearest", np.int32),
        ("parent", np.float64),
        ("stranger", np.float64),
        ("own_probability", np.float32),
        ("agreement", np.float32),
        ("agrees", np.bool_),
    ]
)


class Ledger:
    """Rows of features and a `FINDING` per candidate, in order.

    In a folder the entries outlive the process: a ledger that is opened there again has the entries of every completed
    `enter`. The caller is responsible for candidates and judge being the same. Without a folder, the entries are
    deleted with this object.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.rows = RowFile(None if folder is None else folder / "rows")
        self.findings = RecordFile(FINDING, None if folder is None else folder / "findings")
        self.tally = (0, 0, 0)
        self._go_on()

    def __len__(self) -> int:
        return len(self.findings)

    def enter(self, rows: npt.NDArray[np.float32], findings: npt.NDArray[Any], tally: tuple[int, int, int]) -> None:
        """Add candidates: float32 [n, d] and `FINDING` [n]; `tally` replaces the counts over all candidates so far."""
        self.rows.append(rows)
        self.findings.append(findings)
        self.tally = tally
        if self._folder is not None:
            sums = [self.rows.settle(), self.findings.settle()]
            facts = {"entries": len(self), "width": self.rows.width, "tally": tally, "sums": sums}
            write_json(self._folder / "entered.json", facts, sealed=True)

    def _go_on(self) -> None:
        entered = self._folder / "entered.json" if self._folder is not None else None
        if entered is not None and entered.exists() and (known := _read(entered)):
            kept = self.rows.keep(known["entries"], known["width"]) and self.findings.keep(known["entries"])
            if kept and [self.rows.sum(), self.findings.sum()] == known["sums"]:
                self.tally = tuple(known["tally"])
                return
        self.rows.keep(0, 0)
        self.findings.keep(0)


def _read(path: Path) -> dict[str, Any]:
    """Entries so far; empty where a power cut or another version left other contents."""
    try:
        known: dict[str, Any] = read_json(path)
    except MissingInputError:
        return {}
    return known if isinstance(known, dict) and {"entries", "width", "tally", "sums"} <= known.keys() else {}
