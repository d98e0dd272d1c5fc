"""How often what synthetic rows are said to be worth in real rows holds the truth, where the truth is known.

    OMP_NUM_THREADS=1 python -m benchmarks.learning_curve_coverage [runs]

The "synthetic" rows are fresh real rows, worth their own number, or copies of rows that are there, worth none. Prints a
Markdown table.
"""

from __future__ import annotations

import argparse

import numpy as np

from gan_augment.gain.learning_curve import FURTHEST
from tests.gain.known_worth import covers, worth_of

SETTINGS = ((20, 10, False), (20, 20, False), (20, 18, True), (40, 20, False), (40, 40, False), (40, 36, True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=int, nargs="?", default=50)
    runs = parser.parse_args().runs
    print("| added to each rare class of n rows | interval holds the truth | median estimate | 'flat' |")
    print("|---|---|---|---|")
    for rare, added, copies in SETTINGS:
        truth = 1.0 if copies else 1 + added / rare
        found = [worth_of(run, rare, added, copies=copies) for run in range(runs)]
        held = sum(covers(one, truth) for one in found)
        # A curve that does not reach the arm says "more than" the furthest it is trusted.
        estimate = float(np.median([FURTHEST if one.factor is None else one.factor for one in found]))
        flat = sum(one.kind == "flat" for one in found)
        what = f"{added} {'copies' if copies else 'fresh real rows'} (x = {truth:g})"
        print(f"| n = {rare}, {what} | {held} of {runs} | {estimate:.2f} | {flat} |", flush=True)


if __name__ == "__main__":
    main()
