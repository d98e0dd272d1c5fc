"""What was found out about each candidate, on disk: little memory, and a killed run goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_augment.core.atomic import read_json, write_json
from gan_augment.core.errors import MissingInputError
from gan_augment.core.row_file import RecordFile, RowFile

__all__ = ["FINDING", "Ledger"]

# Of one candidate: its class, its distance to the nearest train row of any class and which that is, the same to the
# nearest own parent and to the nearest train row that is none (images with parents among the train rows, else NaN),
# the judge's probability of the own label, how much its own target agrees with what the judge says (of a class the
# same), and whether the own label is the most probable one.
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
    """A row of features and a `FINDING` a candidate, in order.

    In a folder the entries outlive the process: a ledger that is opened there again has what was entered, as far as
    `enter` had come to its end. Whoever opens it answers for it that candidates and judge are still the same. Without
    a folder all is gone with this object.
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
        """Add candidates: float32 [n, d] and `FINDING` [n]; `tally` replaces what was counted over all so far."""
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
    """What was entered; nothing where a power cut or another version left something else."""
    try:
        known: dict[str, Any] = read_json(path)
    except MissingInputError:
        return {}
    return known if isinstance(known, dict) and {"entries", "width", "tally", "sums"} <= known.keys() else {}
